import type { Expression } from '@mememoji/vision/expression';
import { allIndices, type Dataset, SPLITS, type Split, splitIndices, takeRows } from './dataset.ts';
import { firstCopies } from './duplicates.ts';
import { TrainError } from './error.ts';
import { Random } from './random.ts';

/** Which class goes into which: `{ disgust: 'angry' }` gives the original's six. */
export type ClassMerge = Partial<Record<Expression, Expression>>;

/** The same pictures with some classes merged into others; the merged ones vanish from the labels. */
export function mergeClasses(dataset: Dataset, merge: ClassMerge): Dataset {
  for (const [from, to] of Object.entries(merge)) checkMerge(dataset, merge, from, to);
  const labels = dataset.labels.filter((label) => merge[label] === undefined);
  const renumbered = dataset.labels.map((label) => labels.indexOf(merge[label] ?? label));
  return { ...dataset, labels, targets: dataset.targets.map((target) => renumbered[target]!) };
}

function checkMerge(dataset: Dataset, merge: ClassMerge, from: string, to: Expression): void {
  const known: readonly string[] = dataset.labels;
  const stranger = [from, to].find((label) => !known.includes(label));
  if (stranger !== undefined) {
    throw new TrainError('BAD_CLASSES', `the data set has no class '${stranger}'`, `it has ${known.join(', ')}`);
  }
  if (from === to || merge[to] !== undefined) {
    throw new TrainError('BAD_CLASSES', `'${from}' cannot be merged into '${to}', which is merged itself`);
  }
}

/**
 * Only the pictures of these classes, whose targets are numbered in the order given.
 * @throws TrainError `BAD_CLASSES` for an unknown class, a class named twice, or fewer than two
 */
export function selectClasses(dataset: Dataset, classes: readonly Expression[]): Dataset {
  const stranger = classes.find((label) => !dataset.labels.includes(label));
  if (stranger !== undefined) {
    throw new TrainError(
      'BAD_CLASSES',
      `the data set has no class '${stranger}'`,
      `it has ${dataset.labels.join(', ')}`,
    );
  }
  if (new Set(classes).size !== classes.length || classes.length < 2) {
    throw new TrainError(
      'BAD_CLASSES',
      `'${classes.join(', ')}' is no choice of classes`,
      'name at least two, each once',
    );
  }
  const renumbered = dataset.labels.map((label) => classes.indexOf(label));
  const kept = takeRows(
    dataset,
    allIndices(dataset).filter((index) => renumbered[dataset.targets[index]!]! >= 0),
  );
  return { ...kept, labels: [...classes], targets: kept.targets.map((target) => renumbered[target]!) };
}

/**
 * A sample of the rows that keeps the share of each class: of each class `fraction` of its rows, rounded, at least one.
 * The same seed gives the same rows, in the order of `indices`.
 * @param fraction in (0, 1]
 */
export function sampleFraction(dataset: Dataset, indices: Uint32Array, fraction: number, seed: number): Uint32Array {
  if (!(fraction > 0 && fraction <= 1)) {
    throw new TrainError(
      'BAD_OPTION',
      `a fraction of ${fraction} is not possible`,
      'give a number above 0 and at most 1',
    );
  }
  const chosen = new Set<number>();
  dataset.labels.forEach((_, target) => {
    const rows = indices.filter((index) => dataset.targets[index] === target);
    const count = rows.length === 0 ? 0 : Math.max(1, Math.round(rows.length * fraction));
    for (const index of new Random(seed, target).shuffle(rows).subarray(0, count)) chosen.add(index);
  });
  return indices.filter((index) => chosen.has(index));
}

/**
 * The rows with those of some classes several times, for classes too rare to be learned (oversampling).
 * @param repeat by label, how often; others stay once
 * @throws TrainError `BAD_CLASSES` for a label that the data has not
 */
export function repeatClasses(
  dataset: Dataset,
  indices: Uint32Array,
  repeat: Partial<Record<Expression, number>>,
): Uint32Array {
  const stranger = Object.keys(repeat).find((label) => !dataset.labels.some((known) => known === label));
  if (stranger !== undefined) {
    const known = `it has ${dataset.labels.join(', ')}`;
    throw new TrainError('BAD_CLASSES', `the data set has no class '${stranger}' to repeat`, known);
  }
  const times = dataset.labels.map((label) => repeat[label] ?? 1);
  return Uint32Array.from(
    Array.from(indices).flatMap((index) => new Array<number>(times[dataset.targets[index]!]!).fill(index)),
  );
}

/** How many of the rows each class has, by name. */
export function classCounts(dataset: Dataset, indices: Uint32Array): Partial<Record<Expression, number>> {
  const counts = new Uint32Array(dataset.labels.length);
  for (const index of indices) counts[dataset.targets[index]!]!++;
  return Object.fromEntries(dataset.labels.map((label, target) => [label, counts[target]!]));
}

/** Rows of a split, `EMPTY_SELECTION` where there is none. */
export function requireSplit(dataset: Dataset, split: Split): Uint32Array {
  const indices = splitIndices(dataset, split);
  if (indices.length === 0) throw new TrainError('EMPTY_SELECTION', `the data set has no rows of the split ${split}`);
  return indices;
}

/**
 * Moves a share of each class of Training to PublicTest, for data that brings no split to choose on. Exact copies of a
 * picture move together.
 * @param fraction in (0, 1)
 */
export function holdOut(dataset: Dataset, fraction: number, seed: number): Dataset {
  if (!(fraction < 1)) throw new TrainError('BAD_OPTION', `holding out ${fraction} leaves nothing to train on`);
  const copies = firstCopies(dataset);
  const training = splitIndices(dataset, 'Training');
  const held = new Set(Array.from(sampleFraction(dataset, training, fraction, seed), (index) => copies[index]!));
  const splits = dataset.splits.slice();
  for (const index of training) if (held.has(copies[index]!)) splits[index] = SPLITS.indexOf('PublicTest');
  return { ...dataset, splits };
}
