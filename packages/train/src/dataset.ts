import type { Expression } from '@mememoji/vision/expression';
import { TrainError } from './error.ts';

/** Names of the splits as FER2013 writes them: fit on the first, choose on the second, publish on the third. */
export const SPLITS = ['Training', 'PublicTest', 'PrivateTest'] as const;

export type Split = (typeof SPLITS)[number];

/**
 * Grey pictures of one size with their labels, whole in memory. Rows stand in the order of the source. A split or any
 * other selection is a list of row indices (`Uint32Array`), so that no pixel is ever copied to make one.
 */
export interface Dataset {
  /** Class names in the order of the targets. */
  labels: readonly Expression[];
  width: number;
  height: number;
  /** Number of pictures. */
  count: number;
  /** [count, height, width], grey 0..255. Lies in shared memory where a worker is to read it without a copy. */
  pixels: Uint8Array;
  /** [count], index into `labels`. */
  targets: Uint8Array;
  /** [count], index into {@link SPLITS}. */
  splits: Uint8Array;
  /** [count], number of the row in the source, from 0; selections keep it. */
  rows: Uint32Array;
  /** [count, 10] FER+ votes in the order of `FERPLUS_CATEGORIES`. */
  votes?: Uint8Array;
  /** Where it comes from, and SHA-256 (hex) of its unpacked content: what a model's data hash states. */
  source: { path: string; sha256: string };
}

/** Number of pixels of one picture. */
export function imageSize(dataset: Pick<Dataset, 'width' | 'height'>): number {
  return dataset.width * dataset.height;
}

/** Pixels of one picture, [height, width] grey 0..255: a view, not a copy. */
export function imageAt(dataset: Dataset, index: number): Uint8Array {
  const size = imageSize(dataset);
  return dataset.pixels.subarray(index * size, (index + 1) * size);
}

/** Indices of all rows, in order. */
export function allIndices(dataset: Dataset): Uint32Array {
  return Uint32Array.from({ length: dataset.count }, (_, index) => index);
}

/** Indices of the rows of a split, in order; empty where the data set has none. */
export function splitIndices(dataset: Dataset, split: Split): Uint32Array {
  const wanted = SPLITS.indexOf(split);
  return allIndices(dataset).filter((index) => dataset.splits[index] === wanted);
}

/** The split meant by a name in any case, also by the common names train, validation and test; or undefined. */
export function parseSplit(name: string): Split | undefined {
  const key = name.trim().toLowerCase();
  const exact = SPLITS.find((split) => split.toLowerCase() === key);
  if (exact !== undefined) return exact;
  if (key === 'train') return 'Training';
  if (key === 'validation' || key === 'valid' || key === 'val') return 'PublicTest';
  return key === 'test' ? 'PrivateTest' : undefined;
}

/**
 * Throws `BAD_OPTION` unless every array has the length that `count` promises and every target has a label.
 * Readers call it last, so that what they hand on can be trusted.
 */
export function checkDataset(dataset: Dataset): Dataset {
  const { count, labels, targets } = dataset;
  const lengths: [string, number | undefined, number][] = [
    ['pixels', dataset.pixels.length, count * imageSize(dataset)],
    ['targets', targets.length, count],
    ['splits', dataset.splits.length, count],
    ['rows', dataset.rows.length, count],
    ['votes', dataset.votes?.length, count * 10],
  ];
  const fault = lengths.find(([, actual, expected]) => actual !== undefined && actual !== expected);
  if (fault !== undefined) {
    throw new TrainError(
      'BAD_OPTION',
      `a data set of ${count} rows has ${fault[1]} ${fault[0]} instead of ${fault[2]}`,
    );
  }
  const stranger = targets.find((target) => target >= labels.length);
  if (stranger !== undefined)
    throw new TrainError('BAD_OPTION', `target ${stranger} has no label (${labels.join(', ')})`);
  return dataset;
}

/** A data set of its own with only these rows, in this order; pixels and votes are copied into shared memory. */
export function takeRows(dataset: Dataset, indices: Uint32Array): Dataset {
  const pixels = takeBlocks(dataset.pixels, indices, imageSize(dataset));
  const { votes, ...rest } = dataset;
  return {
    ...rest,
    count: indices.length,
    pixels,
    targets: takeBlocks(dataset.targets, indices, 1),
    splits: takeBlocks(dataset.splits, indices, 1),
    rows: indices.map((index) => dataset.rows[index]!),
    ...(votes && { votes: takeBlocks(votes, indices, 10) }),
  };
}

function takeBlocks(source: Uint8Array, indices: Uint32Array, size: number): Uint8Array {
  const target = sharedBytes(indices.length * size);
  indices.forEach((index, i) => {
    target.set(source.subarray(index * size, (index + 1) * size), i * size);
  });
  return target;
}

/** Zeroed bytes in memory that workers share. */
export function sharedBytes(length: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(length));
}
