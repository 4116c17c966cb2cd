import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import { locateFiles } from 'mememoji/web/files';
import { AppError } from '../app-error.ts';
import type { LabAnswer, LabCalls, LabFiles, LabKind, Step } from './protocol.ts';

const MEMORY = new URL('../../../../models/mememoji.memory', import.meta.url).href;

interface Pending {
  settle: (result: LabCalls[LabKind]['result']) => void;
  fail: (error: Error) => void;
  onStep: ((step: Step) => void) | undefined;
}

/** A model on the bench, in a worker of its own: it can be taught there and looked into. Close it after use. */
export class Lab {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #calls = 0;
  #spec: ClassifierSpec | undefined;

  private constructor() {
    this.#worker = new Worker(new URL('./lab-worker.ts', import.meta.url), { type: 'module' });
    this.#worker.addEventListener('message', ({ data }: MessageEvent<LabAnswer>) => this.#answered(data));
    this.#worker.addEventListener('error', (event) => {
      event.preventDefault();
      this.#fail(new Error(event.message || 'the worker cannot be loaded'));
    });
  }

  /**
   * @param model bytes of a classifier's file; the shipped one if left out
   * @throws AppError where a file cannot be loaded; what the model is refused for
   */
  static async open(model?: Uint8Array): Promise<Lab> {
    const lab = new Lab();
    try {
      lab.#spec = await lab.#call('open', await loadFiles(model));
      return lab;
    } catch (error) {
      lab.close();
      throw error;
    }
  }

  /** What the model says of itself. */
  get spec(): ClassifierSpec {
    if (this.#spec === undefined) throw new Error('the lab has not been opened');
    return this.#spec;
  }

  features(pixels: Float32Array): Promise<Float32Array> {
    return this.#call('features', { pixels });
  }

  /** @param onStep told after each step */
  teach(request: LabCalls['teach']['request'], onStep: (step: Step) => void): Promise<LabCalls['teach']['result']> {
    return this.#call('teach', request, onStep);
  }

  explain(pixels: Float32Array): Promise<LabCalls['explain']['result']> {
    return this.#call('explain', { pixels });
  }

  /** Ends the worker, and with it what is under way. */
  close(): void {
    this.#worker.terminate();
    this.#fail(new DOMException('the lab is closed', 'AbortError'));
  }

  #call<K extends LabKind>(
    kind: K,
    request: LabCalls[K]['request'],
    onStep?: (step: Step) => void,
  ): Promise<LabCalls[K]['result']> {
    return new Promise((resolve, fail) => {
      const id = this.#calls++;
      this.#pending.set(id, { settle: resolve as Pending['settle'], fail, onStep });
      this.#worker.postMessage({ id, kind, request });
    });
  }

  #answered(answer: LabAnswer): void {
    const pending = this.#pending.get(answer.id);
    if ('progress' in answer) {
      pending?.onStep?.(answer.progress);
      return;
    }
    this.#pending.delete(answer.id);
    if ('error' in answer) pending?.fail(Object.assign(new Error(answer.error.message), { code: answer.error.code }));
    else pending?.settle(answer.result);
  }

  #fail(error: Error): void {
    for (const { fail } of this.#pending.values()) fail(error);
    this.#pending.clear();
  }
}

async function loadFiles(model: Uint8Array | undefined): Promise<LabFiles> {
  const urls = locateFiles(undefined);
  const [shipped, memory] = await Promise.all([model ?? loadFile(urls.model), loadFile(MEMORY)]);
  return { model: shipped, memory, ...urls.runtime.wasm };
}

async function loadFile(address: string): Promise<Uint8Array> {
  const response = await fetch(address).catch(() => undefined);
  if (!response?.ok) throw new AppError('error.models');
  return new Uint8Array(await response.arrayBuffer());
}
