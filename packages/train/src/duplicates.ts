import { hash } from 'node:crypto';
import { type Dataset, imageAt, SPLITS, type Split, splitIndices } from './dataset.ts';

const TRAINING = SPLITS.indexOf('Training');

/** For each row the index of the first row with the very same pixels (its own, if there is none before it). */
export function firstCopies(dataset: Dataset): Uint32Array {
  const seen = new Map<string, number>();
  return Uint32Array.from({ length: dataset.count }, (_, index) => {
    const digest = hash('sha1', imageAt(dataset, index), 'base64');
    const first = seen.get(digest);
    if (first !== undefined) return first;
    seen.set(digest, index);
    return index;
  });
}

/** The Training split without what would teach the answers of a test, and what was left out to get there. */
export interface CleanTraining {
  /** Rows to train on, in order: each picture once. */
  indices: Uint32Array;
  /** Training rows that equal a row of PublicTest or PrivateTest pixel for pixel. */
  testCopies: number;
  /** Training rows left out because the same picture stands in Training already. */
  repeated: number;
  /** Pictures left out because their copies carry labels of which none has the majority (their rows). */
  tied: number;
}

/**
 * Drops from Training every copy of a test picture and collapses other exact copies: the first row with the label that
 * most copies have stays; a picture whose labels tie is dropped.
 */
export function cleanTraining(dataset: Dataset, copies: Uint32Array = firstCopies(dataset)): CleanTraining {
  const test = new Set<number>();
  for (let i = 0; i < dataset.count; i++) if (dataset.splits[i] !== TRAINING) test.add(copies[i]!);
  const training = splitIndices(dataset, 'Training');
  const untested = training.filter((index) => !test.has(copies[index]!));
  const groups = groupBy(untested, copies);
  const kept = groups.map((group) => keeper(dataset, group)).filter((index) => index !== undefined);
  const tied = groups
    .filter((group) => keeper(dataset, group) === undefined)
    .reduce((sum, group) => sum + group.length, 0);
  return {
    indices: Uint32Array.from(kept).sort(),
    testCopies: training.length - untested.length,
    repeated: untested.length - tied - kept.length,
    tied,
  };
}

/** Rows of a split that equal no Training row pixel for pixel: the honest part of a test. */
export function testRowsWithoutTrainingCopy(
  dataset: Dataset,
  split: Exclude<Split, 'Training'>,
  copies: Uint32Array = firstCopies(dataset),
): Uint32Array {
  const training = new Set(Array.from(splitIndices(dataset, 'Training'), (index) => copies[index]!));
  return splitIndices(dataset, split).filter((index) => !training.has(copies[index]!));
}

/** What exact copies there are, for a report. */
export interface DuplicateReport {
  /** Distinct pictures by split. */
  distinct: Record<Split, number>;
  /** Rows of each test split that equal a Training row. */
  inTraining: Record<Exclude<Split, 'Training'>, number>;
  /** Pictures that stand more than once anywhere, and how many of these carry different labels. */
  repeatedPictures: number;
  disagreeing: number;
  /** What {@link cleanTraining} would leave. */
  clean: Omit<CleanTraining, 'indices'> & { rows: number };
}

export function reportDuplicates(dataset: Dataset): DuplicateReport {
  const copies = firstCopies(dataset);
  const distinct = (split: Split) => new Set(Array.from(splitIndices(dataset, split), (index) => copies[index]!)).size;
  const inTraining = (split: Exclude<Split, 'Training'>) =>
    splitIndices(dataset, split).length - testRowsWithoutTrainingCopy(dataset, split, copies).length;
  const repeated = [
    ...groupBy(
      copies.map((_, index) => index),
      copies,
    ),
  ].filter((group) => group.length > 1);
  const disagrees = (group: readonly number[]) =>
    group.some((index) => dataset.targets[index] !== dataset.targets[group[0]!]);
  const { indices, ...clean } = cleanTraining(dataset, copies);
  return {
    distinct: {
      Training: distinct('Training'),
      PublicTest: distinct('PublicTest'),
      PrivateTest: distinct('PrivateTest'),
    },
    inTraining: { PublicTest: inTraining('PublicTest'), PrivateTest: inTraining('PrivateTest') },
    repeatedPictures: repeated.length,
    disagreeing: repeated.filter(disagrees).length,
    clean: { ...clean, rows: indices.length },
  };
}

/** Rows that share a picture, in order. */
function groupBy(indices: Uint32Array, copies: Uint32Array): (readonly number[])[] {
  const groups = new Map<number, number[]>();
  for (const index of indices) {
    const group = groups.get(copies[index]!);
    if (group === undefined) groups.set(copies[index]!, [index]);
    else group.push(index);
  }
  return [...groups.values()];
}

/** The row that stands for its copies, or undefined where two labels have equally many. */
function keeper(dataset: Dataset, group: readonly number[]): number | undefined {
  const counts = new Array<number>(dataset.labels.length).fill(0);
  for (const index of group) counts[dataset.targets[index]!]!++;
  const most = Math.max(...counts);
  const label = counts.indexOf(most);
  if (counts.lastIndexOf(most) !== label) return undefined;
  return group.find((index) => dataset.targets[index] === label);
}
