import { float32, type TensorData } from '@mememoji/graph/tensor';
import { describe, expect, it } from 'vitest';
import { firstState } from '../src/first-state.ts';
import { Random } from '../src/random.ts';
import { drawMasks, Stepper } from '../src/stepper.ts';
import { buildTrainingGraph } from '../src/training-graph.ts';
import { engine, numbersOf, tinyRecipe } from './helpers/tiny-run.ts';

/** A batch of noise for the tiny net, four pictures of seven classes. */
function noise(): Record<string, TensorData> {
  const random = new Random(7);
  const pixels = Float32Array.from({ length: 4 * 400 }, () => random.int(256));
  const targets = Float32Array.from({ length: 4 * 7 }, (_, i) => Number(i % 7 === Math.floor(i / 7)));
  return { pixels: float32([4, 1, 20, 20], pixels), targets: float32([4, 7], targets) };
}

async function openStepper(changes: Record<string, unknown>) {
  const recipe = tinyRecipe({ batchSize: 4, ...changes });
  const graph = buildTrainingGraph(recipe, 7, 0);
  return Stepper.create(engine, graph, firstState(graph, recipe.seed), recipe.seed);
}

/** Euclidean distance between all parameters of two states. */
function distance(a: Record<string, TensorData>, b: Record<string, TensorData>): number {
  const names = Object.keys(a).filter((name) => /^(block|dense|classifier)/.test(name) && !/mean|variance/.test(name));
  const squares = names.flatMap((name) =>
    numbersOf(a[name]!).map((value, i) => (value - Number(b[name]!.data[i])) ** 2),
  );
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
}

describe('Stepper', () => {
  const OPTIMIZERS = [
    { optimizer: { kind: 'sgd' }, learningRate: 0.05 },
    { optimizer: { kind: 'sgd', momentum: 0, nesterov: false, weightDecay: 0 }, learningRate: 0.2 },
    { optimizer: { kind: 'adam' }, learningRate: 0.01 },
    { optimizer: { kind: 'adamw' }, learningRate: 0.01 },
  ];
  it.each(OPTIMIZERS)('learns a batch by heart with %j', async ({ optimizer, learningRate }) => {
    const stepper = await openStepper({ optimizer });
    const losses: number[] = [];
    for (let step = 1; step <= 15; step++) losses.push((await stepper.run(noise(), { learningRate, step })).loss);
    await stepper.close();
    expect(losses[0]).toBeCloseTo(Math.log(7), 0);
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 4);
  });

  it('clips the gradients to a common norm and tells the norm before', async () => {
    const optimizer = { kind: 'sgd', momentum: 0, nesterov: false, weightDecay: 0 };
    const [free, clipped, loose] = [{}, { clipNorm: 0.01 }, { clipNorm: 1e6 }].map((clip) =>
      openStepper({ optimizer, ...clip }),
    );
    const moved: number[] = [];
    const norms: (number | undefined)[] = [];
    for (const opening of [free!, clipped!, loose!]) {
      const stepper = await opening;
      const before = await stepper.readState();
      norms.push((await stepper.run(noise(), { learningRate: 1, step: 1 })).gradientNorm);
      moved.push(distance(await stepper.readState(), before));
      await stepper.close();
    }
    expect(norms[0]).toBeUndefined();
    expect(norms[1]).toBeGreaterThan(0.1);
    expect(norms[1]! / moved[0]!).toBeCloseTo(1, 4);
    expect(norms[2]! / moved[2]!).toBeCloseTo(1, 4);
    expect(moved[1]).toBeCloseTo(0.01, 6);
  });

  it('keeps its state where nothing is learned', async () => {
    const stepper = await openStepper({ averageDecay: 0.9 });
    const before = await stepper.readState();
    await stepper.run(noise(), { learningRate: 0, step: 1, averageDecay: 0.9 });
    expect(distance(await stepper.readState(), before)).toBe(0);
    expect((await stepper.readState())['block1.conv1.norm.mean']).not.toEqual(before['block1.conv1.norm.mean']);
    await stepper.close();
  });
});

describe('drawMasks', () => {
  const masks = new Map([
    ['a', { shape: [50, 40], rate: 0.3 }],
    ['b', { shape: [50, 40], rate: 0.9 }],
  ]);

  it('draws zeros with the chance of the rate, and what keeps the mean at 1', () => {
    const { a, b } = drawMasks(masks, 1, 1);
    for (const [mask, rate] of [
      [a!, 0.3],
      [b!, 0.9],
    ] as const) {
      const values = numbersOf(mask);
      expect(new Set(values)).toEqual(new Set([0, Math.fround(1 / (1 - rate))]));
      expect(values.filter((value) => value === 0).length / 2000).toBeCloseTo(rate, 1);
      expect(mask.shape).toEqual([50, 40]);
    }
  });

  it('depends on the seed and the step alone', () => {
    expect(drawMasks(masks, 1, 5)).toEqual(drawMasks(masks, 1, 5));
    expect(drawMasks(masks, 1, 5)).not.toEqual(drawMasks(masks, 1, 6));
    expect(drawMasks(masks, 1, 5)).not.toEqual(drawMasks(masks, 2, 5));
  });
});
