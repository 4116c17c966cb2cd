/** Optimisers against the formulas of their papers, computed here in float64. PyTorch's numbers are in torch-step.test.ts. */
import { describe, expect, test } from 'vitest';
import { encodeModel } from '../src/codec.ts';
import { Graph } from '../src/graph.ts';
import { Scope } from '../src/layers.ts';
import { lower } from '../src/lowering.ts';
import { add, mul } from '../src/operators/arithmetic.ts';
import { reduceSum } from '../src/operators/reduction.ts';
import { adam, adamW, clipByNorm, movingAverage, type Optimizer, sgd } from '../src/optimizer.ts';
import type { Values } from '../src/session.ts';
import { float32 } from '../src/tensor.ts';
import { addTrainingStep, averageName, nextName, type StepOptions } from '../src/training-step.ts';
import { createNodeSession } from './node-session.ts';
import { numbersOf, relativeError, runGraph } from './run-graph.ts';

const RATE = 0.1;
const AVERAGE_DECAY = 0.75;
const START = { weight: [1, -2, 3], bias: [0.5, 0.25, -1] };
/** What the loss multiplies the parameters by, which is their gradient, at each step. */
const SLOPES = [
  { weight: [0.5, -1, 0.25], bias: [2, 0.125, -0.5] },
  { weight: [-0.25, 1, 4], bias: [0.5, -1, -0.75] },
  { weight: [1, 1, -3], bias: [0.25, 0, 1] },
];

type Rule = (value: number, gradient: number, memory: number[], step: number, decay: boolean) => number;

/** The values of both parameters after all steps by a rule on numbers. */
function expected(rule: Rule): Record<'weight' | 'bias', number[]> {
  const follow = (name: 'weight' | 'bias') =>
    START[name].map((start, i) => {
      const memory = [0, 0];
      return SLOPES.reduce(
        (value, slopes, k) => rule(value, slopes[name][i]!, memory, k + 1, name === 'weight'),
        start,
      );
    });
  return { weight: follow('weight'), bias: follow('bias') };
}

/** Trains the parameters in a graph; `weight` takes weight decay, `bias` does not. */
async function trained(options: StepOptions): Promise<{ values: Values; results: Values[]; state: string[] }> {
  const graph = new Graph();
  const scope = new Scope(graph);
  const variable = (name: 'weight' | 'bias') => {
    const decay = name === 'weight';
    const tensor = scope.variable({ name, shape: [3], kind: 'parameter', decay, initial: { constant: 0 } });
    return reduceSum(mul(tensor, graph.input(`${name}Slope`, [3])));
  };
  const state = addTrainingStep(scope, add(variable('weight'), variable('bias')), options);
  const session = await createNodeSession(encodeModel(lower(graph)));
  let values: Values = Object.fromEntries([...state].map(([name, shape]) => [name, float32(shape, [0, 0, 0])]));
  for (const name of ['weight', 'bias'] as const) {
    values[name] = float32([3], START[name]);
    if (options.average) values[averageName(name)] = float32([3], START[name]);
  }
  const results: Values[] = [];
  for (const [k, slopes] of SLOPES.entries()) {
    const scalars = { learningRate: float32([], [RATE]), step: float32([], [k + 1]) };
    const average = options.average ? { averageDecay: float32([], [AVERAGE_DECAY]) } : {};
    const data = { weightSlope: float32([3], slopes.weight), biasSlope: float32([3], slopes.bias) };
    const result = await session.run({ ...values, ...scalars, ...average, ...data });
    values = Object.fromEntries([...state.keys()].map((name) => [name, result[nextName(name)]!]));
    results.push(result);
  }
  await session.close();
  return { values, results, state: [...state.keys()] };
}

const sgdRule =
  (momentum: number, nesterov: boolean, weightDecay: number): Rule =>
  (value, gradient, memory, _, decay) => {
    const slope = gradient + (decay ? weightDecay * value : 0);
    memory[0] = momentum * memory[0]! + slope;
    return value - RATE * (nesterov ? slope + momentum * memory[0] : memory[0]);
  };

const adamRule =
  (weightDecay: number, decoupled: boolean, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8): Rule =>
  (value, gradient, memory, step, decay) => {
    const slope = gradient + (decay && !decoupled ? weightDecay * value : 0);
    memory[0] = beta1 * memory[0]! + (1 - beta1) * slope;
    memory[1] = beta2 * memory[1]! + (1 - beta2) * slope ** 2;
    const [mean, square] = [memory[0] / (1 - beta1 ** step), memory[1] / (1 - beta2 ** step)];
    const shrunk = decay && decoupled ? value * (1 - RATE * weightDecay) : value;
    return shrunk - (RATE * mean) / (Math.sqrt(square) + epsilon);
  };

describe('three steps of', () => {
  test.each<[string, Optimizer, Rule, string[]]>([
    ['plain SGD', sgd({ momentum: 0 }), sgdRule(0, false, 0), []],
    ['SGD with decay', sgd({ momentum: 0, weightDecay: 0.25 }), sgdRule(0, false, 0.25), []],
    ['momentum', sgd({ momentum: 0.5, nesterov: false }), sgdRule(0.5, false, 0), ['velocity']],
    ['Nesterov, the default', sgd({ weightDecay: 0.25 }), sgdRule(0.9, true, 0.25), ['velocity']],
    ['Adam', adam(), adamRule(0, false), ['moment1', 'moment2']],
    ['Adam with decay', adam({ weightDecay: 0.25 }), adamRule(0.25, false), ['moment1', 'moment2']],
    ['AdamW, the default', adamW(), adamRule(0.01, true), ['moment1', 'moment2']],
    [
      'AdamW, all options',
      adamW({ beta1: 0.5, beta2: 0.75, epsilon: 0.125, weightDecay: 0.5 }),
      adamRule(0.5, true, 0.5, 0.75, 0.125),
      ['moment1', 'moment2'],
    ],
  ])('%s', async (_, optimizer, rule, memory) => {
    const { values, state } = await trained({ optimizer });
    const { weight, bias } = expected(rule);
    // float32 knows 1 - 0.999, by which Adam divides, to five digits.
    const tolerance = memory.includes('moment2') ? 1e-5 : 1e-6;
    expect(relativeError(values.weight, float32([3], weight))).toBeLessThan(tolerance);
    expect(relativeError(values.bias, float32([3], bias))).toBeLessThan(tolerance);
    const remembered = ['weight', 'bias'].flatMap((name) => memory.map((kind) => `${kind}/${name}`));
    expect(state.sort()).toEqual(['weight', 'bias', ...remembered].sort());
  });
});

describe('a training step', () => {
  test('gives the loss before the update, and the norm of the gradients before they were clipped', async () => {
    const { values, results } = await trained({ optimizer: sgd({ momentum: 0 }), clipNorm: 1 });
    const slopes = [...SLOPES[0]!.weight, ...SLOPES[0]!.bias];
    const loss = [...START.weight, ...START.bias].reduce((sum, value, i) => sum + value * slopes[i]!, 0);
    expect(numbersOf(results[0]!.loss)[0]).toBeCloseTo(loss, 5);
    for (const [k, result] of results.entries()) {
      const norm = Math.hypot(...SLOPES[k]!.weight, ...SLOPES[k]!.bias);
      expect(numbersOf(result.gradientNorm)[0]).toBeCloseTo(norm, 5);
    }
    const clipped = (name: 'weight' | 'bias') =>
      START[name].map((start, i) =>
        SLOPES.reduce(
          (value, each) => value - (RATE * each[name][i]!) / Math.hypot(...each.weight, ...each.bias),
          start,
        ),
      );
    expect(relativeError(values.weight, float32([3], clipped('weight')))).toBeLessThan(2e-6);
    expect(relativeError(values.bias, float32([3], clipped('bias')))).toBeLessThan(2e-6);
  });

  test('keeps an average of the parameters beside them', async () => {
    const { values, results } = await trained({ optimizer: sgd(), average: true });
    for (const name of ['weight', 'bias'] as const) {
      const average = results.reduce(
        (before, result) => {
          const after = numbersOf(result[nextName(name)]);
          return before.map((value, i) => AVERAGE_DECAY * value + (1 - AVERAGE_DECAY) * after[i]!);
        },
        [...START[name]],
      );
      expect(relativeError(values[averageName(name)], float32([3], average))).toBeLessThan(2e-6);
    }
  });

  test('has no inputs but those of its options', () => {
    const graph = new Graph();
    const scope = new Scope(graph);
    const w = scope.variable({ name: 'w', shape: [], kind: 'parameter', decay: true, initial: { constant: 1 } });
    addTrainingStep(scope, mul(w, w), { optimizer: sgd({ momentum: 0 }) });
    expect([...graph.inputs.keys()]).toEqual(['w', 'learningRate', 'step']);
    expect([...graph.outputs.keys()]).toEqual(['loss', 'next/w']);
  });
});

describe('clipByNorm', () => {
  const clip = async (gradients: number[][], maximum: number) => {
    const graph = new Graph();
    const inputs = gradients.map((values, i) => graph.input(`g${i}`, [values.length]));
    const clipped = clipByNorm(inputs, maximum);
    for (const [i, gradient] of clipped.gradients.entries()) graph.output(`clipped ${i}`, gradient);
    graph.output('norm', clipped.norm);
    const feeds = gradients.map((values, i) => [`g${i}`, float32([values.length], values)] as const);
    const outputs = await runGraph(graph, Object.fromEntries(feeds));
    const seen = gradients.map((_, i) => numbersOf(outputs[`clipped ${i}`]));
    return { gradients: seen, norm: numbersOf(outputs.norm)[0]! };
  };

  test('scales all gradients by one factor where their common norm is above the maximum', async () => {
    const { gradients, norm } = await clip([[3, 0], [-4]], 1);
    expect(norm).toBeCloseTo(5, 5);
    expect(gradients.flat().map((value) => value * 5)).toEqual([3, 0, -4].map((value) => expect.closeTo(value, 5)));
  });

  test.each([
    [[[3, 0.1], [-4]], 5.5],
    [[[0, 0], [0]], 1],
    [[[0.3], [1e-20]], 1e6],
  ])('changes no bit of %j below the maximum %d', async (values, maximum) => {
    const { gradients } = await clip(values, maximum);
    expect(gradients).toEqual(values.map((each) => Array.from(Float32Array.from(each))));
  });

  test.each([0, -1, Number.NaN])('refuses the maximum %d', (maximum) => {
    const x = new Graph().input('x', [1]);
    expect(() => clipByNorm([x], maximum)).toThrow(expect.objectContaining({ code: 'BAD_ATTRIBUTE' }));
    expect(() => clipByNorm([], 1)).toThrow(expect.objectContaining({ code: 'BAD_ATTRIBUTE' }));
  });
});

test('a moving average is exactly the value at decay 0 and never moves at decay 1', async () => {
  const graph = new Graph();
  const [average, value, decay] = [graph.input('average', [2]), graph.input('value', [2]), graph.input('decay', [])];
  graph.output('next', movingAverage(average, value, decay));
  const at = async (each: number) => {
    const feeds = { average: float32([2], [4, -8]), value: float32([2], [1, 16]), decay: float32([], [each]) };
    return numbersOf((await runGraph(graph, feeds)).next);
  };
  expect(await at(0)).toEqual([1, 16]);
  expect(await at(1)).toEqual([4, -8]);
  expect(await at(0.75)).toEqual([3.25, -2]);
});
