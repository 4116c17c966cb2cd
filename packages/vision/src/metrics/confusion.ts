import { checkPredictions, correctness, fault, type Predictions, predictedClasses } from './predictions.ts';

/** Precision, recall and F1 of one class, 0..1; 0 where a denominator is 0, as scikit-learn's `zero_division=0`. */
export interface ClassReport {
  precision: number;
  recall: number;
  f1: number;
  /** Samples whose true class this is. */
  support: number;
}

/**
 * Counts, rows by true class, columns by predicted class; scores may be probabilities or logits.
 * @throws VisionError `BAD_METRICS_INPUT`
 */
export function confusionMatrix(predictions: Predictions): number[][] {
  checkPredictions(predictions);
  const { targets, classes } = predictions;
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  predictedClasses(predictions).forEach((predicted, sample) => {
    matrix[targets[sample]!]![predicted]! += 1;
  });
  return matrix;
}

/**
 * Share of samples whose likeliest class is the true one, 0..1; scores may be probabilities or logits.
 * @throws VisionError `BAD_METRICS_INPUT`
 */
export function accuracy(predictions: Predictions): number {
  checkPredictions(predictions);
  return sum(correctness(predictions)) / predictions.targets.length;
}

/** Precision, recall and F1 of each class, from a {@link confusionMatrix}. */
export function classReports(matrix: readonly (readonly number[])[]): ClassReport[] {
  return matrix.map((row, i) => {
    const hits = row[i]!;
    const support = sum(row);
    const predicted = sum(matrix.map((other) => other[i]!));
    return {
      precision: ratio(hits, predicted),
      recall: ratio(hits, support),
      f1: ratio(2 * hits, predicted + support),
      support,
    };
  });
}

/**
 * Unweighted mean of F1 over the classes that occur, as truth or as prediction (scikit-learn's default set of labels),
 * from a {@link confusionMatrix}.
 */
export function macroF1(matrix: readonly (readonly number[])[]): number {
  const occurring = classReports(matrix).filter(({ support }, i) => support + sum(matrix.map((row) => row[i]!)) > 0);
  return ratio(sum(occurring.map(({ f1 }) => f1)), occurring.length);
}

/**
 * How often the true class stood first, second, third...: entry r counts the samples with r classes before the truth.
 * Of equal scores the class with the smaller number stands first, as in {@link predictedClasses}.
 * @throws VisionError `BAD_METRICS_INPUT`
 */
export function rankCounts(predictions: Predictions): number[] {
  checkPredictions(predictions);
  const { scores, targets, classes } = predictions;
  const counts = new Array<number>(classes).fill(0);
  targets.forEach((target, sample) => {
    const row = scores.subarray(sample * classes, (sample + 1) * classes);
    const own = row[target]!;
    const before = row.filter((score, i) => score > own || (score === own && i < target)).length;
    counts[before]! += 1;
  });
  return counts;
}

/**
 * Share of samples whose true class is among the `k` likeliest, 0..1.
 * @throws VisionError `BAD_METRICS_INPUT` also if `k` is not 1..classes.
 */
export function topKAccuracy(predictions: Predictions, k: number): number {
  if (!(Number.isInteger(k) && k >= 1 && k <= predictions.classes)) {
    throw fault(`top-${k} of ${predictions.classes} classes is not possible`, `pass 1 to ${predictions.classes}`);
  }
  return sum(rankCounts(predictions).slice(0, k)) / predictions.targets.length;
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return total;
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
