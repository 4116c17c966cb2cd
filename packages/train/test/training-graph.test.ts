import { probeBlockSize } from '@mememoji/graph/blocks';
import { encodeModel } from '@mememoji/graph/codec';
import { Graph } from '@mememoji/graph/graph';
import { Scope } from '@mememoji/graph/layers';
import { lower } from '@mememoji/graph/lowering';
import { float32 } from '@mememoji/graph/tensor';
import { describe, expect, it } from 'vitest';
import { firstState } from '../src/first-state.ts';
import { parseRecipe, type Recipe } from '../src/recipe.ts';
import { Stepper } from '../src/stepper.ts';
import { buildTrainingGraph, countParameters } from '../src/training-graph.ts';
import { createNet } from '../src/zoo/zoo.ts';
import { BATCH, CLASSES, CNN9, expectClose, operatorsOf, pictures, targets } from './helpers/tiny-net.ts';
import { engine, numbersOf, tinyRecipe } from './helpers/tiny-run.ts';

const blockSize = await probeBlockSize(engine);

describe('the training graph', () => {
  const NETS: [string, Record<string, unknown>][] = [
    ['residual', { architecture: 'residual', stem: 16, stemBlocks: 1, widths: [16, 32], blocks: 1, dropout: 0.3 }],
    ['mirrored pairs', { architecture: 'residual', stem: 16, widths: [16, 32], blocks: 1, mirror: true, dropout: 0.3 }],
    ['gates and places', { architecture: 'residual', stem: 16, widths: [16, 32], blocks: 1, gates: 16, places: 8 }],
    ['cnn9', { architecture: 'cnn9', widths: [16, 32], depth: 2, dense: [8], batchNorm: true }],
  ];
  it.runIf(blockSize > 0).each(NETS)('learns the same in blocks and without: %s', async (_, model) => {
    const recipe = tinyRecipe({ model, batchSize: BATCH, inputSize: 16, averageDecay: 0.5, clipNorm: 1 });
    const [plain, blocked] = await Promise.all([trainSteps(recipe, 0, 4), trainSteps(recipe, blockSize, 4)]);
    expect(plain.operators).toContain('Conv');
    expect(blocked.operators).toContain('ReorderInput');
    expectClose(float32([4], blocked.losses), float32([4], plain.losses), 'losses', 1e-4);
    expect(Object.keys(blocked.state)).toEqual(Object.keys(plain.state));
    for (const [name, value] of Object.entries(plain.state)) expectClose(blocked.state[name]!, value, name);
  });

  it('takes its gradients uphill where the recipe says how far, out of the same inputs', async () => {
    const options = { model: CNN9, batchSize: BATCH, inputSize: 16, averageDecay: 0.5 };
    const [plain, near, far] = await Promise.all(
      [{}, { sharpness: 1e-4 }, { sharpness: 1 }].map((more) =>
        trainSteps(tinyRecipe({ ...options, ...more }), blockSize, 4),
      ),
    );
    expect(Object.keys(far!.state)).toEqual(Object.keys(plain!.state));
    expectClose(float32([4], near!.losses), float32([4], plain!.losses), 'losses', 1e-3);
    // The first loss is that of the weights as drawn; the steps after it go elsewhere.
    expect(far!.losses[0]).toBeCloseTo(plain!.losses[0]!, 5);
    expect(Math.abs(far!.losses[3]! - plain!.losses[3]!)).toBeGreaterThan(1e-3);
    const convolutions = (run: typeof far) => run!.operators.filter((operator) => operator === 'Conv').length;
    expect(convolutions(far)).toBe(2 * convolutions(plain));
  });

  it('asks for nothing but its state, batch, scalars and masks', () => {
    const recipe = tinyRecipe({ model: CNN9, batchSize: BATCH, inputSize: 16, voteWeight: 0.3, averageDecay: 0.9 });
    const { model, state, masks } = buildTrainingGraph(recipe, CLASSES, 0);
    const batch = ['pixels', 'targets', 'votes', 'voteWeights'];
    const scalars = ['learningRate', 'step', 'averageDecay'];
    expect(model.graph.inputs.map(({ name }) => name).sort()).toEqual(
      [...state.keys(), ...masks.keys(), ...batch, ...scalars].sort(),
    );
    expect(model.graph.outputs.map(({ name }) => name).sort()).toEqual(
      ['loss', ...[...state.keys()].map((name) => `next/${name}`)].sort(),
    );
    expect([...masks]).toEqual([['dropout1', { shape: [BATCH, 6], rate: 0.4 }]]);
  });
});

describe('countParameters', () => {
  const count = (model: Record<string, unknown>, inputSize: number, classes: number) =>
    countParameters(parseRecipe({ name: 'x', epochs: 1, model, inputSize }), classes);
  const convolutions = (...widths: number[]) =>
    widths.slice(1).reduce((sum, width, i) => sum + 9 * widths[i]! * width + width, 0);
  const nine = convolutions(1, 32, 32, 32, 64, 64, 64, 128, 128, 128);

  it('counts the nine convolutions of the original and its dense layers', () => {
    expect(nine).toBe(480_192);
    const dense = (units: number) => 4608 * units + units + units * units + units + units * 6 + 6;
    expect(count({ architecture: 'cnn9' }, 48, 6)).toBe(nine + dense(64));
    // What its overnight script ended with: two dense layers of 512.
    expect(count({ architecture: 'cnn9', dense: [512, 512], dropout: 0.4 }, 48, 6)).toBe(3_105_734);
    expect(nine + dense(512)).toBe(3_105_734);
  });

  it('counts the net on which speed is measured, without what only training needs', () => {
    const norm = (width: number) => 2 * width;
    const block = (from: number, to: number) =>
      9 * from * to + 9 * to * to + 2 * norm(to) + (from === to ? 0 : from * to + norm(to));
    const stages = [
      [32, 48],
      [48, 96],
      [96, 192],
    ].map(([from, to]) => block(from!, to!) + block(to!, to!));
    const expected = 9 * 32 + norm(32) + stages.reduce((sum, stage) => sum + stage) + 192 * 7 + 7;
    expect(count({ architecture: 'residual' }, 40, 7)).toBe(expected);
    expect(expected / 1e6).toBeCloseTo(1.56, 2);
    expect(count({ architecture: 'residual', stemBlocks: 2 }, 40, 7)).toBe(expected + 2 * block(32, 32));
  });

  it('counts both channels of a mirrored pair once', () => {
    const model = { architecture: 'residual', stem: 8, widths: [16], blocks: 1 };
    const classifier = (features: number) => features * 7 + 7;
    const plain = count(model, 40, 7) - classifier(16);
    expect(count({ ...model, mirror: true }, 40, 7) - classifier(8)).toBe(plain / 2);
  });

  it('counts the gates of each block, and the features by place', () => {
    const model = { architecture: 'residual', stem: 8, widths: [16, 24], blocks: 1 };
    const plain = count(model, 40, 7);
    const gates = (width: number) => width * 4 + 4 + 4 * width + width;
    expect(count({ ...model, gates: 4 }, 40, 7) - plain).toBe(gates(16) + gates(24));
    // Ten by ten places of 24 channels behind two poolings, the normalisation, and the classifier.
    expect(count({ ...model, places: 5 }, 40, 7) - plain).toBe(5 * 24 * 100 + 2 * 5 + 5 * 7);
  });
});

describe('a residual net of mirrored pairs', () => {
  const MODEL = { architecture: 'residual', stem: 8, widths: [8, 12], blocks: 1 };

  it.each([true, false])('says the same of a picture and of its mirror image: %s', async (mirror) => {
    const recipe = tinyRecipe({ model: { ...MODEL, mirror }, inputSize: 16, averageDecay: 0.5 });
    const variables = buildTrainingGraph(recipe, CLASSES, 0);
    const values = new Map(
      Object.entries(firstState(variables, 3)).map(([name, value]) => {
        // Statistics and normalisations that differ from channel to channel, as training leaves them.
        const stir = name.includes('norm') ? (i: number) => 0.5 + 0.3 * Math.sin(i) : () => 0;
        const stirred = numbersOf(value).map((number, i) => number + stir(i));
        return [name, float32(value.shape, stirred)];
      }),
    );
    const graph = new Graph();
    const pixels = graph.input('pixels', [BATCH, 1, 16, 16]);
    const net = createNet(recipe.model)(new Scope(graph, values), pixels);
    graph.output('features', net.features);
    const session = await engine(encodeModel(lower(graph)));
    const shown = pictures(5);
    const mirrored = float32(
      shown.shape,
      numbersOf(shown).map((_, i, all) => all[i - (i % 16) + 15 - (i % 16)]!),
    );
    const [straight, turned] = [await session.run({ pixels: shown }), await session.run({ pixels: mirrored })];
    await session.close();
    expect(straight.features!.shape).toEqual([BATCH, mirror ? 6 : 12]);
    const difference = Math.max(
      ...numbersOf(straight.features!).map((value, i) => Math.abs(value - numbersOf(turned.features!)[i]!)),
    );
    const size = Math.max(...numbersOf(straight.features!).map(Math.abs));
    if (mirror) expect(difference / size).toBeLessThan(1e-5);
    else expect(difference / size).toBeGreaterThan(1e-2);
  });
});

/** Some steps over different batches; what they end with. */
async function trainSteps(recipe: Recipe, blockSize: number, steps: number) {
  const graph = buildTrainingGraph(recipe, CLASSES, blockSize);
  const stepper = await Stepper.create(engine, graph, firstState(graph, 1), 1);
  const losses: number[] = [];
  for (let step = 1; step <= steps; step++) {
    const batch = { pixels: pictures(step), targets: targets(step) };
    losses.push((await stepper.run(batch, { learningRate: 0.05, step, averageDecay: 0.5 })).loss);
  }
  const state = await stepper.readState();
  await stepper.close();
  return { losses, state, operators: operatorsOf(graph.model) };
}
