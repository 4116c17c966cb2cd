import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeModel, encodeModel } from '@mememoji/graph/codec';
import type { VariableValues } from '@mememoji/graph/layers';
import type { Model } from '@mememoji/graph/model';
import type { Values } from '@mememoji/graph/session';
import { storeAsFloat16 } from '@mememoji/graph/stored-weights';
import { float32, sizeOf, type TensorData } from '@mememoji/graph/tensor';
import { InferenceSession } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { firstState } from '../src/first-state.ts';
import { buildInferenceModel } from '../src/inference-model.ts';
import { Random } from '../src/random.ts';
import type { Recipe } from '../src/recipe.ts';
import { describeModel } from '../src/run-report.ts';
import { estimateStatistics } from '../src/statistics.ts';
import { drawMasks } from '../src/stepper.ts';
import { selectTrainingData } from '../src/training-data.ts';
import { buildStatisticsGraph, buildTrainingGraph } from '../src/training-graph.ts';
import { temporaryFolder } from './helpers/fer-like.ts';
import { BATCH, CLASSES, CNN9, expectClose, operatorsOf, pictures, targets } from './helpers/tiny-net.ts';
import { engine, numbersOf, tinyDataset, tinyRecipe } from './helpers/tiny-run.ts';

/** A net whose tensors are all so small that the exported file keeps them as float32. */
const RESIDUAL = { architecture: 'residual', stem: 4, widths: [4, 5], blocks: 2 };

/** Values that are not those with which training begins, so that no part of a normalisation could be forgotten. */
function shaken(state: Values): Values {
  const random = new Random(3);
  const shake = (value: TensorData) =>
    float32(
      value.shape,
      numbersOf(value).map((each) => each + 0.2 * random.normal()),
    );
  return Object.fromEntries(Object.entries(state).map(([name, value]) => [name, shake(value)]));
}

/** What ONNX Runtime makes of a model before it runs it, short of the layouts of one processor. */
async function optimised(model: Model): Promise<Model> {
  const optimizedModelFilePath = join(temporaryFolder(), 'optimised.onnx');
  const session = await InferenceSession.create(encodeModel(model), {
    optimizedModelFilePath,
    graphOptimizationLevel: 'extended',
    logSeverityLevel: 3,
    intraOpNumThreads: 1,
  });
  await session.release();
  return decodeModel(readFileSync(optimizedModelFilePath));
}

async function run(model: Model, feeds: Values): Promise<Values> {
  const session = await engine(encodeModel(model));
  try {
    return await session.run(feeds);
  } finally {
    await session.close();
  }
}

function exportModel(recipe: Recipe, values: VariableValues): Model {
  const data = selectTrainingData(tinyDataset(70), recipe);
  const position = {
    fingerprint: '',
    epoch: 0,
    batch: 0,
    steps: 0,
    lossSum: 0,
    seconds: 0,
    epochSeconds: 0,
    history: [],
  };
  return storeAsFloat16(buildInferenceModel(recipe, values, describeModel(recipe, data, position)));
}

/** Mean of -log softmax(logits)[target], in float64. */
function meanCrossEntropy(logits: TensorData, expected: TensorData): number {
  const rowOf = (tensor: TensorData, row: number) => numbersOf(tensor).slice(row * CLASSES, (row + 1) * CLASSES);
  const losses = Array.from({ length: BATCH }, (_, row) => {
    const scores = rowOf(logits, row);
    const label = rowOf(expected, row).indexOf(1);
    return Math.log(scores.reduce((sum, value) => sum + Math.exp(value), 0)) - scores[label]!;
  });
  return losses.reduce((sum, loss) => sum + loss) / BATCH;
}

function scaled(value: TensorData, factor: number, lift = 0): TensorData {
  const numbers = numbersOf(value).map((each) => lift + factor * each);
  return float32(value.shape, numbers);
}

/** Elements that each channel's statistics of a batch are taken over, from the name of its convolution. */
function elementsBehind(name: string): number {
  const stage = Number(/(?:stage|block)(\d)/.exec(name)?.[1] ?? 0);
  const halvings = name.startsWith('block') ? stage - 1 : stage;
  return BATCH * (16 >> halvings) ** 2;
}

/** The statistics that make inference do on this batch what training does: its own, the variance as training has it. */
async function statisticsOf(
  recipe: Recipe,
  values: VariableValues,
  pixels: TensorData,
): Promise<Map<string, TensorData>> {
  const { model, variables, masks } = buildStatisticsGraph(recipe, 0);
  const names = [...variables.values()].filter(({ kind }) => kind === 'statistic').map(({ name }) => name);
  if (names.length === 0) return new Map();
  const inputs = new Set(model.graph.inputs.map(({ name }) => name));
  const feeds = [...values, ...Object.entries(drawMasks(masks, 1, 0))].filter(([name]) => inputs.has(name));
  const session = await engine(encodeModel(model));
  const statistics = await estimateStatistics(session, names, new Map(feeds), [pixels]);
  await session.close();
  const biased = (name: string, value: TensorData): TensorData => {
    const count = elementsBehind(name);
    const factor = name.endsWith('variance') ? (count - 1) / count : 1;
    return scaled(value, factor);
  };
  return new Map([...statistics].map(([name, value]) => [name, biased(name, value)]));
}

describe('the exported model', () => {
  const NETS: [string, Record<string, unknown>][] = [
    ['residual', RESIDUAL],
    ['cnn9', CNN9],
    ['cnn9 with batch normalisation', { ...CNN9, batchNorm: true }],
    ['joint', { architecture: 'joint', members: [RESIDUAL, CNN9] }],
  ];
  it.each(NETS)('gives what the training graph gives with the same statistics: %s', async (_, model) => {
    const recipe = tinyRecipe({ model, batchSize: BATCH, inputSize: 16 });
    const graph = buildTrainingGraph(recipe, CLASSES, 0);
    const state = shaken(firstState(graph, 1));
    const [pixels, labels] = [pictures(1), targets(2)];
    const open = Object.fromEntries(
      [...graph.masks].map(([name, { shape }]) => [name, float32(shape, new Float32Array(sizeOf(shape)).fill(1))]),
    );
    const scalars = { learningRate: float32([], [0]), step: float32([], [1]) };
    const wanted = new Set(graph.model.graph.inputs.map(({ name }) => name));
    const feeds = { ...state, ...scalars, ...open, pixels, targets: labels };
    const { loss } = await run(
      graph.model,
      Object.fromEntries(Object.entries(feeds).filter(([name]) => wanted.has(name))),
    );
    const weights = new Map([...graph.variables.keys()].map((name) => [name, state[name]!]));
    const values = new Map([...weights, ...(await statisticsOf(recipe, weights, pixels))]);
    const { logits } = await run(exportModel(recipe, values), { pixels });
    expect(logits!.shape).toEqual([BATCH, CLASSES]);
    expect(meanCrossEntropy(logits!, labels) / Number(loss!.data[0])).toBeCloseTo(1, 5);
  });

  it('keeps the variables under their names, and none that only training needs', () => {
    const recipe = tinyRecipe({ model: RESIDUAL, batchSize: BATCH, inputSize: 16, voteWeight: 0.3, averageDecay: 0.9 });
    const graph = buildTrainingGraph(recipe, CLASSES, 0);
    const state = shaken(firstState(graph, 1));
    const { initializers } = exportModel(tinyRecipe({ model: RESIDUAL }), new Map(Object.entries(state))).graph;
    const names = [...graph.variables.keys()].filter((name) => !name.startsWith('voteClassifier'));
    const kept = [...initializers].filter(([name]) => name in state);
    expect(kept.map(([name]) => name).sort()).toEqual(names.sort());
    for (const [name, value] of kept) expect(value.data, name).toEqual(state[name]!.data);
  });

  const WIDE = { architecture: 'residual', stem: 16, widths: [16, 32], blocks: 1 };
  it.each([
    ['float32', RESIDUAL, false],
    ['float16', WIDE, true],
  ])('is folded by the engine when it loads it: no normalisation is left, weights as %s', async (_, model, halves) => {
    const recipe = tinyRecipe({ model, batchSize: BATCH, inputSize: 16 });
    const values = firstState(buildTrainingGraph(recipe, CLASSES, 0), 1);
    const exported = exportModel(recipe, new Map(Object.entries(values)));
    expect(operatorsOf(exported)).toContain('BatchNormalization');
    expect(operatorsOf(exported).includes('Cast')).toBe(halves);
    const loaded = operatorsOf(await optimised(exported));
    expect(loaded.filter((operator) => /Conv/.test(operator))).toHaveLength(
      operatorsOf(exported).filter((each) => each === 'Conv').length,
    );
    expect(loaded.filter((operator) => /BatchNormalization|Cast/.test(operator))).toEqual([]);
  });

  it('takes any number of pictures and reads each by itself', async () => {
    const recipe = tinyRecipe({ model: RESIDUAL, batchSize: BATCH, inputSize: 16 });
    const values = new Map(Object.entries(shaken(firstState(buildTrainingGraph(recipe, CLASSES, 0), 1))));
    for (const [name, { data }] of values) if (name.endsWith('variance')) (data as Float32Array).fill(1);
    const model = exportModel(recipe, values);
    const { logits } = await run(model, { pixels: pictures(1) });
    const third = float32([1, 1, 16, 16], pictures(1).data.slice(512, 768) as Float32Array);
    const { logits: single } = await run(model, { pixels: third });
    expect(single!.shape).toEqual([1, CLASSES]);
    expectClose(single!, { ...single!, data: logits!.data.slice(2 * CLASSES, 3 * CLASSES) }, 'logits', 1e-5);
  });

  it('does not mind light and contrast', async () => {
    const recipe = tinyRecipe({ model: CNN9, batchSize: BATCH, inputSize: 16 });
    const model = exportModel(recipe, new Map(Object.entries(firstState(buildTrainingGraph(recipe, CLASSES, 0), 1))));
    const pixels = pictures(1);
    const [bright, dark] = [await run(model, { pixels }), await run(model, { pixels: scaled(pixels, 0.7, 20) })];
    expectClose(dark.logits!, bright.logits!, 'logits');
    const flat = float32(pixels.shape, new Float32Array(BATCH * 256).fill(128));
    for (const value of (await run(model, { pixels: flat })).logits!.data) expect(value).toSatisfy(Number.isFinite);
  });

  it('refuses weights of another net', () => {
    const recipe = tinyRecipe({ model: RESIDUAL, batchSize: BATCH, inputSize: 16 });
    expect(() => exportModel(recipe, new Map())).toThrow(expect.objectContaining({ code: 'BAD_FEED' }));
  });
});
