import { encodeModel } from '@mememoji/graph/codec';
import { float32, type TensorData } from '@mememoji/graph/tensor';
import { averageName } from '@mememoji/graph/training-step';
import { describe, expect, it } from 'vitest';
import { firstState } from '../src/first-state.ts';
import { Random } from '../src/random.ts';
import type { Recipe } from '../src/recipe.ts';
import { estimateStatistics } from '../src/statistics.ts';
import { trainedValues } from '../src/trained-values.ts';
import { selectTrainingData } from '../src/training-data.ts';
import { buildStatisticsGraph, buildTrainingGraph } from '../src/training-graph.ts';
import { engine, numbersOf, tinyDataset, tinyRecipe } from './helpers/tiny-run.ts';

const SIDE = 8;
const BATCH = 3;
const RECIPE = tinyRecipe({
  model: { architecture: 'residual', stem: 2, widths: [3], blocks: 1, dropout: 0.5 },
  inputSize: SIDE,
  batchSize: BATCH,
  averageDecay: 0.9,
});

function noise(seed: number): TensorData {
  const random = new Random(seed);
  return float32(
    [BATCH, 1, SIDE, SIDE],
    Array.from({ length: BATCH * SIDE * SIDE }, () => random.int(256)),
  );
}

/** A picture less its mean, over the root of its variance and one. */
function normalised(picture: readonly number[]): number[] {
  const mean = picture.reduce((sum, value) => sum + value) / picture.length;
  const variance = picture.reduce((sum, value) => sum + (value - mean) ** 2, 0) / picture.length;
  return picture.map((value) => (value - mean) / Math.sqrt(variance + 1));
}

/** The correlation of a picture with a 3x3 kernel, zeros around it. */
function correlated(picture: readonly number[], kernel: readonly number[]): number[] {
  const at = (x: number, y: number) => (x < 0 || y < 0 || x >= SIDE || y >= SIDE ? 0 : picture[y * SIDE + x]!);
  return picture.map((_, i) =>
    kernel.reduce(
      (sum, weight, k) => sum + weight * at((i % SIDE) + (k % 3) - 1, Math.floor(i / SIDE) + Math.floor(k / 3) - 1),
      0,
    ),
  );
}

/** Mean and unbiased variance of a channel of the first convolution over a batch. */
function momentsOf(pixels: TensorData, kernel: readonly number[]): { mean: number; variance: number } {
  const all = numbersOf(pixels);
  const values = Array.from({ length: BATCH }, (_, i) =>
    correlated(normalised(all.slice(i * SIDE * SIDE, (i + 1) * SIDE * SIDE)), kernel),
  ).flat();
  const mean = values.reduce((sum, value) => sum + value) / values.length;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1) };
}

describe('estimateStatistics', () => {
  it('is the mean over the batches of what each has, whatever was kept before', async () => {
    const { model, variables } = buildStatisticsGraph(RECIPE, 0);
    const graph = buildTrainingGraph(RECIPE, 7, 0);
    const state = firstState(graph, 1);
    const names = [...variables.values()].filter(({ kind }) => kind === 'statistic').map(({ name }) => name);
    const weights = new Map([...variables.keys()].map((name) => [name, state[name]!]));
    weights.set('dropout', float32([BATCH, 3], new Float32Array(BATCH * 3)));
    const session = await engine(encodeModel(model));
    const batches = [noise(1), noise(2), noise(3)];
    const statistics = await estimateStatistics(session, names, weights, batches);
    await session.close();
    expect([...statistics.keys()]).toEqual(names);
    const kernels = numbersOf(state['stem.weight']!);
    [0, 1].forEach((channel) => {
      const moments = batches.map((batch) => momentsOf(batch, kernels.slice(channel * 9, channel * 9 + 9)));
      const mean = moments.reduce((sum, each) => sum + each.mean, 0) / 3;
      const variance = moments.reduce((sum, each) => sum + each.variance, 0) / 3;
      expect(Number(statistics.get('stem.norm.mean')!.data[channel])).toBeCloseTo(mean, 5);
      expect(Number(statistics.get('stem.norm.variance')!.data[channel]) / variance).toBeCloseTo(1, 5);
    });
  });
});

describe('trainedValues', () => {
  const data = selectTrainingData(tinyDataset(105), RECIPE);
  const options = { data, epoch: 0, blockSize: 0, createSession: engine };

  it('takes the averages of the weights, and statistics that are theirs', async () => {
    const graph = buildTrainingGraph(RECIPE, 7, 0);
    const state = firstState(graph, 1);
    const doubled = float32(
      [2, 1, 3, 3],
      numbersOf(state['stem.weight']!).map((value) => 2 * value),
    );
    const averaged = { ...state, [averageName('stem.weight')]: doubled };
    const [before, after] = [
      await trainedValues(RECIPE, graph, state, options),
      await trainedValues(RECIPE, graph, averaged, options),
    ];
    expect(after.get('stem.weight')!.data).toEqual(doubled.data);
    expect(before.get('stem.norm.mean')!.data).not.toEqual(state['stem.norm.mean']!.data);
    numbersOf(before.get('stem.norm.variance')!).forEach((variance, i) => {
      expect(Number(after.get('stem.norm.variance')!.data[i]) / variance).toBeCloseTo(4, 4);
    });
    expect([...after.keys()].sort()).toEqual([...graph.variables.keys()].sort());
  });

  it('adds what the recipe says to the logits of a class', async () => {
    const graph = buildTrainingGraph(RECIPE, 7, 0);
    const state = firstState(graph, 1);
    const bias = numbersOf(state['classifier.bias']!);
    const logitAdjustment: Recipe['logitAdjustment'] = { fear: 0.5, sad: -0.25 };
    const values = await trainedValues({ ...RECIPE, logitAdjustment }, graph, state, options);
    const added = data.dataset.labels.map((label) => logitAdjustment[label] ?? 0);
    expect(numbersOf(values.get('classifier.bias')!)).toEqual(bias.map((each, i) => each + added[i]!));
    expect(values.get('classifier.weight')).toEqual(
      (await trainedValues(RECIPE, graph, state, options)).get('classifier.weight'),
    );
  });

  it('without an average takes everything as the last step left it', async () => {
    const recipe = { ...RECIPE, averageDecay: undefined };
    const graph = buildTrainingGraph(recipe, 7, 0);
    const state = firstState(graph, 1);
    const values = await trainedValues(recipe, graph, state, options);
    expect(Object.fromEntries(values)).toEqual(
      Object.fromEntries([...graph.variables.keys()].map((name) => [name, state[name]!])),
    );
  });
});
