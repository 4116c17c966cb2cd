import { checkPredictions, checkProbabilities, correctness, fault, type Predictions } from './predictions.ts';

/** Smallest probability that the log-likelihood counts; one sample costs at most 27.6 nats. */
const SMALLEST_PROBABILITY = 1e-12;

/** Temperatures among which {@link fitTemperature} searches. */
export const TEMPERATURE_RANGE: readonly [number, number] = [0.05, 20];

/** Samples whose confidence (largest probability) lies in (`from`, `to`]. */
export interface ReliabilityBin {
  from: number;
  to: number;
  count: number;
  /** Mean confidence of the bin's samples; 0 if there are none. */
  confidence: number;
  /** Share of them that is right; 0 if there are none. */
  accuracy: number;
}

/**
 * Mean of -log(probability of the true class), in nats; probabilities below 1e-12 count as 1e-12.
 * @throws VisionError `BAD_METRICS_INPUT`
 */
export function negativeLogLikelihood(predictions: Predictions): number {
  checkProbabilities(predictions);
  const { scores, targets, classes } = predictions;
  const total = targets.reduce(
    (sum, target, sample) => sum - Math.log(Math.max(scores[sample * classes + target]!, SMALLEST_PROBABILITY)),
    0,
  );
  return total / targets.length;
}

/**
 * Brier score of several classes: the mean over samples of the squared distance between the probabilities and the
 * one-hot truth, 0 (perfect) to 2. Brier, Verification of forecasts expressed in terms of probability, 1950.
 * @throws VisionError `BAD_METRICS_INPUT`
 */
export function brierScore(predictions: Predictions): number {
  checkProbabilities(predictions);
  const { scores, targets, classes } = predictions;
  const total = scores.reduce((sum, score, i) => {
    const truth = targets[Math.floor(i / classes)] === i % classes ? 1 : 0;
    return sum + (score - truth) ** 2;
  }, 0);
  return total / targets.length;
}

/** The largest probability of each sample, [N]. */
export function confidences({ scores, targets, classes }: Predictions): Float32Array {
  return Float32Array.from(targets, (_, sample) =>
    scores.subarray(sample * classes, (sample + 1) * classes).reduce((a, b) => Math.max(a, b)),
  );
}

/**
 * Confidence against accuracy in `bins` bins of equal width, for a reliability diagram.
 * Guo et al., On Calibration of Modern Neural Networks, 2017.
 * @throws VisionError `BAD_METRICS_INPUT`
 */
export function reliabilityBins(predictions: Predictions, bins = 15): ReliabilityBin[] {
  checkProbabilities(predictions);
  if (!(Number.isInteger(bins) && bins > 0)) throw fault(`${bins} bins are not possible`, 'pass a positive integer');
  const sums = Array.from({ length: bins }, () => ({ count: 0, confidence: 0, correct: 0 }));
  const correct = correctness(predictions);
  confidences(predictions).forEach((confidence, sample) => {
    const index = Math.min(Math.max(Math.ceil(confidence * bins) - 1, 0), bins - 1);
    const bin = sums[index]!;
    bin.count += 1;
    bin.confidence += confidence;
    bin.correct += correct[sample]!;
  });
  return sums.map(({ count, confidence, correct }, i) => ({
    from: i / bins,
    to: (i + 1) / bins,
    count,
    confidence: count === 0 ? 0 : confidence / count,
    accuracy: count === 0 ? 0 : correct / count,
  }));
}

/**
 * Expected calibration error, 0..1: the mean gap between confidence and accuracy over equal-width bins, weighted by their
 * counts. Guo et al. 2017.
 * @throws VisionError `BAD_METRICS_INPUT`
 */
export function expectedCalibrationError(predictions: Predictions, bins = 15): number {
  const total = predictions.targets.length;
  return reliabilityBins(predictions, bins).reduce(
    (sum, bin) => sum + (bin.count / total) * Math.abs(bin.accuracy - bin.confidence),
    0,
  );
}

/**
 * The temperature T at which softmax(logits / T) has the smallest negative log-likelihood, within
 * {@link TEMPERATURE_RANGE}. Scores are logits. The likelihood is concave in 1/T, so its slope is bisected; logits that
 * are always right would want T = 0 and get the range's lower end. Guo et al. 2017.
 * @throws VisionError `BAD_METRICS_INPUT`
 */
export function fitTemperature(predictions: Predictions): number {
  checkPredictions(predictions);
  let low = 1 / TEMPERATURE_RANGE[1];
  let high = 1 / TEMPERATURE_RANGE[0];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (likelihoodSlope(predictions, middle) > 0) low = middle;
    else high = middle;
  }
  return Math.min(Math.max(2 / (low + high), TEMPERATURE_RANGE[0]), TEMPERATURE_RANGE[1]);
}

/** Derivative of the log-likelihood by the inverse temperature: the true class's logit less the expected logit. */
function likelihoodSlope({ scores, targets, classes }: Predictions, inverse: number): number {
  let slope = 0;
  for (let sample = 0; sample < targets.length; sample++) {
    const start = sample * classes;
    let largest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < classes; i++) largest = Math.max(largest, scores[start + i]!);
    let weights = 0;
    let expected = 0;
    for (let i = 0; i < classes; i++) {
      const weight = Math.exp((scores[start + i]! - largest) * inverse);
      weights += weight;
      expected += weight * scores[start + i]!;
    }
    slope += scores[start + targets[sample]!]! - expected / weights;
  }
  return slope;
}
