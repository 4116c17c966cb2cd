import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EpochMetrics } from '@mememoji/train/checkpoint';
import { type Dataset, splitIndices, takeRows } from '@mememoji/train/dataset';
import { cleanTraining } from '@mememoji/train/duplicates';
import { encodeInferenceModel } from '@mememoji/train/inference-model';
import { joinDatasets } from '@mememoji/train/join';
import { blendModels, describeAnew } from '@mememoji/train/model-edit';
import { readStartingWeights } from '@mememoji/train/model-variables';
import { parseRecipe, type Recipe } from '@mememoji/train/recipe';
import { sampleFraction } from '@mememoji/train/select';
import { type TrainOptions, train } from '@mememoji/train/trainer';
import { type ClassifierSpec, parseClassifierSpec } from '@mememoji/vision/classifier-spec';
import { readOnnxMetadata } from '@mememoji/vision/onnx-metadata';
import { ServerError } from '../error.ts';

export interface FineTuneOptions extends Pick<TrainOptions, 'createSession' | 'signal' | 'onProgress'> {
  /** Gets the files of the training. */
  folder: string;
  /** Other pictures of the same classes and size, such as FER2013, so that the model does not forget what it knew. */
  base?: Dataset | undefined;
  /** Instead of {@link fineTuneRecipe}'s. */
  recipe?: Recipe | undefined;
  onEpoch?: (metrics: EpochMetrics, epochs: number) => void;
}

/** How far from the old weights to the new ones a model goes that has no base data to keep it from forgetting. */
export const BLEND = 0.5;
/** Base pictures that an epoch has for each correction, at least {@link LEAST_BASE} in all. */
const BASE_PER_CORRECTION = 4;
const LEAST_BASE = 1500;
/** How often an epoch repeats each correction where it has base pictures, at most. */
const MOST_REPEATS = 4;

/**
 * Trains a model further on the Training split of corrections. With base data each epoch mixes a sample of it in; without,
 * the result stands half way between the old and the new weights and keeps the old calibration.
 * @param file path of the model
 * @returns the new model, or undefined if it was stopped
 * @throws TrainError as `train`; ServerError `BAD_CONFIG` if the model does not say of what net it is; GraphError `BAD_FEED`,
 * before anything is trained, if there is no base data and the recipe's net is another than the model's
 */
export async function fineTune(
  file: string,
  corrections: Dataset,
  options: FineTuneOptions,
): Promise<Uint8Array | undefined> {
  const bytes = await readFile(file);
  const spec = parseClassifierSpec(readOnnxMetadata(bytes));
  const { base, folder, createSession, signal, onProgress, onEpoch } = options;
  const data = base === undefined ? corrections : mixWithBase(corrections, base, spec);
  const recipe = options.recipe ?? fineTuneRecipe(spec);
  const batchSize = Math.min(recipe.batchSize, splitIndices(data, 'Training').length);
  const from = await readStartingWeights(file);
  // The model may have been written by another version of the program, which wrote the same net in other nodes.
  const old = base === undefined ? encodeInferenceModel(recipe, from.values, spec) : undefined;
  const { status } = await train(parseRecipe({ ...recipe, batchSize }), data, {
    folder,
    createSession,
    from,
    resume: true,
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
    ...(onEpoch && { onEpoch }),
  });
  if (status === 'interrupted') return undefined;
  const trained = await readFile(join(folder, 'model.onnx'));
  const { framing, temperature, uncertainBelow } = spec;
  if (old === undefined) return describeAnew(trained, (own) => ({ ...own, framing }));
  const blended = blendModels(old, trained, BLEND);
  return describeAnew(blended, (own) => ({ ...own, framing, temperature, uncertainBelow }));
}

/**
 * A few gentle epochs for the net of a model, which stands in the recipe that the model was trained by. The last epoch is kept
 * whatever it gives on the corrections that are held out: nothing is chosen on them.
 */
export function fineTuneRecipe({ training }: Pick<ClassifierSpec, 'training'>): Recipe {
  const { model, inputSize, evaluationSize } = recipeOf(training.recipe);
  return parseRecipe({
    name: 'fine-tuned',
    description: 'A model trained further on corrections.',
    model,
    inputSize,
    ...(evaluationSize !== undefined && { evaluationSize }),
    batchSize: 32,
    epochs: 6,
    schedule: { kind: 'cosine', peak: 0.005, warmupEpochs: 0.5 },
    augmentation: 'standard',
    labelSmoothing: 0.1,
    // Copies are taken care of where corrections and base data are put together.
    data: { dropCopies: false },
    keep: 'last',
  });
}

function recipeOf(text: string): Recipe {
  try {
    return parseRecipe(JSON.parse(text));
  } catch (cause) {
    const hint = 'pass a recipe with its net';
    throw new ServerError('BAD_CONFIG', 'the model does not say by what recipe it was trained', hint, { cause });
  }
}

/**
 * Corrections, each several times, and a sample of the base data's Training without copies of its tests. The base's PublicTest
 * stays to calibrate on.
 */
function mixWithBase(corrections: Dataset, base: Dataset, { labels }: ClassifierSpec): Dataset {
  const rows = splitIndices(corrections, 'Training');
  const clean = cleanTraining(base).indices;
  const wanted = Math.max(LEAST_BASE, BASE_PER_CORRECTION * rows.length);
  const sample = sampleFraction(base, clean, Math.min(1, wanted / clean.length), 1);
  const repeats = Math.min(MOST_REPEATS, Math.max(1, Math.floor(sample.length / rows.length)));
  const repeated = Uint32Array.from({ length: repeats * rows.length }, (_, i) => rows[i % rows.length]!);
  const measured = Uint32Array.from([...sample, ...splitIndices(base, 'PublicTest')]).sort();
  return joinDatasets([takeRows(corrections, repeated), withoutVotes(takeRows(base, measured))], labels);
}

function withoutVotes({ votes: _, ...dataset }: Dataset): Dataset {
  return dataset;
}
