import type { Expression } from '@mememoji/vision/expression';
import { allIndices, type Dataset, SPLITS, splitIndices, takeRows } from './dataset.ts';
import { cleanTraining } from './duplicates.ts';
import { type ClassMerge, mergeClasses, sampleFraction, selectClasses } from './select.ts';

export interface PrepareOptions {
  /** Done first: `{ disgust: 'angry' }` gives the original's six classes. */
  merge?: ClassMerge;
  /** Only these classes, numbered in this order. */
  classes?: readonly Expression[];
  /** Takes copies of test pictures, repeated pictures and those with contradicting labels out of Training. */
  dropDuplicates?: boolean;
  /** Share of each class of each split that is kept, in (0, 1]; 1 if left out. */
  fraction?: number;
  /** Decides which; 0 if left out. */
  seed?: number;
}

/** The data set that the options ask for, in the order merge, classes, duplicates, fraction. */
export function prepareDataset(dataset: Dataset, options: PrepareOptions): Dataset {
  const { merge = {}, classes, dropDuplicates = false, fraction = 1, seed = 0 } = options;
  const merged = mergeClasses(dataset, merge);
  const selected = classes === undefined ? merged : selectClasses(merged, classes);
  const cleaned = dropDuplicates ? withoutDuplicates(selected) : selected;
  return fraction === 1 ? cleaned : sampleSplits(cleaned, fraction, seed);
}

function withoutDuplicates(dataset: Dataset): Dataset {
  const training = new Set(cleanTraining(dataset).indices);
  const isTraining = SPLITS.indexOf('Training');
  const keep = allIndices(dataset).filter((index) => dataset.splits[index] !== isTraining || training.has(index));
  return takeRows(dataset, keep);
}

function sampleSplits(dataset: Dataset, fraction: number, seed: number): Dataset {
  const kept = SPLITS.flatMap((split) => [...sampleFraction(dataset, splitIndices(dataset, split), fraction, seed)]);
  return takeRows(dataset, Uint32Array.from(kept).sort());
}
