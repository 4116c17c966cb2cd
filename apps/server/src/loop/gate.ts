import type { Classifier } from '@mememoji/train/classifier-session';
import { type Dataset, splitIndices } from '@mememoji/train/dataset';
import { meanProbabilities, modelTargets, predictLogits } from '@mememoji/train/evaluate';
import { type Answers, compareAnswers } from '@mememoji/train/report/paired';
import { accuracy } from '@mememoji/vision/metrics/confusion';

/** Two models on the same faces. Shares are 0..1. */
export interface Measured {
  samples: number;
  /** Share that the model in use, and the new one, reads rightly. */
  old: number;
  new: number;
  /** 95% interval of new less old, a paired bootstrap. */
  interval: [number, number];
  /** McNemar's test, two-sided. */
  p: number;
}

/** Whether a new model may take over, and why not. */
export interface Verdict {
  install: boolean;
  /** One line for each measurement that it failed. */
  reasons: string[];
  heldOut: Measured;
  base: Measured | null;
}

/** Accuracy that a new model may lose on base data: half a point, a third of the 95% interval of FER2013's 3,589 pictures. */
export const MOST_LOSS = 0.005;

/**
 * Compares models on the PublicTest splits of the corrections and of the base data. The new one may take over if it reads at
 * least as many held-out corrections rightly as the old one, and loses no more than half a point on the base data.
 */
export async function judge(
  old: Classifier,
  next: Classifier,
  { corrections, base }: { corrections: Dataset; base?: Dataset | undefined },
): Promise<Verdict> {
  const heldOut = await measure(old, next, corrections);
  const onBase = base === undefined ? null : await measure(old, next, base);
  const reasons = [
    ...(heldOut.new < heldOut.old ? [`it reads held-out corrections worse: ${describe(heldOut)}`] : []),
    ...(onBase !== null && onBase.new < onBase.old - MOST_LOSS
      ? [`it reads the base data worse: ${describe(onBase)}`]
      : []),
  ];
  return { install: reasons.length === 0, reasons, heldOut, base: onBase };
}

function describe({ old, new: next, samples }: Measured): string {
  return `${(100 * next).toFixed(1)}% instead of ${(100 * old).toFixed(1)}% of ${samples}`;
}

async function measure(old: Classifier, next: Classifier, dataset: Dataset): Promise<Measured> {
  const rows = splitIndices(dataset, 'PublicTest');
  const [before, after] = [await answersOf(old, dataset, rows), await answersOf(next, dataset, rows)];
  const { difference, mcnemar } = compareAnswers(before, after, 1);
  return {
    samples: rows.length,
    old: accuracy(before.predictions),
    new: accuracy(after.predictions),
    interval: difference.interval,
    p: mcnemar.p,
  };
}

async function answersOf(classifier: Classifier, dataset: Dataset, rows: Uint32Array): Promise<Answers> {
  const { labels, temperature } = classifier.spec;
  const logits = await predictLogits(classifier, dataset, rows);
  const scores = meanProbabilities(logits, labels.length, temperature);
  return { labels, predictions: { scores, targets: modelTargets(dataset, rows, labels), classes: labels.length } };
}
