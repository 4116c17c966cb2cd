import { type AugmentGeometry, type AugmentOptions, createAugmenter } from './augment.ts';
import { FERPLUS_EXPRESSIONS, voteDistribution } from './ferplus-csv.ts';
import { Random } from './random.ts';

/** Streams of random numbers that must not meet: each has the keys (seed, epoch, sample or batch). */
const AUGMENT_STREAM = 1;
const MIXUP_STREAM = 2;

/** What is done to the pictures and targets of an epoch. */
export interface BatchRecipe {
  /** Left out: the middle crop. */
  augment?: AugmentOptions;
  /** Mixes each picture and its targets with another of the batch, lambda from Beta(alpha, alpha) (Zhang et al., 2018), in this share of the batches (1). */
  mixup?: { alpha: number; probability?: number };
  /** Share of a target that is spread evenly over all classes; 0..1, 0 if left out. */
  labelSmoothing?: number;
}

/** What a worker needs of the data set; all arrays lie in shared memory. */
export interface BatchSource {
  geometry: AugmentGeometry;
  classes: number;
  pixels: Uint8Array;
  targets: Uint8Array;
  votes?: Uint8Array;
  /** [count, classes] probabilities of another net. */
  teacher?: Float32Array;
  /** [count, classes] probabilities by the votes. */
  voteLabels?: Float32Array;
  seed: number;
}

/** One batch to make. */
export interface BatchJob {
  epoch: number;
  index: number;
  rows: Uint32Array;
  recipe: BatchRecipe;
}

/** A batch ready for the engine; B rows, C classes. */
export interface Batch {
  epoch: number;
  /** Number of the batch within its epoch, from 0. */
  index: number;
  size: number;
  /** [B] indices into the data set. Under mixup the one that the first share is of. */
  rows: Uint32Array;
  /** [B, 1, height, width], grey 0..255. */
  pixels: Float32Array<ArrayBuffer>;
  /** [B, C], each row sums to 1. */
  targets: Float32Array<ArrayBuffer>;
  /** [B, 8] shares of the FER+ expressions; present where the data set has votes. */
  votes?: Float32Array<ArrayBuffer>;
  /** [B] 0..1: how much of the row's votes were for expressions; 0 for 'unknown' and 'not a face' only. */
  voteWeights?: Float32Array<ArrayBuffer>;
  /** [B, C] the teacher's probabilities, mixed like the targets. */
  teacher?: Float32Array<ArrayBuffer>;
  /** [B, C] probabilities by the votes, mixed like the targets. */
  voteLabels?: Float32Array<ArrayBuffer>;
}

/** Makes batches of one data set. Each depends on its job and the seed alone, so any can be made first. */
export function createBatchMaker(source: BatchSource): (job: BatchJob) => Batch {
  const random = new Random(source.seed);
  return (job) => {
    const batch = gather(source, job);
    augmentAll(source, job, random, batch.pixels);
    const { mixup } = job.recipe;
    if (mixup === undefined) return batch;
    random.seed(source.seed, job.epoch, job.index, MIXUP_STREAM);
    if (random.chance(mixup.probability ?? 1)) mix(batch, random.beta(mixup.alpha, mixup.alpha), random);
    return batch;
  };
}

function gather(source: BatchSource, { epoch, index, rows, recipe }: BatchJob): Batch {
  const size = rows.length;
  const { outWidth, outHeight } = source.geometry;
  const pixels = new Float32Array(size * outWidth * outHeight);
  const targets = smoothTargets(source, rows, recipe.labelSmoothing ?? 0);
  const batch: Batch = { epoch, index, size, rows, pixels, targets };
  if (source.votes !== undefined) Object.assign(batch, gatherVotes(source.votes, rows));
  if (source.teacher !== undefined) batch.teacher = gatherRows(source.teacher, rows, source.classes);
  if (source.voteLabels !== undefined) batch.voteLabels = gatherRows(source.voteLabels, rows, source.classes);
  return batch;
}

function smoothTargets(
  { targets, classes }: BatchSource,
  rows: Uint32Array,
  smoothing: number,
): Float32Array<ArrayBuffer> {
  const soft = new Float32Array(rows.length * classes).fill(smoothing / classes);
  rows.forEach((row, i) => {
    soft[i * classes + targets[row]!]! += 1 - smoothing;
  });
  return soft;
}

function gatherVotes(source: Uint8Array, rows: Uint32Array): Required<Pick<Batch, 'votes' | 'voteWeights'>> {
  const votes = new Float32Array(rows.length * FERPLUS_EXPRESSIONS);
  const voteWeights = new Float32Array(rows.length);
  rows.forEach((row, i) => {
    voteWeights[i] = voteDistribution(source, row, votes, i * FERPLUS_EXPRESSIONS);
  });
  return { votes, voteWeights };
}

function gatherRows(source: Float32Array, rows: Uint32Array, width: number): Float32Array<ArrayBuffer> {
  const gathered = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    gathered.set(source.subarray(row * width, (row + 1) * width), i * width);
  });
  return gathered;
}

function augmentAll(source: BatchSource, job: BatchJob, random: Random, out: Float32Array): void {
  const { geometry, pixels, seed } = source;
  const augment = createAugmenter(job.recipe.augment ?? {}, geometry);
  const size = geometry.width * geometry.height;
  const outSize = geometry.outWidth * geometry.outHeight;
  job.rows.forEach((row, i) => {
    random.seed(seed, job.epoch, row, AUGMENT_STREAM);
    augment(pixels, row * size, random, out, i * outSize);
  });
}

/** Mixes each row with another of a random order: lambda of its own, the rest of the other's. */
function mix(batch: Batch, lambda: number, random: Random): void {
  const partners = random.shuffle(Uint32Array.from({ length: batch.size }, (_, i) => i));
  batch.pixels = mixRows(batch.pixels, partners, lambda);
  batch.targets = mixRows(batch.targets, partners, lambda);
  if (batch.teacher) batch.teacher = mixRows(batch.teacher, partners, lambda);
  if (batch.voteLabels) batch.voteLabels = mixRows(batch.voteLabels, partners, lambda);
  if (batch.votes && batch.voteWeights) mixVotes(batch, batch.votes, batch.voteWeights, partners, lambda);
}

function mixRows(data: Float32Array, partners: Uint32Array, lambda: number): Float32Array<ArrayBuffer> {
  const width = data.length / partners.length;
  const mixed = new Float32Array(data.length);
  partners.forEach((partner, row) => {
    const start = row * width;
    const other = partner * width;
    for (let i = 0; i < width; i++) mixed[start + i] = lambda * data[start + i]! + (1 - lambda) * data[other + i]!;
  });
  return mixed;
}

/** Rows without votes are all 0, so that the mixed sum is the mixed weight; the distribution is brought back to sum 1. */
function mixVotes(
  batch: Batch,
  votes: Float32Array,
  weights: Float32Array,
  partners: Uint32Array,
  lambda: number,
): void {
  const mixedVotes = mixRows(votes, partners, lambda);
  const mixedWeights = mixRows(weights, partners, lambda);
  batch.votes = mixedVotes.map((share, i) => {
    const weight = mixedWeights[Math.floor(i / FERPLUS_EXPRESSIONS)]!;
    return weight > 0 ? share / weight : 0;
  });
  batch.voteWeights = mixedWeights;
}
