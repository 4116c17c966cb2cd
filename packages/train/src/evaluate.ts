import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import type { Expression } from '@mememoji/vision/expression';
import { bootstrapMean } from '@mememoji/vision/metrics/bootstrap';
import { brierScore, expectedCalibrationError, negativeLogLikelihood } from '@mememoji/vision/metrics/calibration';
import {
  accuracy,
  type ClassReport,
  classReports,
  confusionMatrix,
  macroF1,
  topKAccuracy,
} from '@mememoji/vision/metrics/confusion';
import {
  correctness,
  mergeClasses,
  type Predictions,
  selectSamples,
  softmax,
} from '@mememoji/vision/metrics/predictions';
import type { Classifier } from './classifier-session.ts';
import { type Dataset, type Split, splitIndices } from './dataset.ts';
import { testRowsWithoutTrainingCopy } from './duplicates.ts';
import { TrainError } from './error.ts';
import { cutWindows, type View, type ViewWindow, viewWindows } from './views.ts';

export interface PredictOptions {
  /** Default `single`. */
  view?: View;
  /** See {@link viewWindows}. */
  crop?: number;
  /** Pictures per run of the net; default 128. */
  batchSize?: number;
  /** Told after each batch how many of all net inputs are done. */
  onProgress?: (done: number, total: number) => void;
}

export interface EvaluateOptions extends PredictOptions {
  split: Split;
  /** Of the bootstrap. */
  seed?: number;
}

/** How well a classifier reads one split. Shares and probabilities are 0..1; class names are the model's labels. */
export interface Evaluation {
  /** Name and version of the model. */
  model: string;
  split: Split;
  view: View;
  samples: number;
  accuracy: number;
  /** 95%, percentile bootstrap over the samples. */
  accuracyInterval: [number, number];
  /** Disgust merged into angry: probabilities added, disgust counted as angry. */
  accuracy6: number;
  macroF1: number;
  /** The same after merging disgust into angry. */
  macroF1Six: number;
  /** How often the truth is among the two, the three likeliest. */
  top2: number;
  top3: number;
  /** Mean negative log-likelihood in nats, with the model's temperature and without. */
  nll: number;
  nllUncalibrated: number;
  /** Expected calibration error, 15 bins. */
  ece: number;
  eceUncalibrated: number;
  brier: number;
  temperature: number;
  /** What the model's threshold does: share of the samples that it calls uncertain, and accuracy on the others. */
  uncertainBelow: number;
  uncertainShare: number;
  accuracyWhenCertain: number | null;
  /** Samples that equal no Training picture pixel for pixel; null for Training itself. */
  samplesWithoutDuplicates: number | null;
  accuracyWithoutDuplicates: number | null;
  recall: Record<string, number>;
  precision: Record<string, number>;
  f1: Record<string, number>;
  support: Record<string, number>;
  /** Counts, rows by truth, columns by prediction, in the order of `labels`. */
  confusion: number[][];
  labels: string[];
  /** SHA-256 (hex) of the data set's unpacked content. */
  dataHash: string;
}

/**
 * Measures a classifier on a split. The decision is the mean of the views' probabilities, softmax(logits / temperature).
 * @throws TrainError `EMPTY_SELECTION` if the split has no rows, `BAD_CLASSES` if it has a class that the model lacks,
 * `BAD_OPTION`, `BAD_MODEL`
 */
export async function evaluateClassifier(
  classifier: Classifier,
  dataset: Dataset,
  options: EvaluateOptions,
): Promise<Evaluation> {
  const rows = rowsToEvaluate(dataset, options.split);
  modelTargets(dataset, rows, classifier.spec.labels);
  const logits = await predictLogits(classifier, dataset, rows, options);
  return evaluateLogits(classifier.spec, dataset, rows, logits, options);
}

/**
 * The same from logits that {@link predictLogits} gave for these rows of the split.
 * @throws TrainError `BAD_CLASSES`
 */
export function evaluateLogits(
  spec: ClassifierSpec,
  dataset: Dataset,
  rows: Uint32Array,
  logits: readonly Float32Array[],
  { split, view = 'single', seed = 1 }: EvaluateOptions,
): Evaluation {
  const targets = modelTargets(dataset, rows, spec.labels);
  const raw = { scores: meanProbabilities(logits, spec.labels.length, 1), targets, classes: spec.labels.length };
  const calibrated = { ...raw, scores: meanProbabilities(logits, spec.labels.length, spec.temperature) };
  return {
    model: `${spec.name} ${spec.version}`,
    split,
    view,
    samples: rows.length,
    ...accuracies(calibrated, spec.labels, seed),
    nll: negativeLogLikelihood(calibrated),
    nllUncalibrated: negativeLogLikelihood(raw),
    ece: expectedCalibrationError(calibrated),
    eceUncalibrated: expectedCalibrationError(raw),
    brier: brierScore(calibrated),
    temperature: spec.temperature,
    ...abstention(calibrated, spec.uncertainBelow),
    ...withoutDuplicates(calibrated, dataset, rows, split),
    ...byClass(calibrated, spec.labels),
    labels: [...spec.labels],
    dataHash: dataset.source.sha256,
  };
}

/** The rows of a split. @throws TrainError `EMPTY_SELECTION` if there are none */
export function rowsToEvaluate(dataset: Dataset, split: Split): Uint32Array {
  const rows = splitIndices(dataset, split);
  if (rows.length > 0) return rows;
  throw new TrainError('EMPTY_SELECTION', `the data set has no rows of ${split}`, 'choose another split');
}

/** Logits [rows, labels] of each window of the view, in the order of {@link viewWindows}. */
export async function predictLogits(
  classifier: Classifier,
  dataset: Dataset,
  rows: Uint32Array,
  { view = 'single', crop, ...options }: PredictOptions = {},
): Promise<Float32Array[]> {
  const windows = viewWindows(view, dataset, classifier.spec.input, crop);
  return predictWindows(classifier, dataset, rows, windows, options);
}

/** Logits [rows, labels] of each of some windows. */
export async function predictWindows(
  classifier: Classifier,
  dataset: Dataset,
  rows: Uint32Array,
  windows: readonly ViewWindow[],
  { batchSize = 128, onProgress }: Pick<PredictOptions, 'batchSize' | 'onProgress'> = {},
): Promise<Float32Array[]> {
  const { labels } = classifier.spec;
  const all = windows.map(() => new Float32Array(rows.length * labels.length));
  const total = rows.length * windows.length;
  for (const [i, window] of windows.entries()) {
    for (let start = 0; start < rows.length; start += batchSize) {
      const batch = rows.subarray(start, start + batchSize);
      const logits = await classifier.run(netInputs(classifier.spec, dataset, batch, window), batch.length);
      all[i]!.set(logits, start * labels.length);
      onProgress?.(i * rows.length + start + batch.length, total);
    }
  }
  return all;
}

/** What the net is fed for a window of some rows: float32 [rows, 1, height, width] in the model's own range. */
export function netInputs(
  { input }: Pick<ClassifierSpec, 'input'>,
  dataset: Dataset,
  rows: Uint32Array,
  window: ViewWindow,
): Float32Array {
  return toRange(cutWindows(dataset, rows, window, input), input.range);
}

/** The mean over windows of softmax(logits / temperature), [N, classes]. */
export function meanProbabilities(logits: readonly Float32Array[], classes: number, temperature: number): Float32Array {
  const mean = new Float32Array(logits[0]?.length ?? 0);
  for (const window of logits) {
    softmax(window, classes, temperature).forEach((probability, i) => {
      mean[i]! += probability / logits.length;
    });
  }
  return mean;
}

/** Grey 0..255 onto the range that the model wants, in place. */
function toRange(pixels: Float32Array, [low, high]: readonly [number, number]): Float32Array {
  if (low === 0 && high === 255) return pixels;
  return pixels.map((pixel) => low + (pixel / 255) * (high - low));
}

/** The rows' classes as indices into the model's labels. @throws TrainError `BAD_CLASSES` if the model lacks one */
export function modelTargets(dataset: Dataset, rows: Uint32Array, labels: readonly string[]): Uint8Array {
  const present = new Set(Array.from(rows, (row) => dataset.labels[dataset.targets[row]!]!));
  const stranger = [...present].find((label) => !labels.includes(label));
  if (stranger !== undefined) {
    throw new TrainError(
      'BAD_CLASSES',
      `the data has the class '${stranger}', the model knows only ${labels.join(', ')}`,
      'leave that class out or merge it into another: --merge of evaluate, --six of compare',
    );
  }
  return Uint8Array.from(rows, (row) => labels.indexOf(dataset.labels[dataset.targets[row]!]!));
}

function accuracies(predictions: Predictions, labels: readonly Expression[], seed: number) {
  const six = mergeClasses(predictions, sixClasses(labels).groups);
  return {
    accuracy: accuracy(predictions),
    accuracyInterval: bootstrapMean(correctness(predictions), { seed }),
    accuracy6: accuracy(six),
    macroF1: macroF1(confusionMatrix(predictions)),
    macroF1Six: macroF1(confusionMatrix(six)),
    top2: topKAccuracy(predictions, Math.min(2, predictions.classes)),
    top3: topKAccuracy(predictions, Math.min(3, predictions.classes)),
  };
}

/**
 * The classes once disgust is counted as angry, and for each label the number of its class, as `mergeClasses` takes it; a model
 * that lacks either keeps its classes.
 */
export function sixClasses(labels: readonly Expression[]): { names: readonly Expression[]; groups: number[] } {
  const merges = labels.includes('angry') && labels.includes('disgust');
  const names = merges ? labels.filter((label) => label !== 'disgust') : labels;
  const groups = labels.map((label) => names.indexOf(merges && label === 'disgust' ? 'angry' : label));
  return { names, groups };
}

function abstention(predictions: Predictions, threshold: number) {
  const { scores, targets, classes } = predictions;
  const isCertain = (sample: number) =>
    scores.subarray(sample * classes, (sample + 1) * classes).some((score) => score >= threshold);
  const certain = selectSamples(predictions, isCertain);
  return {
    uncertainBelow: threshold,
    uncertainShare: 1 - certain.targets.length / targets.length,
    accuracyWhenCertain: accuracyOrNull(certain),
  };
}

function withoutDuplicates(predictions: Predictions, dataset: Dataset, rows: Uint32Array, split: Split) {
  if (split === 'Training') return { samplesWithoutDuplicates: null, accuracyWithoutDuplicates: null };
  const kept = new Set(testRowsWithoutTrainingCopy(dataset, split));
  const clean = selectSamples(predictions, (sample) => kept.has(rows[sample]!));
  return { samplesWithoutDuplicates: clean.targets.length, accuracyWithoutDuplicates: accuracyOrNull(clean) };
}

function accuracyOrNull(predictions: Predictions): number | null {
  return predictions.targets.length === 0 ? null : accuracy(predictions);
}

function byClass(predictions: Predictions, labels: readonly string[]) {
  const confusion = confusionMatrix(predictions);
  const reports = classReports(confusion);
  const column = (key: keyof ClassReport) =>
    Object.fromEntries(labels.map((label, i) => [label, reports[i]![key]] as const));
  return {
    recall: column('recall'),
    precision: column('precision'),
    f1: column('f1'),
    support: column('support'),
    confusion,
  };
}
