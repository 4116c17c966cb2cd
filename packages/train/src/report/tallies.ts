import type { Expression } from '@mememoji/vision/expression';
import { type CoveragePoint, coverageCurve } from '@mememoji/vision/metrics/abstention';
import { bootstrapMean } from '@mememoji/vision/metrics/bootstrap';
import { confidences } from '@mememoji/vision/metrics/calibration';
import { accuracy, rankCounts } from '@mememoji/vision/metrics/confusion';
import {
  correctness,
  mergeClasses,
  type Predictions,
  predictedClasses,
  selectSamples,
} from '@mememoji/vision/metrics/predictions';
import { type Dataset, splitIndices } from '../dataset.ts';
import { sixClasses } from '../evaluate.ts';
import type { View } from '../views.ts';
import type { AccuracyRow, ClassShare, Coverage, RankRow } from './report.ts';

/** Points that a curve in a figure needs. */
const CURVE_POINTS = 400;

/**
 * Accuracy of a view with the classes as they are and with disgust merged into angry, of all faces and of those that are no
 * duplicates, each with its bootstrap interval.
 * @param isDuplicate by sample; undefined where that makes no sense
 */
export function accuracyRows(
  view: View,
  predictions: Predictions,
  labels: readonly Expression[],
  isDuplicate: readonly boolean[] | undefined,
  seed: number,
): AccuracyRow[] {
  const six = mergeClasses(predictions, sixClasses(labels).groups);
  const kinds = six.classes === predictions.classes ? [predictions] : [predictions, six];
  return kinds.flatMap((kind) => {
    const all = accuracyRow(view, 'all', kind, seed);
    const clean = isDuplicate && selectSamples(kind, (sample) => !isDuplicate[sample]);
    const hasClean = clean !== undefined && clean.targets.length > 0;
    return hasClean ? [all, accuracyRow(view, 'without duplicates', clean, seed)] : [all];
  });
}

function accuracyRow(view: View, faces: AccuracyRow['faces'], predictions: Predictions, seed: number): AccuracyRow {
  const [low, high] = bootstrapMean(correctness(predictions), { seed });
  const { classes, targets } = predictions;
  return { view, classes, faces, samples: targets.length, accuracy: accuracy(predictions), low, high };
}

/** How often the truth stood first, second and so on: of all samples, and of each class that has any. */
export function rankRows(predictions: Predictions, labels: readonly string[]): RankRow[] {
  const row = (name: string, part: Predictions): RankRow[] => {
    if (part.targets.length === 0) return [];
    return [{ class: name, samples: part.targets.length, counts: rankCounts(part) }];
  };
  const { targets } = predictions;
  const ofClass = (index: number) => selectSamples(predictions, (sample) => targets[sample] === index);
  return [...row('all', predictions), ...labels.flatMap((label, i) => row(label, ofClass(i)))];
}

/** Accuracy against coverage, and what the threshold of the model does. */
export function coverageOf(predictions: Predictions, threshold: number): Coverage {
  const curve = coverageCurve(predictions);
  const step = Math.ceil(curve.length / CURVE_POINTS);
  const thinned = curve.filter((_, i) => i % step === 0 || i === curve.length - 1);
  return { curve: thinned, threshold: pointAt(predictions, threshold) };
}

function pointAt(predictions: Predictions, threshold: number): CoveragePoint | null {
  const confidence = confidences(predictions);
  const kept = selectSamples(predictions, (sample) => confidence[sample]! >= threshold);
  if (kept.targets.length === 0) return null;
  return { threshold, coverage: kept.targets.length / predictions.targets.length, accuracy: accuracy(kept) };
}

/** Shares of each of the model's classes in Training, in the split and in the answers for it. */
export function classShares(dataset: Dataset, predictions: Predictions, labels: readonly string[]): ClassShare[] {
  const training = splitIndices(dataset, 'Training');
  const trainingLabels = Array.from(training, (row) => dataset.labels[dataset.targets[row]!]);
  const answers = predictedClasses(predictions);
  const share = (part: ArrayLike<unknown>, wanted: unknown) => {
    return Array.from(part).filter((one) => one === wanted).length / part.length;
  };
  return labels.map((label, i) => ({
    class: label,
    training: training.length === 0 ? null : share(trainingLabels, label),
    truth: share(predictions.targets, i),
    predicted: share(answers, i),
  }));
}
