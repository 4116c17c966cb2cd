import { beforeAll, describe, expect, test } from 'vitest';
import { probeBlockSize } from '../src/blocks.ts';
import { encodeModel } from '../src/codec.ts';
import { Graph, type Tensor } from '../src/graph.ts';
import {
  channelGates,
  convLayer,
  convNorm,
  denseLayer,
  dropoutLayer,
  heDeviation,
  initialValues,
  Scope,
} from '../src/layers.ts';
import { lower, NCHWC_DOMAIN } from '../src/lowering.ts';
import { tanh } from '../src/operators/activation.ts';
import { crossEntropy } from '../src/operators/loss.ts';
import { averagePool, globalAveragePool, maxPool } from '../src/operators/pooling.ts';
import { reduceSum } from '../src/operators/reduction.ts';
import { flatten } from '../src/operators/shape.ts';
import { sgd } from '../src/optimizer.ts';
import type { Values } from '../src/session.ts';
import { float32, type Shape, sizeOf, type TensorData } from '../src/tensor.ts';
import { addTrainingStep, nextName, STATISTICS_MOMENTUM } from '../src/training-step.ts';
import { createNodeSession } from './node-session.ts';
import { numbersOf, relativeError, runGraph, wave } from './run-graph.ts';

const coded = (code: string) => expect.objectContaining({ name: 'GraphError', code });

/** The net of a layer, and the first values of its variables drawn as waves. */
function trainingNet(shape: Shape, layer: (scope: Scope, x: Tensor) => Tensor) {
  const graph = new Graph();
  const scope = new Scope(graph);
  const y = layer(scope, graph.input('x', shape));
  const values = initialValues(scope.variables.values(), waves());
  return { graph, scope, y, values };
}

function waves(): () => number {
  let i = 0;
  return () => Math.sin(++i * 2.3);
}

describe('a scope', () => {
  test('in training reads variables as inputs, and knows what they are', () => {
    const { graph, scope } = trainingNet([2, 3, 4, 4], (s, x) => convNorm(s, 'a', x, { kernel: 3, channels: 5 }));
    expect(scope.training).toBe(true);
    expect([...scope.variables.values()].map(({ name, shape, kind, decay }) => [name, shape, kind, decay])).toEqual([
      ['a.weight', [5, 3, 3, 3], 'parameter', true],
      ['a.norm.scale', [5], 'parameter', false],
      ['a.norm.bias', [5], 'parameter', false],
      ['a.norm.mean', [5], 'statistic', false],
      ['a.norm.variance', [5], 'statistic', false],
    ]);
    expect([...scope.observed.keys()]).toEqual(['a.norm.mean', 'a.norm.variance']);
    for (const [name, tensor] of scope.tensors) expect(graph.inputs.get(name)).toBe(tensor);
  });

  test('in use holds them as constants by their names', () => {
    const { values } = trainingNet([2, 3], (s, x) => denseLayer(s, 'a', x, 4));
    const graph = new Graph();
    const scope = new Scope(graph, values);
    graph.output('y', denseLayer(scope, 'a', graph.input('x', [1, 3]), 4));
    expect(scope.training).toBe(false);
    expect([...graph.inputs.keys()]).toEqual(['x']);
    expect(lower(graph).graph.initializers.get('a.weight')).toEqual(values.get('a.weight'));
  });

  test('gives each variable to one layer', () => {
    const graph = new Graph();
    const scope = new Scope(graph);
    const x = denseLayer(scope, 'a', graph.input('x', [1, 4]), 4);
    expect(() => denseLayer(scope, 'a', x, 4)).toThrow(coded('DUPLICATE_NAME'));
    expect(() => denseLayer(scope, 'a', x, 4)).toThrow("two variables are called 'a.weight'");
  });

  test.each<[string, Map<string, TensorData>]>([
    ['is missing', new Map()],
    ['has another shape of the same size', new Map([['a.weight', wave([3, 4])]])],
    ['is not float32', new Map([['a.weight', { dtype: 'int32', shape: [4, 3], data: new Int32Array(12) }]])],
  ])('in use refuses a value that %s', (_, values) => {
    const graph = new Graph();
    const build = () => denseLayer(new Scope(graph, values), 'a', graph.input(`x${graph.inputs.size}`, [1, 3]), 4);
    expect(build).toThrow(coded('BAD_FEED'));
    expect(build).toThrow("there is no trained value of shape [4,3] for 'a.weight'");
  });
});

describe('channel gates', () => {
  const net = (scope: Scope, x: Tensor) => channelGates(scope, 'a', x, 2);

  test('are near 1 at first, for each channel of each picture', async () => {
    const { graph, y, values } = trainingNet([2, 3, 4, 4], net);
    graph.output('y', y);
    const gates = (await runGraph(graph, { ...Object.fromEntries(values), x: wave([2, 3, 4, 4]) })).y!;
    expect(gates.shape).toEqual([2, 3, 1, 1]);
    for (const value of numbersOf(gates)) expect(Math.abs(value - 1)).toBeLessThan(0.05);
  });

  test('tell from all pixels of a picture, and stay between 0 and 2', async () => {
    const { graph, y, values } = trainingNet([2, 3, 2, 2], net);
    graph.output('y', y);
    const excite = float32([3, 2, 1, 1], [50, 50, -50, -50, 1, 1]);
    const squeeze = float32([2, 3, 1, 1], [1, 1, 1, 1, 1, 1]);
    // The first picture has the mean 0 in each channel, the second 1.
    const x = float32(
      [2, 3, 2, 2],
      Array.from({ length: 24 }, (_, i) => (i < 12 ? (-1) ** i : 1)),
    );
    const feeds = { ...Object.fromEntries(values), 'a.squeeze.weight': squeeze, 'a.excite.weight': excite, x };
    const gates = numbersOf((await runGraph(graph, feeds)).y!);
    const expected = [1, 1, 1, ...[300, -300, 6].map((logit) => 2 / (1 + Math.exp(-logit)))];
    for (const [i, value] of expected.entries()) expect(gates[i]).toBeCloseTo(value, 5);
  });
});

describe('first values', () => {
  test('are constant or normal with the deviation of He', () => {
    let state = 1;
    const uniform = () => {
      state = (state * 48271) % 2147483647;
      return state / 2147483647;
    };
    const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    const graph = new Graph();
    const scope = new Scope(graph);
    convNorm(scope, 'a', graph.input('x', [2, 8, 4, 4]), { kernel: 5, channels: 40 });
    const values = initialValues(scope.variables.values(), normal);
    const weights = numbersOf(values.get('a.weight'));
    const deviation = Math.sqrt(weights.reduce((sum, w) => sum + w * w, 0) / weights.length);
    expect(deviation / Math.sqrt(2 / (8 * 25))).toBeCloseTo(1, 1);
    expect(heDeviation(200)).toEqual({ deviation: Math.sqrt(2 / 200) });
    expect(numbersOf(values.get('a.norm.scale'))).toEqual(new Array(40).fill(1));
    expect(numbersOf(values.get('a.norm.variance'))).toEqual(new Array(40).fill(1));
    expect(numbersOf(values.get('a.norm.mean'))).toEqual(new Array(40).fill(0));
  });
});

describe('dropout', () => {
  test('multiplies by a mask that is fed', async () => {
    const { graph, scope, y } = trainingNet([2, 3], (s, x) => dropoutLayer(s, 'drop', x, 0.25));
    expect(scope.masks.get('drop')).toEqual({ shape: [2, 3], rate: 0.25 });
    graph.output('y', y);
    const mask = float32([2, 3], [0, 2, 2, 2, 0, 2]);
    const { y: dropped } = await runGraph(graph, { x: float32([2, 3], [1, 2, 3, 4, 5, 6]), drop: mask });
    expect(numbersOf(dropped)).toEqual([0, 4, 6, 8, 0, 12]);
  });

  test('does nothing in use, or at rate 0', () => {
    const graph = new Graph();
    const x = graph.input('x', [2, 3]);
    expect(dropoutLayer(new Scope(graph, new Map()), 'drop', x, 0.5)).toBe(x);
    expect(dropoutLayer(new Scope(graph), 'drop', x, 0)).toBe(x);
  });

  test.each([1, -0.1, Number.NaN])('refuses the rate %d', (rate) => {
    const graph = new Graph();
    const x = graph.input('x', [2, 3]);
    expect(() => dropoutLayer(new Scope(graph), 'drop', x, rate)).toThrow(coded('BAD_ATTRIBUTE'));
  });
});

describe('batch normalisation', () => {
  const shape: Shape = [3, 2, 2, 2];
  const x = wave(shape, 3);
  const identity = float32([2, 2, 1, 1], [1, 0, 0, 1]);

  const channel = (c: number) => numbersOf(x).filter((_, i) => Math.floor(i / 4) % 2 === c);
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const variance = (values: number[]) => mean(values.map((value) => (value - mean(values)) ** 2));

  test('observes the mean and the unbiased variance of the batch', async () => {
    const { graph, scope } = trainingNet(shape, (s, input) => convNorm(s, 'a', input, { kernel: 1, channels: 2 }));
    for (const [name, seen] of scope.observed) graph.output(nextName(name), seen);
    const rest = { 'a.norm.scale': float32([2], [1, 1]), 'a.norm.bias': float32([2], [0, 0]) };
    const old = { 'a.norm.mean': float32([2], [5, -5]), 'a.norm.variance': float32([2], [2, 3]) };
    const after = await runGraph(graph, { x, 'a.weight': identity, ...rest, ...old });
    for (const c of [0, 1]) {
      const values = channel(c);
      expect(numbersOf(after['next/a.norm.mean'])[c]).toBeCloseTo(mean(values), 5);
      const unbiased = (variance(values) * values.length) / (values.length - 1);
      expect(numbersOf(after['next/a.norm.variance'])[c]).toBeCloseTo(unbiased, 5);
    }
  });

  test('is followed by the running statistics of a training step', async () => {
    const { graph, scope, y } = trainingNet(shape, (s, input) => convNorm(s, 'a', input, { kernel: 1, channels: 2 }));
    const state = addTrainingStep(scope, reduceSum(y), { optimizer: sgd({ momentum: 0 }) });
    const before = { 'a.norm.mean': float32([2], [5, -5]), 'a.norm.variance': float32([2], [2, 3]) };
    const rest = { 'a.norm.scale': float32([2], [1, 1]), 'a.norm.bias': float32([2], [0, 0]) };
    const scalars = { learningRate: float32([], [0]), step: float32([], [1]) };
    const after = await runGraph(graph, { x, 'a.weight': identity, ...before, ...rest, ...scalars });
    expect([state.get('a.norm.mean'), state.get('a.norm.variance')]).toEqual([[2], [2]]);
    for (const c of [0, 1]) {
      const values = channel(c);
      const follow = (old: number, seen: number) => old + STATISTICS_MOMENTUM * (seen - old);
      expect(numbersOf(after['next/a.norm.mean'])[c]).toBeCloseTo(follow([5, -5][c]!, mean(values)), 5);
      const unbiased = (variance(values) * values.length) / (values.length - 1);
      expect(numbersOf(after['next/a.norm.variance'])[c]).toBeCloseTo(follow([2, 3][c]!, unbiased), 5);
    }
  });

  test('in use gives what training gave, where the statistics are those of the batch', async () => {
    const residual = wave(shape, 8);
    const layer = (scope: Scope, input: Tensor) =>
      convNorm(scope, 'a', input, { kernel: 1, channels: 2, residual: scope.graph.input('residual', shape) });
    const { graph, y, values } = trainingNet(shape, layer);
    graph.output('y', y);
    values.set('a.norm.scale', float32([2], [1.5, -0.5])).set('a.norm.bias', float32([2], [0.25, 1]));
    values.set('a.weight', identity);
    const training = await runGraph(graph, { x, residual, ...Object.fromEntries(values) });
    values.set(
      'a.norm.mean',
      float32(
        [2],
        [0, 1].map((c) => mean(channel(c))),
      ),
    );
    values.set(
      'a.norm.variance',
      float32(
        [2],
        [0, 1].map((c) => variance(channel(c))),
      ),
    );
    const used = new Graph();
    used.output('y', layer(new Scope(used, values), used.input('x', shape)));
    expect(relativeError((await runGraph(used, { x, residual })).y, training.y)).toBeLessThan(1e-5);
    expect(Math.min(...numbersOf(training.y))).toBe(0);
  });
});

/** A net of every kind of layer, on batches that no block divides. */
const everyLayer = (scope: Scope, x: Tensor): Tensor => {
  const stem = convNorm(scope, 'stem', x, { kernel: 5, channels: 16, stride: 2 });
  const depthwise = convNorm(scope, 'depthwise', stem, { kernel: 3, channels: 16, groups: 16 });
  const dilated = convNorm(scope, 'dilated', depthwise, { kernel: 3, channels: 32, dilation: 2, relu: false });
  const shortcut = convLayer(scope, 'shortcut', stem, { kernel: 1, channels: 32 });
  const sum = convNorm(scope, 'sum', dilated, { kernel: 3, channels: 32, residual: shortcut });
  const pooled = averagePool(maxPool(sum, 3, { stride: 2, padding: 1 }), 2);
  const grouped = convLayer(scope, 'grouped', dropoutLayer(scope, 'drop', pooled, 0.5), {
    kernel: 2,
    channels: 20,
    groups: 2,
    padding: 1,
  });
  return denseLayer(scope, 'dense', tanh(flatten(globalAveragePool(grouped))), 3);
};

describe('a net of every layer', () => {
  const batch = 5;
  const train = async (blockSize: number, steps: number): Promise<Values & { losses: TensorData }> => {
    const { graph, scope, y, values } = trainingNet([batch, 1, 13, 15], everyLayer);
    const loss = crossEntropy(y, graph.input('targets', [batch, 3]));
    const state = addTrainingStep(scope, loss, { optimizer: sgd({ weightDecay: 0.01 }), clipNorm: 1 });
    const zero = (shape: Shape) => float32(shape, new Float32Array(sizeOf(shape)));
    let current: Values = Object.fromEntries(
      [...state].map(([name, shape]) => [name, values.get(name) ?? zero(shape)]),
    );
    const targets = float32([batch, 3], [1, 0, 0, 0, 1, 0, 0, 0, 1, 0.5, 0.5, 0, 1, 0, 0]);
    const drop = float32(
      [batch, 32, 2, 2],
      Float32Array.from({ length: batch * 128 }, (_, i) => (i % 2) * 2),
    );
    const session = await createNodeSession(encodeModel(lower(graph, { blockSize })));
    const losses: number[] = [];
    for (let step = 1; step <= steps; step++) {
      const scalars = { learningRate: float32([], [0.05]), step: float32([], [step]) };
      const feeds = { ...current, ...scalars, x: wave([batch, 1, 13, 15], step), targets, drop };
      const results = await session.run(feeds);
      losses.push(...numbersOf(results.loss));
      current = Object.fromEntries([...state.keys()].map((name) => [name, results[nextName(name)]!]));
    }
    await session.close();
    return { ...current, losses: float32([steps], losses) };
  };

  test('trains the same in plain and in blocked layout', async () => {
    const [plain, blocked] = [await train(0, 3), await train(machineBlockSize, 3)];
    expect(Object.keys(plain).length).toBeGreaterThan(30);
    for (const name of Object.keys(plain)) expect(relativeError(blocked[name], plain[name]), name).toBeLessThan(1e-4);
  });

  test('has layers in blocks and layers that cannot be', () => {
    const { graph, y } = trainingNet([batch, 1, 13, 15], everyLayer);
    graph.output('y', y);
    const nodes = lower(graph, { blockSize: 16 }).graph.nodes.filter(({ operator }) => operator === 'Conv');
    expect(nodes.filter(({ domain }) => domain === NCHWC_DOMAIN).length).toBeGreaterThan(4);
    expect(nodes.filter(({ domain }) => domain === '').length).toBe(2);
  });
});

let machineBlockSize = 0;

beforeAll(async () => {
  machineBlockSize = await probeBlockSize(createNodeSession);
});
