import { encodeModel } from '@mememoji/graph/codec';
import type { VariableValues } from '@mememoji/graph/layers';
import type { Session, SessionFactory, Values } from '@mememoji/graph/session';
import { float32, type TensorData } from '@mememoji/graph/tensor';
import { averageName } from '@mememoji/graph/training-step';
import type { Expression } from '@mememoji/vision/expression';
import type { Recipe } from './recipe.ts';
import { estimateStatistics } from './statistics.ts';
import { drawMasks } from './stepper.ts';
import { batchTensors, createTrainingBatches } from './training-batches.ts';
import type { TrainingData } from './training-data.ts';
import { buildStatisticsGraph, CLASSIFIER_BIAS, type TrainingGraph } from './training-graph.ts';

/** What the statistics of averaged weights are estimated with. */
export interface StatisticsOptions {
  data: TrainingData;
  /** Epoch from 0 whose batches are looked at. */
  epoch: number;
  blockSize: number;
  createSession: SessionFactory;
}

/** Batches that statistics are estimated on, or all of an epoch if it has fewer. */
const STATISTICS_BATCHES = 40;

/**
 * The weights to evaluate and export: those of the last step, or where the recipe keeps a moving average that, with
 * statistics of the batch normalisations estimated for it. The classifier's biases are adjusted as the recipe wants it.
 * @param state of the training graph
 */
export async function trainedValues(
  recipe: Recipe,
  { variables }: Pick<TrainingGraph, 'variables'>,
  state: Values,
  options: StatisticsOptions,
): Promise<Map<string, TensorData>> {
  const values = new Map([...variables.keys()].map((name) => [name, state[averageName(name)] ?? state[name]!]));
  const statistics = recipe.averageDecay === undefined ? [] : await estimateAll(recipe, values, options);
  return new Map([...values, ...statistics, ...adjustedBias(recipe, values, options.data.dataset.labels)]);
}

function adjustedBias(
  { logitAdjustment }: Recipe,
  values: VariableValues,
  labels: readonly Expression[],
): Map<string, TensorData> {
  const bias = values.get(CLASSIFIER_BIAS)!;
  const adjusted = Float32Array.from(labels, (label, i) => Number(bias.data[i]) + (logitAdjustment[label] ?? 0));
  return new Map([[CLASSIFIER_BIAS, float32(bias.shape, adjusted)]]);
}

async function estimateAll(
  recipe: Recipe,
  values: VariableValues,
  { data, epoch, blockSize, createSession }: StatisticsOptions,
): Promise<Map<string, TensorData>> {
  const { model, variables, masks } = buildStatisticsGraph(recipe, blockSize);
  const names = [...variables.values()].filter(({ kind }) => kind === 'statistic').map(({ name }) => name);
  if (names.length === 0) return new Map();
  const inputs = new Set(model.graph.inputs.map(({ name }) => name));
  const feeds = [...values, ...Object.entries(drawMasks(masks, recipe.seed, 0))];
  const session: Session = await createSession(encodeModel(model));
  try {
    const pixels = await firstPixels(recipe, data, epoch);
    return await estimateStatistics(session, names, new Map(feeds.filter(([name]) => inputs.has(name))), pixels);
  } finally {
    await session.close();
  }
}

async function firstPixels(recipe: Recipe, data: TrainingData, epoch: number): Promise<TensorData[]> {
  const batches = createTrainingBatches(recipe, data, { epoch, batch: 0 });
  const pixels: TensorData[] = [];
  try {
    while (pixels.length < Math.min(STATISTICS_BATCHES, batches.perEpoch)) {
      pixels.push(batchTensors((await batches.next())!, recipe.inputSize).pixels!);
    }
    return pixels;
  } finally {
    await batches.close();
  }
}
