import { Worker } from 'node:worker_threads';
import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import { MememojiError } from 'mememoji/error';
import { ServerError } from '../error.ts';
import type { Reading, Wishes } from './image-analyzer.ts';
import type { PlainError, WorkerAnswer, WorkerRequest, WorkerSettings } from './messages.ts';

/** One thread that analyzes one image after the other. */
export class AnalysisThread {
  readonly spec: ClassifierSpec;
  readonly #worker: Worker;
  /** The image under way. */
  #pending: PromiseWithResolvers<Reading> | undefined;
  #ended: Error | undefined;

  private constructor(worker: Worker, spec: ClassifierSpec) {
    this.#worker = worker;
    this.spec = spec;
    worker.on('message', (answer: WorkerAnswer) => this.#receive(answer));
    worker.on('error', (cause) => this.#fail(cause));
    worker.on('exit', (code) => this.#fail(new Error(`the thread ended with code ${code}`)));
  }

  /** Starts a thread and waits until its networks are loaded. @throws MememojiError, ServerError `ANALYZER_FAILED` */
  static async start(settings: WorkerSettings): Promise<AnalysisThread> {
    const worker = new Worker(workerUrl(), { workerData: settings });
    const answer = await firstAnswer(worker);
    if ('spec' in answer) return new AnalysisThread(worker, answer.spec);
    await worker.terminate();
    throw 'error' in answer ? toError(answer.error) : analyzerFailed(new Error('it answered before it was asked'));
  }

  /** False once it has broken down. */
  get alive(): boolean {
    return this.#ended === undefined;
  }

  /** @param image is moved to the thread where it owns its memory. Only one at a time. */
  analyze(image: Uint8Array, wishes: Wishes): Promise<Reading> {
    if (this.#ended !== undefined) return Promise.reject(analyzerFailed(this.#ended));
    this.#pending = Promise.withResolvers();
    const request: WorkerRequest = { image, wishes };
    this.#worker.postMessage(request, transferable(image));
    return this.#pending.promise;
  }

  /** Ends the thread; an image under way comes to its end first. */
  async close(): Promise<void> {
    await this.#pending?.promise.catch(() => undefined);
    if (this.#ended !== undefined) return;
    const gone = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()));
    this.#worker.postMessage('end' satisfies WorkerRequest);
    await gone;
  }

  #receive(answer: WorkerAnswer): void {
    const pending = this.#pending;
    this.#pending = undefined;
    if ('reading' in answer) pending?.resolve(answer.reading);
    else if ('error' in answer) pending?.reject(toError(answer.error));
  }

  #fail(cause: unknown): void {
    this.#ended ??= cause instanceof Error ? cause : new Error(String(cause));
    this.#pending?.reject(analyzerFailed(this.#ended));
    this.#pending = undefined;
  }
}

/** The sources run as they are, the build as JavaScript: the thread must be what this file is. */
function workerUrl(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);
}

function firstAnswer(worker: Worker): Promise<WorkerAnswer> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', (cause) => reject(analyzerFailed(cause)));
    worker.once('exit', (code) => reject(analyzerFailed(new Error(`the thread ended with code ${code}`))));
  });
}

/** Bytes that are a part of a larger buffer, as small ones of Node are, are copied; the others are moved. */
function transferable({ buffer, byteLength }: Uint8Array): ArrayBuffer[] {
  return buffer instanceof ArrayBuffer && byteLength === buffer.byteLength ? [buffer] : [];
}

function toError({ code, message, hint }: PlainError): Error {
  return code === undefined ? analyzerFailed(new Error(message)) : new MememojiError(code, message, hint);
}

function analyzerFailed(cause: unknown): ServerError {
  return new ServerError('ANALYZER_FAILED', 'the analysis broke down', 'try again; the log has the reason', { cause });
}
