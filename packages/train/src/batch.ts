import { type AugmentGeometry, type AugmentOptions, createAugmenter } from './augment.ts';
import { FERPLUS_EXPRESSIONS, voteDistribution } from './ferplus-csv.ts';
import { Random } from './random.ts';

/** Streams of random numbers that must not meet: each has the keys (seed, epoch, sample or batch). */
const AUGMENT_STREAM = 1;
const MIXING_STREAM = 2;

/** How pictures of a batch are mixed: by a number drawn from Beta(alpha, alpha), in `probability` of the batches (1 if left out). */
export interface Mixing {
  alpha: number;
  probability?: number;
}

/** What is done to the pictures and targets of an epoch. */
export interface BatchRecipe {
  /** Left out: the middle crop. */
  augment?: AugmentOptions;
  /** Mixes each picture and its targets with another of the batch, lambda from Beta(alpha, alpha) (Zhang et al., 2018), in this share of the batches (1). */
  mixup?: Mixing;
  /**
   * Puts a box of another picture of the batch in the same place, whose share of the area is drawn from Beta(alpha, alpha), and mixes
   * the targets by what is left of the area (Yun et al., 2019), in this share of the batches that mixup leaves alone (1).
   */
  cutmix?: Mixing;
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
  /** [B] indices into the data set. Where pictures are mixed the one that the first share is of. */
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
    const { mixup, cutmix } = job.recipe;
    random.seed(source.seed, job.epoch, job.index, MIXING_STREAM);
    if (happens(mixup, random)) mixUp(batch, random.beta(mixup.alpha, mixup.alpha), random);
    else if (happens(cutmix, random)) {
      cutMix(batch, drawBox(source.geometry, random.beta(cutmix.alpha, cutmix.alpha), random), source.geometry, random);
    }
    return batch;
  };
}

function happens(mixing: Mixing | undefined, random: Random): mixing is Mixing {
  return mixing !== undefined && random.chance(mixing.probability ?? 1);
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
function mixUp(batch: Batch, lambda: number, random: Random): void {
  const partners = drawPartners(batch, random);
  batch.pixels = mixRows(batch.pixels, partners, lambda);
  mixAnswers(batch, partners, lambda);
}

/** From..to, the latter left out; pixels. */
interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** A box of the picture's shape and this share of its area with its middle anywhere; what reaches beyond the picture is cut off. */
function drawBox({ outWidth, outHeight }: AugmentGeometry, share: number, random: Random): Box {
  const reach = Math.sqrt(share) / 2;
  const [x, y] = [random.uniform(0, outWidth), random.uniform(0, outHeight)];
  return {
    left: Math.max(0, Math.round(x - reach * outWidth)),
    top: Math.max(0, Math.round(y - reach * outHeight)),
    right: Math.min(outWidth, Math.round(x + reach * outWidth)),
    bottom: Math.min(outHeight, Math.round(y + reach * outHeight)),
  };
}

/** Puts the box of another row, of a random order, into each row. */
function cutMix(batch: Batch, box: Box, { outWidth, outHeight }: AugmentGeometry, random: Random): void {
  const partners = drawPartners(batch, random);
  const size = outWidth * outHeight;
  const cut = batch.pixels.slice();
  partners.forEach((partner, row) => {
    for (let y = box.top; y < box.bottom; y++) {
      const line = y * outWidth;
      const of = partner * size + line;
      cut.set(batch.pixels.subarray(of + box.left, of + box.right), row * size + line + box.left);
    }
  });
  batch.pixels = cut;
  mixAnswers(batch, partners, 1 - ((box.right - box.left) * (box.bottom - box.top)) / size);
}

function drawPartners({ size }: Batch, random: Random): Uint32Array {
  return random.shuffle(Uint32Array.from({ length: size }, (_, i) => i));
}

/** All that is known of the pictures: lambda of each row's own, the rest of its partner's. */
function mixAnswers(batch: Batch, partners: Uint32Array, lambda: number): void {
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
