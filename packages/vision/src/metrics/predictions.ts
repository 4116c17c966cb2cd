import { VisionError } from '../error.ts';

/** What a classifier said about N samples, and what is true of them. */
export interface Predictions {
  /** [N, classes], row by row: probabilities or logits; each metric says which it takes. */
  scores: Float32Array;
  /** [N], the true class of each sample, 0..classes-1. */
  targets: Uint8Array;
  classes: number;
}

/** How far the probabilities of one sample may sum from 1, from float32 rounding and averaging. */
const SUM_TOLERANCE = 1e-3;

/**
 * Checks that there is at least one sample, one row of finite scores per target and that targets are classes.
 * @throws VisionError `BAD_METRICS_INPUT`
 */
export function checkPredictions({ scores, targets, classes }: Predictions): void {
  if (!(Number.isInteger(classes) && classes >= 2))
    throw fault(`${classes} classes are not possible`, 'pass two or more');
  if (targets.length === 0) throw fault('there are no samples to measure');
  if (scores.length !== targets.length * classes) {
    throw fault(
      `${scores.length} scores do not make ${targets.length} samples of ${classes} classes`,
      `pass ${targets.length * classes} scores`,
    );
  }
  const stranger = targets.findIndex((target) => target >= classes);
  if (stranger >= 0) throw fault(`target ${targets[stranger]} of sample ${stranger} is not one of ${classes} classes`);
  const odd = scores.findIndex((score) => !Number.isFinite(score));
  if (odd >= 0) throw fault(`score ${scores[odd]} of sample ${Math.floor(odd / classes)} is not finite`);
}

/**
 * {@link checkPredictions}, and that each row holds probabilities: 0..1, together 1.
 * @throws VisionError `BAD_METRICS_INPUT`
 */
export function checkProbabilities(predictions: Predictions): void {
  checkPredictions(predictions);
  const { scores, targets, classes } = predictions;
  for (let sample = 0; sample < targets.length; sample++) {
    const row = scores.subarray(sample * classes, (sample + 1) * classes);
    const sum = row.reduce((total, value) => total + value, 0);
    if (row.some((value) => value < 0) || Math.abs(sum - 1) > SUM_TOLERANCE) {
      throw fault(`scores of sample ${sample} are not probabilities that sum to 1`, 'apply softmax to logits first');
    }
  }
}

/** Probabilities softmax(logits / temperature), [N, classes] like `logits`. */
export function softmax(logits: Float32Array, classes: number, temperature = 1): Float32Array {
  const probabilities = new Float32Array(logits.length);
  for (let start = 0; start < logits.length; start += classes) {
    const row = logits.subarray(start, start + classes);
    const largest = row.reduce((a, b) => Math.max(a, b));
    const sum = row.reduce((total, value) => total + Math.exp((value - largest) / temperature), 0);
    row.forEach((value, i) => {
      probabilities[start + i] = Math.exp((value - largest) / temperature) / sum;
    });
  }
  return probabilities;
}

/** The class with the largest score of each sample; of equal ones the first. */
export function predictedClasses(predictions: Predictions): Uint8Array {
  const { scores, targets, classes } = predictions;
  return targets.map((_, sample) => {
    let best = 0;
    for (let i = 1; i < classes; i++) {
      if (scores[sample * classes + i]! > scores[sample * classes + best]!) best = i;
    }
    return best;
  });
}

/** 1 where the likeliest class is the true one, else 0; [N]. */
export function correctness(predictions: Predictions): Uint8Array {
  return predictedClasses(predictions).map((predicted, i) => (predicted === predictions.targets[i] ? 1 : 0));
}

/**
 * Adds up classes: class `c` becomes class `groups[c]`, its probability goes there too. With the seven expressions and
 * groups [0, 0, 1, 2, 3, 4, 5] disgust is merged into angry.
 * @throws VisionError `BAD_METRICS_INPUT` if groups are not one per class, numbered from 0 without gaps.
 */
export function mergeClasses(predictions: Predictions, groups: readonly number[]): Predictions {
  checkPredictions(predictions);
  const merged = new Set(groups).size;
  const numbered = groups.every((group) => Number.isInteger(group) && group >= 0 && group < merged);
  if (groups.length !== predictions.classes || !numbered) {
    throw fault(`groups [${groups.join(', ')}] do not number ${predictions.classes} classes from 0 without gaps`);
  }
  const scores = new Float32Array(predictions.targets.length * merged);
  predictions.scores.forEach((score, i) => {
    const sample = Math.floor(i / predictions.classes);
    scores[sample * merged + groups[i % predictions.classes]!]! += score;
  });
  return { scores, targets: predictions.targets.map((target) => groups[target]!), classes: merged };
}

/** The samples for which `keep(index)` is true. */
export function selectSamples(predictions: Predictions, keep: (sample: number) => boolean): Predictions {
  const { scores, targets, classes } = predictions;
  return {
    scores: scores.filter((_, i) => keep(Math.floor(i / classes))),
    targets: targets.filter((_, sample) => keep(sample)),
    classes,
  };
}

/** A `BAD_METRICS_INPUT` error. */
export function fault(message: string, hint?: string): VisionError {
  return new VisionError('BAD_METRICS_INPUT', message, hint);
}
