import { confidences } from './calibration.ts';
import { checkProbabilities, correctness, fault, type Predictions } from './predictions.ts';

/** What is kept when every sample with a confidence below `threshold` is called uncertain. */
export interface CoveragePoint {
  /** Smallest confidence that is kept, 0..1. */
  threshold: number;
  /** Share of samples that is kept, 0..1. */
  coverage: number;
  /** Share of the kept samples that is right, 0..1. */
  accuracy: number;
}

export interface ThresholdOptions {
  /** Accuracy that the kept samples shall reach, 0..1. */
  targetAccuracy: number;
  /** Share of samples that must be kept whatever the accuracy, 0..1. */
  minimumCoverage: number;
}

export interface ThresholdChoice extends CoveragePoint {
  /** False where the target was out of reach within the minimum coverage. */
  reachesTarget: boolean;
}

/**
 * Accuracy against coverage (the risk-coverage curve): one point per distinct confidence, from the surest samples alone to
 * all of them. Geifman and El-Yaniv, Selective Classification for Deep Neural Networks, 2017.
 * @throws VisionError `BAD_METRICS_INPUT`
 */
export function coverageCurve(predictions: Predictions): CoveragePoint[] {
  checkProbabilities(predictions);
  const confidence = confidences(predictions);
  const correct = correctness(predictions);
  const order = Array.from(confidence.keys()).sort((a, b) => confidence[b]! - confidence[a]!);
  const points: CoveragePoint[] = [];
  let hits = 0;
  order.forEach((sample, i) => {
    hits += correct[sample]!;
    const next = order[i + 1];
    if (next !== undefined && confidence[next] === confidence[sample]) return;
    points.push({ threshold: confidence[sample]!, coverage: (i + 1) / order.length, accuracy: hits / (i + 1) });
  });
  return points;
}

/**
 * The threshold below which a face is called uncertain: of all thresholds that keep at least `minimumCoverage`, the
 * smallest at which the kept samples reach `targetAccuracy`; if none does, the largest, which keeps the least.
 * @throws VisionError `BAD_METRICS_INPUT`
 */
export function chooseThreshold(predictions: Predictions, options: ThresholdOptions): ThresholdChoice {
  const { targetAccuracy, minimumCoverage } = options;
  if (!(targetAccuracy >= 0 && targetAccuracy <= 1)) throw fault(`target accuracy ${targetAccuracy} is not in 0..1`);
  if (!(minimumCoverage >= 0 && minimumCoverage <= 1))
    throw fault(`minimum coverage ${minimumCoverage} is not in 0..1`);
  const allowed = coverageCurve(predictions).filter((point) => point.coverage >= minimumCoverage);
  const reaching = allowed.findLast((point) => point.accuracy >= targetAccuracy);
  const chosen = reaching ?? allowed[0]!;
  return { ...chosen, reachesTarget: reaching !== undefined };
}
