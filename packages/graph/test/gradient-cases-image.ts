/** Nets of the operators on images, for gradients.test.ts. */
import type { Tensor } from '../src/graph.ts';
import { exp } from '../src/operators/arithmetic.ts';
import { batchNorm } from '../src/operators/batch-norm.ts';
import { batchNormInference } from '../src/operators/batch-norm-inference.ts';
import { type ConvOptions, conv } from '../src/operators/convolution.ts';
import { gate } from '../src/operators/gate.ts';
import { instanceNorm } from '../src/operators/instance-norm.ts';
import { averagePool, globalAveragePool, maxPool } from '../src/operators/pooling.ts';
import type { Shape } from '../src/tensor.ts';
import { type GradientCase, type GradientCases, inBlocks, wide } from './gradient-case.ts';

const image: Shape = [2, 3, 5, 4];

const convolution = (name: string, x: Shape, w: Shape, options: ConvOptions = {}): GradientCase => ({
  name: `${name}: ${w.join('x')} on ${x.join('x')}`,
  inputs: [[x], [w]],
  build: (a, b) => conv(a, b, options),
  linear: true,
});

const norm = (name: string, x: Shape, relu: boolean, residual: boolean, wrapped = false): GradientCase => {
  const channels = [x[1]!];
  const build = (a: Tensor, gamma: Tensor, beta: Tensor, rest?: Tensor) => {
    const input = wrapped ? inBlocks(a) : a;
    return batchNorm(input, gamma, beta, { relu, ...(residual && rest !== undefined && { residual: rest }) }).y;
  };
  const inputs = [[x], [channels, 'positive'], [channels, relu ? 'far' : 'any']] as const;
  return { name, inputs: residual ? [...inputs, [x]] : inputs, build };
};

const gating = (name: string, x: Shape, relu: boolean, residual: boolean, wrapped = false): GradientCase => {
  const build = (a: Tensor, gates: Tensor, rest?: Tensor) => {
    const input = wrapped ? inBlocks(a) : a;
    return gate(input, gates, { relu, ...(residual && rest !== undefined && { residual: rest }) });
  };
  // Sums away from zero, where Relu has its corner.
  const inputs = [
    [x, relu && !residual ? 'spaced' : 'any'],
    [[x[0]!, x[1]!, 1, 1], 'positive'],
  ] as const;
  return { name, inputs: residual ? [...inputs, [x, relu ? 'far' : 'any']] : inputs, build };
};

/** The last input serves as mean and, by its exponential, as variance. */
const fixedNorm = (name: string, x: Shape, wrapped = false): GradientCase => ({
  name,
  inputs: [[x], [[x[1]!]], [[x[1]!]], [[x[1]!]]],
  build(a, gamma, beta, mean) {
    const input = wrapped ? inBlocks(a) : a;
    return batchNormInference(input, gamma, beta, mean, exp(mean));
  },
  linear: true,
  fixed: [3],
});

export const IMAGE_CASES: GradientCases = {
  Conv: [
    convolution('plain', [2, 3, 5, 4], [4, 3, 3, 3]),
    convolution('1x1', image, [2, 3, 1, 1]),
    convolution('5x5', [2, 2, 6, 5], [2, 2, 5, 5]),
    convolution('no padding', image, [2, 3, 3, 3], { padding: 0 }),
    convolution('wide padding', image, [2, 3, 3, 3], { padding: 3 }),
    convolution('stride', [2, 2, 6, 7], [3, 2, 3, 3], { stride: 2 }),
    convolution('stride that leaves pixels over', [1, 2, 8, 8], [2, 2, 3, 3], { stride: 3, padding: 0 }),
    convolution('1x1 with stride', [2, 2, 5, 6], [3, 2, 1, 1], { stride: 2 }),
    convolution('tiles', [2, 9, 6, 4], [2, 9, 2, 2], { stride: 2, padding: 0 }),
    convolution('blocks, tiles', [2, 16, 6, 4], [16, 16, 2, 2], { stride: 2, padding: 0 }),
    convolution('stride larger than the kernel', [1, 2, 7, 7], [2, 2, 2, 2], { stride: 3, padding: 0 }),
    convolution('even kernel', [1, 2, 5, 5], [2, 2, 2, 4], { padding: 1 }),
    convolution('dilation', [1, 2, 7, 8], [2, 2, 3, 3], { dilation: 2 }),
    convolution('dilation and stride', [1, 2, 9, 8], [2, 2, 3, 3], { dilation: 2, stride: 2 }),
    convolution('groups', [2, 4, 5, 4], [6, 2, 3, 3], { groups: 2 }),
    convolution('depthwise', [2, 3, 5, 4], [3, 1, 3, 3], { groups: 3 }),
    convolution('depthwise with stride and dilation', [1, 3, 9, 9], [6, 1, 3, 3], {
      groups: 3,
      stride: 2,
      dilation: 2,
    }),
    convolution('many channels', [2, 9, 5, 4], [4, 9, 3, 3]),
    convolution('many channels, stride and dilation', [2, 9, 9, 8], [4, 9, 3, 3], { stride: 2, dilation: 2 }),
    convolution('many channels, 1x1, stride', [2, 9, 5, 6], [4, 9, 1, 1], { stride: 2 }),
    convolution('many channels, 1x1', [2, 9, 3, 4], [4, 9, 1, 1]),
    convolution('many channels, no padding', [2, 9, 5, 6], [4, 9, 3, 2], { padding: 0 }),
    convolution('blocks', [2, 16, 5, 4], [32, 16, 3, 3]),
    convolution('blocks, 1x1', [2, 32, 5, 4], [16, 32, 1, 1]),
    convolution('blocks, 5x5', [1, 16, 6, 6], [16, 16, 5, 5]),
    convolution('blocks, stride', [2, 16, 6, 7], [32, 16, 3, 3], { stride: 2 }),
    convolution('blocks, 1x1 with stride', [2, 32, 5, 6], [16, 32, 1, 1], { stride: 2 }),
    convolution('blocks, no padding', [1, 16, 5, 6], [16, 16, 3, 3], { padding: 0 }),
    convolution('blocks, wide padding', [1, 16, 5, 6], [16, 16, 3, 3], { padding: 3 }),
    convolution('blocks, dilation', [1, 16, 7, 7], [16, 16, 3, 3], { dilation: 2 }),
    convolution('blocks, stem', [2, 1, 6, 6], [16, 1, 3, 3]),
    convolution('blocks, RGB stem with stride', [2, 3, 8, 8], [16, 3, 3, 3], { stride: 2 }),
    convolution('blocks, depthwise', [2, 16, 5, 5], [16, 1, 3, 3], { groups: 16 }),
    convolution('blocks, from nine channels', [2, 9, 5, 4], [16, 9, 3, 3]),
    convolution('no blocks, from twenty channels', [1, 20, 4, 4], [16, 20, 3, 3]),
    convolution('no blocks, to twenty channels', [1, 16, 4, 4], [20, 16, 3, 3]),
    convolution('from blocks', [2, 16, 4, 4], [5, 16, 3, 3]),
    {
      name: 'bias',
      inputs: [[image], [[2, 3, 3, 3]], [[2]]],
      build: (x, w, bias) => conv(x, w, { bias }),
      linear: true,
    },
    {
      name: 'blocks, bias',
      inputs: [[wide], [[16, 16, 3, 3]], [[16]]],
      build: (x, w, bias) => conv(x, w, { bias }),
      linear: true,
    },
    {
      name: 'blocks, two in a row',
      inputs: [[wide], [[32, 16, 3, 3]], [[16, 32, 1, 1]]],
      build: (x, first, second) => conv(conv(x, first), second),
      linear: true,
    },
  ],
  MaxPool: [
    { name: 'tiles', inputs: [[[2, 3, 4, 6], 'spaced']], build: (x) => maxPool(x, 2) },
    { name: 'tiles that leave pixels over', inputs: [[[2, 2, 5, 7], 'spaced']], build: (x) => maxPool(x, 2) },
    {
      name: 'overlap and padding',
      inputs: [[[2, 2, 6, 6], 'spaced']],
      build: (x) => maxPool(x, 3, { stride: 2, padding: 1 }),
    },
    {
      name: 'overlap of an odd size',
      inputs: [[[1, 2, 7, 6], 'spaced']],
      build: (x) => maxPool(x, 3, { stride: 2, padding: 1 }),
    },
    { name: 'stride 1', inputs: [[[1, 2, 5, 4], 'spaced']], build: (x) => maxPool(x, 3, { stride: 1, padding: 1 }) },
    { name: 'gaps', inputs: [[[1, 2, 7, 8], 'spaced']], build: (x) => maxPool(x, 2, { stride: 3 }) },
    {
      name: 'blocks',
      inputs: [[wide, 'spaced']],
      build: (x) => maxPool(inBlocks(x), 2),
    },
    {
      name: 'blocks, overlap',
      inputs: [[wide, 'spaced']],
      build: (x) => maxPool(inBlocks(x), 3, { stride: 2, padding: 1 }),
    },
  ],
  AveragePool: [
    { name: 'tiles', inputs: [[[2, 3, 4, 6]]], build: (x) => averagePool(x, 2), linear: true },
    { name: 'tiles that leave pixels over', inputs: [[[2, 2, 5, 7]]], build: (x) => averagePool(x, 2), linear: true },
    {
      name: 'overlap and padding',
      inputs: [[[2, 2, 6, 7]]],
      build: (x) => averagePool(x, 3, { stride: 2, padding: 1 }),
      linear: true,
    },
    { name: 'gaps', inputs: [[[1, 2, 7, 8]]], build: (x) => averagePool(x, 2, { stride: 3 }), linear: true },
    { name: 'blocks', inputs: [[wide], [[16, 16, 1, 1]]], build: (x, w) => averagePool(conv(x, w), 2), linear: true },
    {
      name: 'blocks, overlap',
      inputs: [[wide], [[16, 16, 1, 1]]],
      build: (x, w) => averagePool(conv(x, w), 3, { stride: 2, padding: 1 }),
      linear: true,
    },
  ],
  GlobalAveragePool: [
    { name: 'plain', inputs: [[image]], build: globalAveragePool, linear: true },
    {
      name: 'blocks',
      inputs: [[wide], [[16, 16, 1, 1]]],
      build: (x, w) => globalAveragePool(conv(x, w)),
      linear: true,
    },
  ],
  BatchNorm: [
    norm('images', [3, 2, 3, 2], false, false),
    norm('rows', [6, 3], false, false),
    norm('Relu', [3, 4, 3, 2], true, false),
    norm('residual', [3, 2, 3, 2], false, true),
    norm('residual and Relu', [3, 4, 3, 2], true, true),
    norm('blocks', [2, 16, 4, 3], false, false, true),
    norm('blocks, Relu', [2, 16, 4, 3], true, false, true),
    norm('blocks, residual and Relu', [2, 16, 4, 3], true, true, true),
  ],
  BatchNormInference: [fixedNorm('images', image), fixedNorm('rows', [5, 3]), fixedNorm('blocks', [2, 16, 4, 3], true)],
  Gate: [
    gating('plain', image, false, false),
    gating('Relu', image, true, false),
    gating('residual and Relu', image, true, true),
    gating('blocks', wide, false, false, true),
    gating('blocks, Relu', wide, true, false, true),
    gating('blocks, residual and Relu', wide, true, true, true),
    {
      name: 'blocks, gates out of them',
      inputs: [[wide], [[16, 16, 1, 1]]],
      build: (x, w) => gate(inBlocks(x), conv(globalAveragePool(x), w)),
    },
  ],
  InstanceNorm: [
    { name: 'images', inputs: [[image]], build: (x) => instanceNorm(x, 0.1) },
    { name: 'blocks', inputs: [[wide]], build: (x) => instanceNorm(inBlocks(x), 0.1) },
  ],
};
