/** Sharpness-aware steps against the formula, computed here in float64, and against two plain steps of the same net. */
import { describe, expect, test } from 'vitest';
import { encodeModel } from '../src/codec.ts';
import { Graph, type Tensor, topologicalOrder } from '../src/graph.ts';
import { convNorm, denseLayer, dropoutLayer, initialValues, Scope } from '../src/layers.ts';
import { lower } from '../src/lowering.ts';
import { add, mul, scale, sub } from '../src/operators/arithmetic.ts';
import { crossEntropy } from '../src/operators/loss.ts';
import { globalAveragePool } from '../src/operators/pooling.ts';
import { reduceSum } from '../src/operators/reduction.ts';
import { flatten } from '../src/operators/shape.ts';
import { sgd } from '../src/optimizer.ts';
import type { Values } from '../src/session.ts';
import { substitute } from '../src/sharpness.ts';
import { float32 } from '../src/tensor.ts';
import { addTrainingStep, nextName, type StepOptions } from '../src/training-step.ts';
import { createNodeSession } from './node-session.ts';
import { numbersOf, relativeError } from './run-graph.ts';

const RATE = 0.1;
const scalars = { learningRate: float32([], [RATE]), step: float32([], [1]) };

/** Results of one step from `values`, by the names of outputs. */
async function step(
  build: (scope: Scope) => Tensor,
  values: (scope: Scope) => Values,
  options: Omit<StepOptions, 'optimizer'> = {},
): Promise<{ results: Values; parameters: string[]; start: Values }> {
  const scope = new Scope(new Graph());
  addTrainingStep(scope, build(scope), { optimizer: sgd({ momentum: 0 }), ...options });
  const session = await createNodeSession(encodeModel(lower(scope.graph)));
  const start = values(scope);
  const results = await session.run({ ...start, ...scalars });
  await session.close();
  const parameters = [...scope.variables.values()].filter(({ kind }) => kind === 'parameter').map(({ name }) => name);
  return { results, parameters, start };
}

describe('a bowl, steep in one direction and flat in the other', () => {
  const START = [3, -4];
  const STEEPNESS = [1, 0.25];
  const bowl = (scope: Scope) => {
    const initial = { constant: 0 };
    const w = scope.variable({ name: 'w', shape: [2], kind: 'parameter', decay: false, initial });
    const steepness = scope.graph.constant(float32([2], STEEPNESS));
    return scale(reduceSum(mul(steepness, mul(w, w))), 0.5);
  };
  const after = (radius: number) => {
    const slope = START.map((w, i) => STEEPNESS[i]! * w);
    const norm = Math.hypot(...slope);
    return START.map((w, i) => w - RATE * STEEPNESS[i]! * (w + (radius * slope[i]!) / norm));
  };

  test.each([0.5, 2])('is left by the slope at a distance of %d', async (sharpness) => {
    const { results } = await step(bowl, () => ({ w: float32([2], START) }), { sharpness });
    expect(relativeError(results[nextName('w')], float32([2], after(sharpness)))).toBeLessThan(1e-6);
    // The loss is that of the place where the step began.
    expect(results.loss!.data[0]).toBeCloseTo(0.5 * (9 + 0.25 * 16), 5);
  });

  test('is not left from its lowest place, where nothing leads uphill', async () => {
    const { results } = await step(bowl, () => ({ w: float32([2], [0, 0]) }), { sharpness: 1 });
    expect([...results[nextName('w')]!.data]).toEqual([0, 0]);
  });

  test.each([0, -1, Number.NaN])('has no place at a distance of %d', async (sharpness) => {
    await expect(step(bowl, () => ({ w: float32([2], START) }), { sharpness })).rejects.toThrow(
      expect.objectContaining({ code: 'BAD_ATTRIBUTE' }),
    );
  });

  test('the norm that is clipped is that of the slope uphill', async () => {
    const clipped = { sharpness: 2, clipNorm: 0.5 };
    const { results } = await step(bowl, () => ({ w: float32([2], START) }), clipped);
    const uphill = after(2).map((next, i) => (START[i]! - next) / RATE);
    expect(results.gradientNorm!.data[0]).toBeCloseTo(Math.hypot(...uphill), 5);
    const next = START.map((w, i) => w - (RATE * 0.5 * uphill[i]!) / Math.hypot(...uphill));
    expect(relativeError(results[nextName('w')], float32([2], next))).toBeLessThan(1e-6);
  });
});

/** How far a step moved a parameter, downhill. */
function shift({ start, results }: { start: Values; results: Values }, name: string): number[] {
  const next = numbersOf(results[nextName(name)]);
  return numbersOf(start[name]).map((value, i) => value - next[i]!);
}

describe('a net with normalisation and dropout', () => {
  const BATCH = 4;
  const net = (scope: Scope) => {
    const x = scope.graph.input('x', [BATCH, 1, 6, 6]);
    const maps = convNorm(scope, 'second', convNorm(scope, 'first', x, { kernel: 3, channels: 16 }), {
      kernel: 3,
      channels: 16,
    });
    const features = dropoutLayer(scope, 'mask', flatten(globalAveragePool(maps)), 0.25);
    return crossEntropy(denseLayer(scope, 'dense', features, 3), scope.graph.input('targets', [BATCH, 3]));
  };
  const wave = (size: number, speed: number) => Float32Array.from({ length: size }, (_, i) => Math.sin(speed * i + 1));
  const first = (scope: Scope): Values => {
    let drawn = 0;
    return {
      ...Object.fromEntries(initialValues(scope.variables.values(), () => Math.sin(drawn++ * 12.9898) * 1.4)),
      x: float32([BATCH, 1, 6, 6], wave(BATCH * 36, 0.7)),
      targets: float32([BATCH, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1, 0.5, 0.5, 0]),
      mask: float32(
        [BATCH, 16],
        Float32Array.from({ length: BATCH * 16 }, (_, i) => (i % 4 === 0 ? 0 : 4 / 3)),
      ),
    };
  };

  test('takes its gradients where a plain step from uphill would', async () => {
    const radius = 0.05;
    const plain = await step(net, first);
    const slopes = new Map(plain.parameters.map((name) => [name, shift(plain, name).map((value) => value / RATE)]));
    const norm = Math.hypot(...[...slopes.values()].flatMap((slope) => [...slope]));
    const moved = (scope: Scope): Values => {
      const values = { ...first(scope) };
      for (const [name, slope] of slopes) {
        const start = numbersOf(values[name]);
        const uphill = start.map((value, i) => value + (radius * slope[i]!) / norm);
        values[name] = float32(values[name]!.shape, uphill);
      }
      return values;
    };
    const uphill = await step(net, moved);
    const aware = await step(net, first, { sharpness: radius });
    for (const name of aware.parameters) {
      const [seen, wanted, beside] = [aware, uphill, plain].map((run) => shift(run, name)) as [
        number[],
        number[],
        number[],
      ];
      const largest = Math.max(...wanted.map(Math.abs));
      const error = (values: number[]) => Math.max(...values.map((value, i) => Math.abs(value - wanted[i]!))) / largest;
      expect(error(seen), name).toBeLessThan(2e-3);
      expect(error(beside), `${name} of the plain step`).toBeGreaterThan(2e-2);
    }
    // Statistics are those of the weights as they are.
    const mean = nextName('first.norm.mean');
    expect(aware.results[mean]).toEqual(plain.results[mean]);
    expect(aware.results.loss).toEqual(plain.results.loss);
  });
});

describe('substitute', () => {
  test('rebuilds what depends on the replaced, and shares the rest', () => {
    const graph = new Graph();
    const [a, b, c] = ['a', 'b', 'c'].map((name) => graph.input(name, [2])) as [Tensor, Tensor, Tensor];
    const shared = mul(a, a);
    const root = sub(shared, add(b, a));
    const replaced = substitute(root, new Map([[b, c]]));
    const inputs = topologicalOrder([replaced]).flatMap((node) => node.inputs);
    expect(inputs).toContain(c);
    expect(inputs).not.toContain(b);
    expect(inputs).toContain(shared);
    expect(substitute(shared, new Map([[b, c]]))).toBe(shared);
  });
});
