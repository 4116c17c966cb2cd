import { MememojiError } from '../error.ts';
import type { Device } from './ort-session.ts';
import type { Answer, Calls, Kind } from './protocol.ts';

/** The page's side of a worker: each call is a message, each answer settles its promise. */
export class WorkerClient {
  readonly #worker: Worker;
  /** What to do when the answer to a call comes, or when none will come. */
  readonly #pending = new Map<
    number,
    { settle: (event: MessageEvent) => void; fail: (error: MememojiError) => void }
  >();
  #calls = 0;
  readonly #ended = new AbortController();

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.addEventListener('message', (event) => this.#pending.get(event.data.id)?.settle(event));
    worker.addEventListener('messageerror', () => this.#end(failed('an answer of the worker cannot be read')));
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      this.#end(failed(`the worker has failed (${event.message || 'its script cannot be loaded'})`));
    });
  }

  /**
   * Asks the worker. Calls are answered in their order.
   * @param handedOver objects in the request that are the worker's from now on.
   * @throws MememojiError what the worker threw; CROSS_ORIGIN, CLOSED, RUNTIME_FAILED
   */
  call<K extends Kind>(
    kind: K,
    request: Calls[K]['request'],
    handedOver: Transferable[] = [],
  ): Promise<Calls[K]['result']> {
    return new Promise((resolve, reject) => {
      this.ended.throwIfAborted();
      const id = this.#calls++;
      post(this.#worker, { id, kind, request }, handedOver);
      const settle = ({ data }: MessageEvent<Answer<Calls[K]['result']>>): void => {
        this.#pending.delete(id);
        if ('error' in data) reject(new MememojiError(data.error.code, data.error.message, data.error.hint));
        else resolve(data.result);
      };
      this.#pending.set(id, { settle, fail: reject });
    });
  }

  /** Aborted when no call can be made any more; its reason is the MememojiError CLOSED or RUNTIME_FAILED. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** Ends the worker, which frees everything in it. Calls under way fail with `CLOSED`; closing twice is harmless. */
  close(): void {
    this.#end(new MememojiError('CLOSED', 'the analyzer is closed', 'create a new one'));
  }

  #end(reason: MememojiError): void {
    if (this.ended.aborted) return;
    this.#ended.abort(reason);
    this.#worker.terminate();
    for (const { fail } of this.#pending.values()) fail(reason);
    this.#pending.clear();
  }
}

/** Starts the worker of a device. Bundlers find its file by exactly this expression. */
export function startWorker(device: Device): WorkerClient {
  const worker =
    device === 'webgpu'
      ? new Worker(new URL('./worker-webgpu.js', import.meta.url), { type: 'module' })
      : new Worker(new URL('./worker-wasm.js', import.meta.url), { type: 'module' });
  return new WorkerClient(worker);
}

function post(worker: Worker, message: unknown, handedOver: Transferable[]): void {
  try {
    worker.postMessage(message, handedOver);
  } catch (cause) {
    // A bitmap of a picture that its server does not let pages read can be made and drawn, but not handed over; nor can
    // one that is closed, which has no size any more.
    throw handedOver.some(isClosed)
      ? new MememojiError('BAD_PIXELS', 'the picture is closed', undefined, { cause })
      : crossOrigin(cause);
  }
}

function isClosed(picture: Transferable): boolean {
  if ('displayWidth' in picture) return picture.displayWidth === 0;
  return 'width' in picture && picture.width === 0;
}

/** The picture may be shown by the page, but not read. */
function crossOrigin(cause: unknown): MememojiError {
  const hint = `its server must allow it (Access-Control-Allow-Origin), and the element needs crossorigin="anonymous"`;
  return new MememojiError('CROSS_ORIGIN', 'the picture comes from another origin and may not be read', hint, {
    cause,
  });
}

function failed(message: string): MememojiError {
  return new MememojiError('RUNTIME_FAILED', message, 'close the analyzer and create a new one');
}
