import { Worker } from 'node:worker_threads';
import { createAugmenter } from './augment.ts';
import type { Batch, BatchJob, BatchRecipe, BatchSource } from './batch.ts';
import type { Dataset } from './dataset.ts';
import { TrainError } from './error.ts';
import { Random } from './random.ts';

const ORDER_STREAM = 3;
/** Batches made ahead of the engine. */
const QUEUE = 4;

export interface BatchOptions {
  batchSize: number;
  /** Size of the pictures handed out, in pixels. */
  width: number;
  height: number;
  /** With the epoch it decides the order and all that happens to the pictures. 0 if left out. */
  seed?: number;
  /** A new order each epoch; without it the order of `indices`. */
  shuffle?: boolean;
  /** Leaves the last, smaller batch of an epoch out, where the engine wants one size. */
  dropLast?: boolean;
  /** For all epochs, or by epoch (from 0). Left out: the middle crop and hard targets. */
  recipe?: BatchRecipe | ((epoch: number) => BatchRecipe);
  /** Where to begin; the batches are then the same as those of a run from the start. */
  start?: { epoch: number; batch: number };
  /** Epoch to stop before; 1 if left out. */
  epochs?: number;
  /** [dataset.count, classes] probabilities of another net, handed out with the rows. */
  teacher?: Float32Array;
  /** [dataset.count, classes] probabilities by the votes, handed out with the rows. */
  voteLabels?: Float32Array;
}

export interface Batches {
  /** Number of batches in each epoch. */
  readonly perEpoch: number;
  /** The next batch, or undefined after the last. Rejects with `WORKER_FAILED` if making it failed. */
  next(): Promise<Batch | undefined>;
  /** Ends the thread; batches not yet taken are dropped. */
  close(): Promise<void>;
}

/**
 * Batches of the rows `indices`, made in a thread that works some ahead, so that the engine never waits.
 * Copies the data set once unless its arrays lie in shared memory already.
 * @throws TrainError `BAD_OPTION`, `EMPTY_SELECTION`
 */
export function createBatches(dataset: Dataset, indices: Uint32Array, options: BatchOptions): Batches {
  const source = batchSource(dataset, options);
  checkOptions(dataset, indices, options, source);
  const worker = new Worker(workerUrl(), { workerData: source });
  return new BatchQueue(worker, indices, options);
}

/** Rows of an epoch in the order in which they are seen; depends on its arguments alone. */
export function epochOrder(indices: Uint32Array, seed: number, epoch: number): Uint32Array {
  return new Random(seed, epoch, 0, ORDER_STREAM).shuffle(indices.slice());
}

/** The sources run as they are, the build as JavaScript: the thread must be what this file is. */
function workerUrl(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./batch-worker.${extension}`, import.meta.url);
}

function batchSource(dataset: Dataset, { width, height, seed, teacher, voteLabels }: BatchOptions): BatchSource {
  return {
    geometry: { width: dataset.width, height: dataset.height, outWidth: width, outHeight: height },
    classes: dataset.labels.length,
    pixels: shared(dataset.pixels, Uint8Array),
    targets: shared(dataset.targets, Uint8Array),
    ...(dataset.votes && { votes: shared(dataset.votes, Uint8Array) }),
    ...(teacher && { teacher: shared(teacher, Float32Array) }),
    ...(voteLabels && { voteLabels: shared(voteLabels, Float32Array) }),
    seed: seed ?? 0,
  };
}

/** The same values in memory that a thread can read; copied only if they do not lie there yet. */
function shared<T extends Uint8Array | Float32Array>(data: T, Type: new (buffer: SharedArrayBuffer) => T): T {
  if (data.buffer instanceof SharedArrayBuffer) return data;
  const copy = new Type(new SharedArrayBuffer(data.byteLength));
  copy.set(data);
  return copy;
}

function checkOptions(dataset: Dataset, indices: Uint32Array, options: BatchOptions, source: BatchSource): void {
  const { batchSize, teacher, voteLabels, recipe } = options;
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new TrainError('BAD_OPTION', `a batch size of ${batchSize} is not possible`, 'give a whole number above 0');
  }
  for (const [name, values] of Object.entries({ teacher, voteLabels })) {
    if (values === undefined || values.length === dataset.count * dataset.labels.length) continue;
    const message = `${values.length} values of ${name} are not ${dataset.count} x ${dataset.labels.length}`;
    throw new TrainError('BAD_OPTION', message);
  }
  const stranger = indices.find((index) => index >= dataset.count);
  if (stranger !== undefined)
    throw new TrainError('BAD_OPTION', `row ${stranger} is beyond the ${dataset.count} of the data set`);
  if (batchesPerEpoch(indices, options) === 0) {
    throw new TrainError('EMPTY_SELECTION', `${indices.length} rows do not fill a batch of ${batchSize}`);
  }
  if (typeof recipe !== 'function') createAugmenter(recipe?.augment ?? {}, source.geometry);
}

function batchesPerEpoch(indices: Uint32Array, { batchSize, dropLast }: BatchOptions): number {
  return dropLast ? Math.floor(indices.length / batchSize) : Math.ceil(indices.length / batchSize);
}

/** All jobs from the start on, epoch by epoch. */
function* jobs(indices: Uint32Array, options: BatchOptions): Generator<BatchJob, undefined> {
  const { batchSize, shuffle, recipe = {}, epochs = 1, start = { epoch: 0, batch: 0 } } = options;
  const count = batchesPerEpoch(indices, options);
  for (let epoch = start.epoch; epoch < epochs; epoch++) {
    const order = shuffle ? epochOrder(indices, options.seed ?? 0, epoch) : indices;
    const epochRecipe = typeof recipe === 'function' ? recipe(epoch) : recipe;
    for (let index = epoch === start.epoch ? start.batch : 0; index < count; index++) {
      yield { epoch, index, rows: order.slice(index * batchSize, (index + 1) * batchSize), recipe: epochRecipe };
    }
  }
  return undefined;
}

/** Keeps the thread busy and hands its batches out in order. */
class BatchQueue implements Batches {
  readonly perEpoch: number;
  private readonly worker: Worker;
  private readonly jobs: Generator<BatchJob, undefined>;
  private readonly ready: Batch[] = [];
  /** Those who wait for a batch, first come first. */
  private readonly waiting: PromiseWithResolvers<Batch | undefined>[] = [];
  private underWay = 0;
  private failure: TrainError | undefined;
  private closed = false;

  constructor(worker: Worker, indices: Uint32Array, options: BatchOptions) {
    this.perEpoch = batchesPerEpoch(indices, options);
    this.worker = worker;
    this.jobs = jobs(indices, options);
    worker.on('message', (batch: Batch) => this.receive(batch));
    worker.on('error', (cause) => this.fail(cause));
    worker.on('exit', (code) => this.fail(new Error(`the thread ended with code ${code}`)));
    this.request();
  }

  async next(): Promise<Batch | undefined> {
    if (this.failure !== undefined) throw this.failure;
    if (this.closed) return undefined;
    const batch = this.ready.shift();
    this.request();
    if (batch !== undefined) return batch;
    if (this.underWay > this.waiting.length) {
      const waiter = Promise.withResolvers<Batch | undefined>();
      this.waiting.push(waiter);
      return waiter.promise;
    }
    if (this.underWay === 0) await this.close();
    return undefined;
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const waiter of this.waiting.splice(0)) waiter.resolve(undefined);
    await this.worker.terminate();
  }

  /** Asks for batches until enough are ready or under way. */
  private request(): void {
    while (this.underWay + this.ready.length < QUEUE + this.waiting.length) {
      const job = this.jobs.next().value;
      if (job === undefined) return;
      this.underWay++;
      this.worker.postMessage(job);
    }
  }

  private receive(batch: Batch): void {
    this.underWay--;
    const waiter = this.waiting.shift();
    if (waiter === undefined) this.ready.push(batch);
    else waiter.resolve(batch);
  }

  private fail(cause: unknown): void {
    if (this.closed || this.failure !== undefined) return;
    const reason = cause instanceof Error ? cause.message : String(cause);
    this.failure = new TrainError('WORKER_FAILED', `batches could not be made: ${reason}`, undefined, { cause });
    for (const waiter of this.waiting.splice(0)) waiter.reject(this.failure);
  }
}
