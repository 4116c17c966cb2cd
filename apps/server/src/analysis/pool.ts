import { availableParallelism } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import { ServerError } from '../error.ts';
import { AnalysisThread } from './analysis-thread.ts';
import type { ImageAnalyzer, Reading, Wishes } from './image-analyzer.ts';
import type { WorkerSettings } from './messages.ts';

/** Milliseconds between two tries to start a thread anew. */
const RESTART_MS = 1000;

export interface PoolOptions extends WorkerSettings {
  /** Threads; 0: one for each core. */
  analyzers: number;
}

/** Starts threads that analyze images, one image each at a time. @throws MememojiError if the model cannot be loaded */
export async function startAnalyzers({ analyzers, ...settings }: PoolOptions): Promise<ImageAnalyzer> {
  const count = analyzers === 0 ? availableParallelism() : analyzers;
  return new AnalyzerPool(await startThreads(count, settings), settings);
}

/** Threads that share one model; replaced all together. Who comes when all are busy waits in the order of coming. */
class AnalyzerPool implements ImageAnalyzer {
  readonly parallel: number;
  #settings: WorkerSettings;
  #threads: AnalysisThread[];
  #idle: AnalysisThread[];
  readonly #waiting: ((thread: AnalysisThread) => void)[] = [];
  #replacing: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(threads: readonly AnalysisThread[], settings: WorkerSettings) {
    this.parallel = threads.length;
    this.#settings = settings;
    this.#threads = [...threads];
    this.#idle = [...threads];
  }

  get spec(): ClassifierSpec {
    return this.#threads[0]!.spec;
  }

  async analyze(image: Uint8Array, wishes: Wishes = {}): Promise<Reading> {
    if (this.#closed) throw new ServerError('STOPPING', 'the server stops', 'try again in a moment');
    const thread = this.#idle.pop() ?? (await new Promise<AnalysisThread>((resolve) => this.#waiting.push(resolve)));
    try {
      return await thread.analyze(image, wishes);
    } finally {
      this.#giveBack(thread);
    }
  }

  replaceModel(model: string | undefined): Promise<void> {
    const replaced = this.#replacing.then(() => this.#replace({ ...this.#settings, model }));
    this.#replacing = replaced.catch(() => undefined);
    return replaced;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#replacing;
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  async #replace(settings: WorkerSettings): Promise<void> {
    const threads = await startThreads(this.parallel, settings);
    const old = this.#threads;
    this.#settings = settings;
    this.#threads = [...threads];
    this.#idle = [];
    for (const thread of threads) this.#offer(thread);
    await Promise.all(old.map((thread) => thread.close()));
  }

  /** A thread of a model that was replaced is not used again; one that broke down is started anew. */
  #giveBack(thread: AnalysisThread): void {
    if (!this.#threads.includes(thread)) return;
    if (thread.alive) this.#offer(thread);
    else void this.#restart(thread);
  }

  /** Until it succeeds: the model could be loaded before, so what is missing now is memory. */
  async #restart(broken: AnalysisThread): Promise<void> {
    const fresh = await AnalysisThread.start(this.#settings).catch(() => undefined);
    const place = this.#threads.indexOf(broken);
    if (place === -1 || this.#closed) return fresh?.close();
    if (fresh === undefined) {
      await setTimeout(RESTART_MS);
      return this.#restart(broken);
    }
    this.#threads[place] = fresh;
    this.#offer(fresh);
  }

  #offer(thread: AnalysisThread): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(thread);
    else next(thread);
  }
}

async function startThreads(count: number, settings: WorkerSettings): Promise<AnalysisThread[]> {
  const started = await Promise.allSettled(Array.from({ length: count }, () => AnalysisThread.start(settings)));
  const threads = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = started.find((one) => one.status === 'rejected');
  if (failed === undefined) return threads;
  await Promise.all(threads.map((thread) => thread.close()));
  throw failed.reason;
}
