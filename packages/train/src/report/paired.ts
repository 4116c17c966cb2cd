import { bootstrapMean } from '@mememoji/vision/metrics/bootstrap';
import { expectedCalibrationError, negativeLogLikelihood } from '@mememoji/vision/metrics/calibration';
import { accuracy, confusionMatrix, macroF1, topKAccuracy } from '@mememoji/vision/metrics/confusion';
import { type McNemarResult, mcNemarTest } from '@mememoji/vision/metrics/mcnemar';
import { correctness, type Predictions, predictedClasses } from '@mememoji/vision/metrics/predictions';

/** What a model says of some faces, as probabilities, with the names of its classes. */
export interface Answers {
  labels: readonly string[];
  predictions: Predictions;
}

/** How good one model is. */
export interface ModelScores {
  accuracy: number;
  /** 95%, percentile bootstrap over the faces. */
  accuracyInterval: [number, number];
  macroF1: number;
  top2: number;
  nll: number;
  ece: number;
}

/** How two models differ on the same faces. Shares are 0..1; differences are the second less the first. */
export interface PairedResult {
  /** With its 95% interval from a bootstrap over the faces, each resample the same for both. */
  difference: { accuracy: number; interval: [number, number] };
  mcnemar: McNemarResult;
  bothRight: number;
  bothWrong: number;
  /** Share of the faces in which both read the same, right or wrong. */
  agreement: number;
  /** The classes that the data has, by name. */
  classes: Record<string, ComparedClass>;
}

export interface ComparedClass {
  samples: number;
  recall: [number, number];
  difference: number;
  /** Faces that only the first model, only the second got right. */
  onlyFirst: number;
  onlySecond: number;
}

export function scoreAnswers({ predictions }: Answers, seed: number): ModelScores {
  return {
    accuracy: accuracy(predictions),
    accuracyInterval: bootstrapMean(correctness(predictions), { seed }),
    macroF1: macroF1(confusionMatrix(predictions)),
    top2: topKAccuracy(predictions, 2),
    nll: negativeLogLikelihood(predictions),
    ece: expectedCalibrationError(predictions),
  };
}

/** Both answers are for the same faces in the same order; the order of the classes may differ. */
export function compareAnswers(first: Answers, second: Answers, seed: number): PairedResult {
  const [right1, right2] = [correctness(first.predictions), correctness(second.predictions)];
  const differences = Int8Array.from(right1, (right, i) => right2[i]! - right);
  const [names1, names2] = [answerNames(first), answerNames(second)];
  return {
    difference: { accuracy: mean(differences), interval: bootstrapMean(differences, { seed }) },
    mcnemar: mcNemarTest(right1, right2),
    bothRight: count(right1, (right, i) => right === 1 && right2[i] === 1),
    bothWrong: count(right1, (right, i) => right === 0 && right2[i] === 0),
    agreement: count(names1, (name, i) => name === names2[i]) / names1.length,
    classes: compareClasses(first, right1, right2),
  };
}

function compareClasses({ labels, predictions }: Answers, right1: Uint8Array, right2: Uint8Array) {
  const entries = labels.map((label, index): [string, ComparedClass] => {
    const own = (right: Uint8Array) => right.filter((_, sample) => predictions.targets[sample] === index);
    return [label, compareClass(own(right1), own(right2))];
  });
  return Object.fromEntries(entries.filter(([, { samples }]) => samples > 0));
}

function compareClass(right1: Uint8Array, right2: Uint8Array): ComparedClass {
  const recall: [number, number] = [mean(right1), mean(right2)];
  return {
    samples: right1.length,
    recall,
    difference: recall[1] - recall[0],
    onlyFirst: count(right1, (right, i) => right > right2[i]!),
    onlySecond: count(right1, (right, i) => right < right2[i]!),
  };
}

function answerNames({ labels, predictions }: Answers): string[] {
  return Array.from(predictedClasses(predictions), (index) => labels[index]!);
}

function count<T>(values: ArrayLike<T>, counts: (value: T, index: number) => boolean): number {
  return Array.from(values).filter(counts).length;
}

function mean(values: Uint8Array | Int8Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
