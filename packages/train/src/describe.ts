import { type Expression, parseExpression } from '@mememoji/vision/expression';
import { allIndices, type Dataset, SPLITS, type Split, splitIndices } from './dataset.ts';
import { type DuplicateReport, reportDuplicates } from './duplicates.ts';
import { FERPLUS_CATEGORIES } from './ferplus-csv.ts';
import { classCounts } from './select.ts';

/** What is in a data set. */
export interface DatasetDescription {
  source: Dataset['source'];
  samples: number;
  width: number;
  height: number;
  labels: readonly Expression[];
  /** The splits that have rows. */
  splits: Partial<Record<Split, SplitDescription>>;
  duplicates: DuplicateReport;
  /** Where there are FER+ votes. */
  votes?: VoteReport;
}

export interface SplitDescription {
  samples: number;
  /** Rows by class. */
  classes: Partial<Record<Expression, number>>;
}

/** How far the labels agree with the FER+ majority: the category, of all ten, with the most votes. */
export interface VoteReport {
  /** Share, 0..1, of the rows whose majority is an expression, that have that expression as their label. */
  agreement: number;
  /** The same among the rows of each class that has any. */
  agreementByClass: Partial<Record<Expression, number>>;
  /** Rows whose majority is 'not a face', and 'unknown'. */
  notAFace: number;
  unknown: number;
}

export function describeDataset(dataset: Dataset): DatasetDescription {
  const { source, count, width, height, labels, votes } = dataset;
  return {
    source,
    samples: count,
    width,
    height,
    labels,
    splits: describeSplits(dataset),
    duplicates: reportDuplicates(dataset),
    ...(votes && { votes: reportVotes(dataset, votes) }),
  };
}

function describeSplits(dataset: Dataset): DatasetDescription['splits'] {
  const described = SPLITS.map((split): [Split, SplitDescription] => {
    const indices = splitIndices(dataset, split);
    return [split, { samples: indices.length, classes: classCounts(dataset, indices) }];
  });
  return Object.fromEntries(described.filter(([, { samples }]) => samples > 0));
}

function reportVotes(dataset: Dataset, votes: Uint8Array): VoteReport {
  const majorities = Array.from(allIndices(dataset), (index) => majority(votes, index));
  const isExpression = (index: number) => majorities[index] !== 'nf' && majorities[index] !== 'unknown';
  const judged = allIndices(dataset).filter(isExpression);
  const agreeing = judged.filter((index) => parseExpression(majorities[index]!) === labelOf(dataset, index));
  const all = classCounts(dataset, judged);
  const agreed = classCounts(dataset, agreeing);
  const present = dataset.labels.filter((label) => (all[label] ?? 0) > 0);
  return {
    agreement: judged.length === 0 ? 0 : agreeing.length / judged.length,
    agreementByClass: Object.fromEntries(present.map((label) => [label, (agreed[label] ?? 0) / (all[label] ?? 1)])),
    notAFace: majorities.filter((category) => category === 'nf').length,
    unknown: majorities.filter((category) => category === 'unknown').length,
  };
}

function labelOf(dataset: Dataset, index: number): Expression | undefined {
  return dataset.labels[dataset.targets[index]!];
}

/** The category with the most votes of a row; of equal ones the first. */
function majority(votes: Uint8Array, index: number): (typeof FERPLUS_CATEGORIES)[number] {
  const start = index * FERPLUS_CATEGORIES.length;
  const row = votes.subarray(start, start + FERPLUS_CATEGORIES.length);
  return FERPLUS_CATEGORIES[row.indexOf(Math.max(...row))]!;
}
