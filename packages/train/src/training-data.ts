import { type Dataset, splitIndices } from './dataset.ts';
import { cleanTraining } from './duplicates.ts';
import { TrainError } from './error.ts';
import { FERPLUS_CATEGORIES } from './ferplus-csv.ts';
import type { Recipe } from './recipe.ts';
import { holdOut, mergeClasses, repeatClasses, sampleFraction, selectClasses } from './select.ts';
import { labelsOfVotes } from './vote-labels.ts';

/** The data set as a recipe wants it, and the rows to fit on and to choose by. */
export interface TrainingData {
  dataset: Dataset;
  /** Rows of repeated classes stand in it several times. */
  training: Uint32Array;
  validation: Uint32Array;
  /** [dataset.count, classes] probabilities of teachers. */
  teacher?: Float32Array;
  /** [dataset.count, classes] probabilities by the FER+ votes. */
  voteLabels?: Float32Array;
}

const NOT_A_FACE = FERPLUS_CATEGORIES.indexOf('nf');
/** Part of Training that is held out where the data brings no PublicTest. */
const HELD_OUT = 0.1;

/**
 * Selects classes and rows. PublicTest is for choosing; without one a tenth of Training is taken for that.
 * @throws TrainError `BAD_RECIPE`, `BAD_VOTES` if the data cannot serve the recipe, `BAD_CLASSES`
 */
export function selectTrainingData(source: Dataset, recipe: Recipe): TrainingData {
  checkServes(source, recipe);
  const { data, seed } = recipe;
  const merged = mergeClasses(source, data.merge);
  const selected = data.classes === undefined ? merged : selectClasses(merged, data.classes);
  const dataset = splitIndices(selected, 'PublicTest').length > 0 ? selected : holdOut(selected, HELD_OUT, seed);
  checkAdjusts(dataset, recipe);
  const clean = data.dropCopies ? cleanTraining(dataset).indices : splitIndices(dataset, 'Training');
  const faces = data.dropNonFaces ? clean.filter((row) => !isNonFace(dataset, row)) : clean;
  const sample = data.fraction < 1 ? sampleFraction(dataset, faces, data.fraction, seed) : faces;
  const training = repeatClasses(dataset, sample, data.repeat);
  const rows = { dataset, training, validation: splitIndices(dataset, 'PublicTest') };
  return (recipe.distillation?.votes ?? 0) > 0 ? { ...rows, voteLabels: labelsOfVotes(dataset, sample) } : rows;
}

function checkServes(
  { width, height, votes }: Dataset,
  { inputSize, evaluationSize = 0, voteWeight, distillation }: Recipe,
): void {
  const entry = inputSize > evaluationSize ? 'inputSize' : 'evaluationSize';
  const side = Math.max(inputSize, evaluationSize);
  if (side > Math.min(width, height)) {
    throw new TrainError('BAD_RECIPE', `${entry}: ${side} is more than the data's pictures of ${width}x${height} have`);
  }
  const entries = { voteWeight, 'distillation.votes': distillation?.votes ?? 0 };
  const wanted = Object.entries(entries).find(([, weight]) => weight > 0);
  if (wanted !== undefined && votes === undefined) {
    const [name] = wanted;
    throw new TrainError('BAD_VOTES', `${name}: the data has no FER+ votes`, `pass --votes, or leave ${name} out`);
  }
}

function checkAdjusts({ labels }: Dataset, { logitAdjustment }: Recipe): void {
  const known: readonly string[] = labels;
  const stranger = Object.keys(logitAdjustment).find((label) => !known.includes(label));
  if (stranger === undefined) return;
  throw new TrainError(
    'BAD_CLASSES',
    `logitAdjustment: the data set has no class '${stranger}'`,
    `it has ${labels.join(', ')}`,
  );
}

function isNonFace({ votes }: Dataset, row: number): boolean {
  if (votes === undefined) return false;
  const width = FERPLUS_CATEGORIES.length;
  const own = votes.subarray(row * width, (row + 1) * width);
  const total = own.reduce((sum, count) => sum + count, 0);
  return own[NOT_A_FACE]! * 2 > total;
}
