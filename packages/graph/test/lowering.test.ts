import { beforeAll, describe, expect, test } from 'vitest';
import { probeBlockSize } from '../src/blocks.ts';
import { decodeModel, encodeModel } from '../src/codec.ts';
import { gradients } from '../src/gradient.ts';
import { Graph, type Tensor } from '../src/graph.ts';
import { lower, NCHWC_DOMAIN } from '../src/lowering.ts';
import type { Model } from '../src/model.ts';
import { leakyRelu, relu, sigmoid, silu } from '../src/operators/activation.ts';
import { add, mul, scale } from '../src/operators/arithmetic.ts';
import { batchNorm } from '../src/operators/batch-norm.ts';
import { type ConvOptions, conv } from '../src/operators/convolution.ts';
import { softmax } from '../src/operators/loss.ts';
import { gemm } from '../src/operators/matmul.ts';
import { averagePool, globalAveragePool, maxPool } from '../src/operators/pooling.ts';
import { reduceMean, reduceSum } from '../src/operators/reduction.ts';
import { concat, flatten, slice, transpose } from '../src/operators/shape.ts';
import { float32, type Shape } from '../src/tensor.ts';
import { createNodeSession } from './node-session.ts';
import { feedsFor, numbersOf, relativeError, runGraph, wave } from './run-graph.ts';

const operatorsOf = ({ graph }: Model) => graph.nodes.map(({ operator }) => operator);
const coded = (code: string) => expect.objectContaining({ name: 'GraphError', code });

describe('outputs', () => {
  test('need only the nodes that make them', () => {
    const graph = new Graph();
    const x = graph.input('x', [2]);
    graph.input('unused', [3]);
    sigmoid(x);
    graph.output('y', relu(x));
    const model = lower(graph);
    expect(operatorsOf(model)).toEqual(['Relu']);
    expect(model.graph.inputs.map(({ name }) => name)).toEqual(['x', 'unused']);
  });

  test('may be inputs and constants, and one tensor may have two names', async () => {
    const graph = new Graph();
    const x = graph.input('x', [2]);
    const y = scale(x, 2);
    graph.output('first', y);
    graph.output('second', y);
    graph.output('third', scale(y, 3));
    graph.output('input', x);
    graph.output('constant', graph.constant(float32([1], [7])));
    const outputs = await runGraph(graph, { x: float32([2], [1, 2]) });
    const numbers = Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, numbersOf(value)]));
    expect(numbers).toEqual({ first: [2, 4], second: [2, 4], third: [6, 12], input: [1, 2], constant: [7] });
  });

  test('are copied only where two names or no node make them necessary', () => {
    const graph = new Graph();
    const x = graph.input('x', [2]);
    const y = relu(x);
    graph.output('y', y);
    graph.output('z', sigmoid(y));
    expect(operatorsOf(lower(graph))).toEqual(['Relu', 'Sigmoid']);
    graph.output('again', y);
    expect(operatorsOf(lower(graph))).toEqual(['Relu', 'Sigmoid', 'Identity']);
  });

  test('come out of blocks in their plain layout', async () => {
    const graph = new Graph();
    const x = graph.input('x', [1, 16, 3, 3]);
    graph.output('y', relu(conv(x, graph.input('w', [16, 16, 3, 3]))));
    const feeds = feedsFor(graph);
    const [plain, blocked] = [
      await runGraph(graph, feeds),
      await runGraph(graph, feeds, { blockSize: machineBlockSize }),
    ];
    expect(relativeError(blocked.y, plain.y)).toBeLessThan(1e-5);
  });
});

describe('names', () => {
  test('of inputs, outputs and constants are theirs, whatever the nodes would be called', async () => {
    const graph = new Graph();
    const x = graph.input('Relu_0', [2]);
    const bias = graph.constant(float32([2], [1, 1]), 'constant_0');
    const y = add(scale(relu(x), 3), bias);
    graph.output('Mul_1', y);
    graph.output('Add_2', sigmoid(y));
    const outputs = await runGraph(graph, { Relu_0: float32([2], [-1, 2]) });
    expect(numbersOf(outputs.Mul_1)).toEqual([1, 7]);
    const { nodes, initializers } = lower(graph).graph;
    const produced = nodes.flatMap((node) => node.outputs);
    const all = [...produced, ...initializers.keys(), 'Relu_0'];
    expect(new Set(all).size).toBe(all.length);
  });

  test('of constants stay in the file, with their values', () => {
    const graph = new Graph();
    const weight = wave([3, 2]);
    graph.output('y', gemm(graph.input('x', [1, 3]), graph.constant(weight, 'dense.weight')));
    const { initializers } = decodeModel(encodeModel(lower(graph))).graph;
    expect(initializers.get('dense.weight')).toEqual(weight);
  });

  test('of the graph and its metadata stand in the file', () => {
    const graph = new Graph();
    graph.output('y', graph.input('x', [1]));
    const model = decodeModel(encodeModel(lower(graph, { name: 'net', metadata: { labels: 'a,b' } })));
    expect(model).toMatchObject({ opsets: { '': 17 }, metadata: { labels: 'a,b' }, graph: { name: 'net' } });
  });
});

test('equal graphs give equal bytes', () => {
  const build = () => {
    const graph = new Graph();
    const [x, w] = [graph.input('x', [2, 3, 6, 6]), graph.input('w', [16, 3, 3, 3])];
    const [gradient] = gradients(reduceSum(relu(conv(x, w, { stride: 2 }))), [w]);
    graph.output('gradient', gradient!);
    return encodeModel(lower(graph, { blockSize: 16, metadata: { b: '2', a: '1' } }));
  };
  expect(build()).toEqual(build());
});

test('equal constants without a name are stored once', () => {
  const graph = new Graph();
  const x = graph.input('x', [2]);
  graph.output('y', add(scale(x, 3), scale(relu(x), 3)));
  graph.output('z', scale(x, 4));
  expect(lower(graph).graph.initializers.size).toBe(2);
});

describe('an open batch size', () => {
  const build = () => {
    const graph = new Graph();
    const pixels = graph.input('pixels', [1, 3, 8, 8]);
    const first = relu(conv(pixels, graph.constant(wave([16, 3, 3, 3], 1)), { bias: graph.constant(wave([16], 2)) }));
    const pooled = add(maxPool(first, 2), conv(first, graph.constant(wave([16, 16, 3, 3], 3)), { stride: 2 }));
    const logits = gemm(flatten(globalAveragePool(pooled)), graph.constant(wave([4, 16], 4)), false, true);
    graph.output('probabilities', softmax(logits));
    return graph;
  };
  const dynamic = { pixels: { 0: 'batch' }, probabilities: { 0: 'batch' } };

  test.each([0, 16])('gives each picture what it gets alone, blocks of %d at most', async (largest) => {
    const blockSize = Math.min(largest, machineBlockSize);
    const pixels = wave([5, 3, 8, 8], 9);
    const together = await runGraph(build(), { pixels }, { blockSize, dynamic });
    expect(together.probabilities?.shape).toEqual([5, 4]);
    for (let i = 0; i < 5; i++) {
      const one = float32([1, 3, 8, 8], Array.from(pixels.data.slice(i * 192, (i + 1) * 192), Number));
      const alone = await runGraph(build(), { pixels: one }, { blockSize });
      const row = float32([1, 4], numbersOf(together.probabilities).slice(i * 4, i * 4 + 4));
      expect(relativeError(row, alone.probabilities)).toBeLessThan(1e-5);
    }
  });

  test('stands in the file by its name', () => {
    const { inputs, outputs } = lower(build(), { dynamic }).graph;
    expect(inputs.map(({ shape }) => shape)).toEqual([['batch', 3, 8, 8]]);
    expect(outputs.map(({ shape }) => shape)).toEqual([['batch', 4]]);
  });

  test('must be of something that is there', () => {
    expect(() => lower(build(), { dynamic: { pixel: { 0: 'batch' } } })).toThrow(coded('BAD_ATTRIBUTE'));
    expect(() => lower(build(), { dynamic: { pixel: { 0: 'batch' } } })).toThrow("no input or output 'pixel'");
    expect(() => lower(build(), { dynamic: { pixels: { 4: 'batch' } } })).toThrow("no axis 4 in 'pixels' [1, 3, 8, 8]");
  });
});

interface Net {
  name: string;
  shapes: readonly Shape[];
  build: (...inputs: [Tensor, Tensor, Tensor]) => Tensor;
  /** Whether blocks must be in use, so that the comparison is one. */
  blocks?: boolean;
}

const convolution = (x: Shape, w: Shape, options: ConvOptions = {}): Net => ({
  name: `${w.join('x')} on ${x.join('x')} ${JSON.stringify(options)}`,
  shapes: [x, w],
  build: (a, b) => conv(a, b, options),
  blocks: (options.groups ?? 1) === 1,
});

const CONVOLUTIONS: Net[] = [
  ...[1, 2, 3, 5, 7].flatMap((side) =>
    [1, 2].flatMap((stride) => [
      convolution([3, 16, 9, 8], [32, 16, side, side], { stride }),
      convolution([3, 1, 9, 8], [16, 1, side, side], { stride }),
    ]),
  ),
  convolution([1, 32, 7, 7], [16, 32, 3, 3], { stride: 3, padding: 0 }),
  convolution([5, 16, 11, 5], [16, 16, 3, 3], { dilation: 2 }),
  convolution([2, 16, 11, 9], [16, 16, 3, 3], { dilation: 3, stride: 2 }),
  convolution([7, 3, 5, 5], [48, 3, 3, 3]),
  convolution([1, 16, 1, 1], [16, 16, 1, 1]),
  convolution([17, 16, 3, 3], [16, 16, 3, 3]),
  // Many pixels, in pictures that go into groups, or do not (12).
  ...[1, 3, 5].flatMap((side) => [
    convolution([16, 16, 17, 16], [16, 16, side, side]),
    convolution([8, 32, 16, 17], [48, 32, side, side]),
  ]),
  convolution([8, 32, 19, 18], [16, 32, 3, 3], { padding: 0 }),
  convolution([8, 32, 15, 16], [16, 32, 2, 4], { padding: 2 }),
  convolution([8, 48, 16, 16], [16, 48, 3, 3], { padding: 3 }),
  convolution([8, 32, 33, 32], [16, 32, 3, 3], { stride: 2 }),
  convolution([8, 32, 18, 18], [16, 32, 3, 3], { dilation: 2 }),
  convolution([12, 16, 17, 16], [16, 16, 3, 3]),
  convolution([24, 16, 17, 16], [16, 16, 3, 3]),
  convolution([17, 3, 9, 8], [16, 3, 3, 3]),
  convolution([5, 3, 20, 20], [16, 3, 5, 3], { padding: 0 }),
  convolution([2, 32, 6, 5], [32, 16, 3, 3], { groups: 2 }),
  convolution([2, 16, 6, 5], [16, 1, 5, 5], { groups: 16, stride: 2 }),
];

const weight: Shape = [16, 16, 3, 3];
const picture: Shape = [3, 16, 7, 6];
const chain = (name: string, build: (x: Tensor) => Tensor): Net => ({
  name,
  shapes: [picture, weight],
  build: (x, w) => build(conv(x, w)),
  blocks: true,
});

const CHAINS: Net[] = [
  chain('Relu', relu),
  chain('LeakyRelu', (x) => leakyRelu(x, 0.1)),
  chain('SiLU', silu),
  chain('sum of both', (x) => add(x, relu(x))),
  chain('a factor per channel', (x) => mul(x, x.graph.constant(wave([16, 1, 1])))),
  chain('a factor', (x) => scale(x, -2)),
  chain('pooling over tiles', (x) => maxPool(slice(x, [{ axis: 2, start: 0, end: 6 }]), 2)),
  chain('pooling that leaves pixels over', (x) => maxPool(x, 2)),
  chain('overlapping pooling', (x) => maxPool(x, 3, { stride: 2, padding: 1 })),
  chain('mean pooling', (x) => averagePool(x, 3, { stride: 2, padding: 1 })),
  chain('mean of the image', (x) => globalAveragePool(x)),
  chain('means', (x) => reduceMean(x, [2, 3])),
  chain('rows', (x) => flatten(x)),
  chain('another order', (x) => transpose(x, [0, 2, 3, 1])),
  chain('side by side', (x) => concat([x, relu(x)], 1)),
  {
    name: 'normalisation, shortcut and Relu',
    shapes: [picture, weight, [16]],
    build(x, w, scales) {
      const y = conv(x, w);
      return batchNorm(conv(relu(y), w), scales, scales, { residual: y, relu: true }).y;
    },
    blocks: true,
  },
];

describe('plain and blocked layout give the same results and gradients', () => {
  test.each([...CONVOLUTIONS, ...CHAINS])('$name', async ({ shapes, build, blocks }) => {
    const graph = new Graph();
    const inputs = shapes.map((shape, i) => graph.input(`x${i}`, shape));
    const y = build(...(inputs as [Tensor, Tensor, Tensor]));
    graph.output('y', y);
    // Weighted, so that no gradient is zero by symmetry.
    const found = gradients(reduceSum(mul(y, graph.constant(wave(y.shape, 5)))), inputs);
    for (const [i, gradient] of found.entries()) graph.output(`gradient ${i}`, gradient);
    const feeds = feedsFor(graph);
    const plain = await runGraph(graph, feeds);
    const blocked = await runGraph(graph, feeds, { blockSize: machineBlockSize });
    for (const name of Object.keys(plain)) expect(relativeError(blocked[name], plain[name]), name).toBeLessThan(2e-5);
    const domains = lower(graph, { blockSize: 16 }).graph.nodes.map(({ domain }) => domain);
    expect(domains.includes(NCHWC_DOMAIN)).toBe(blocks);
    expect(lower(graph).opsets).toEqual({ '': 17 });
  });
});

test('a convolution with constant weights is left to ONNX Runtime, which puts it into blocks by itself', () => {
  const graph = new Graph();
  const y = conv(graph.input('x', [1, 16, 3, 3]), graph.constant(wave([16, 16, 3, 3], 1)));
  graph.output('y', conv(y, graph.input('w', [16, 16, 3, 3])));
  const domains = lower(graph, { blockSize: 16 })
    .graph.nodes.filter(({ operator }) => operator === 'Conv')
    .map(({ domain }) => domain);
  expect(domains).toEqual(['', NCHWC_DOMAIN]);
});

let machineBlockSize = 0;

beforeAll(async () => {
  machineBlockSize = await probeBlockSize(createNodeSession);
});
