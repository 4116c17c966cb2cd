import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Analysis } from '@mememoji/vision/result';
import type { AnalyzerOptions } from 'mememoji/node';

/** What a thread is asked, and what it answers. */
export type PictureTask = { id: number; source: string | Uint8Array } | 'close';
export type PictureAnswer =
  | { kind: 'analysis'; id: number; analysis: Analysis }
  | { kind: 'failed'; id: number; error: ToldError }
  /** The thread is of no more use. */
  | { kind: 'broken'; error: ToldError };

/** What crosses from thread to thread of an error; one without a code is a fault of the program. */
export interface ToldError {
  message: string;
  code: string | undefined;
  hint: string | undefined;
}

interface Waiting {
  resolve: (analysis: Analysis) => void;
  reject: (error: Error) => void;
}

/** Threads with an analyzer each. A picture goes to the thread that has the fewest. Close it to end them. */
export class PicturePool {
  readonly #members: PoolMember[];
  #nextId = 0;

  constructor(options: AnalyzerOptions, jobs: number) {
    this.#members = Array.from({ length: jobs }, () => new PoolMember(options));
  }

  /** @throws what the analyzer throws, with code and hint */
  analyze(source: string | Uint8Array): Promise<Analysis> {
    const freest = this.#members.reduce((best, one) => (one.load < best.load ? one : best));
    return freest.analyze({ id: this.#nextId++, source });
  }

  async close(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.close()));
  }
}

class PoolMember {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #fault: Error | undefined;
  #ended = false;

  constructor(options: AnalyzerOptions) {
    this.#worker = new Worker(workerUrl(), { workerData: options });
    this.#worker.on('message', (answer: PictureAnswer) => this.#receive(answer));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => {
      this.#ended = true;
      this.#fail(new Error('a thread that reads pictures has ended'));
    });
  }

  /** Pictures that it has not answered for. */
  get load(): number {
    return this.#waiting.size;
  }

  analyze(task: Exclude<PictureTask, 'close'>): Promise<Analysis> {
    if (this.#fault !== undefined) return Promise.reject(this.#fault);
    return new Promise((resolve, reject) => {
      this.#waiting.set(task.id, { resolve, reject });
      this.#worker.postMessage(task);
    });
  }

  /** Lets what is under way end: a network that runs cannot be torn down. */
  async close(): Promise<void> {
    if (this.#ended) return;
    this.#worker.postMessage('close' satisfies PictureTask);
    await once(this.#worker, 'exit');
  }

  #receive(answer: PictureAnswer): void {
    if (answer.kind === 'broken') {
      this.#fail(revive(answer.error));
      return;
    }
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.kind === 'analysis') waiting?.resolve(answer.analysis);
    else waiting?.reject(revive(answer.error));
  }

  #fail(error: Error): void {
    this.#fault ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

function revive({ message, code, hint }: ToldError): Error {
  return code === undefined ? new Error(message) : Object.assign(new Error(message), { code, hint });
}

/** The sources run as they are, the build as JavaScript: the thread must be what this file is. */
function workerUrl(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./picture-worker.${extension}`, import.meta.url);
}
