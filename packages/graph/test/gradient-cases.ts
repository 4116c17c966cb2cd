/**
 * For every operator that has a gradient, nets that use it: what gradients.test.ts goes through. Inputs lie away from
 * kinks (the zero of Relu, equal elements in a pooling window), where differences would say nothing.
 */
import type { Tensor } from '../src/graph.ts';
import { hardSwish, leakyRelu, relu, sigmoid, silu, tanh } from '../src/operators/activation.ts';
import { add, div, exp, log, mul, neg, pow, scale, sqrt, sub } from '../src/operators/arithmetic.ts';
import { conv } from '../src/operators/convolution.ts';
import { layerNorm } from '../src/operators/layer-norm.ts';
import { crossEntropy, dropout, klDivergence, logSoftmax, softmax } from '../src/operators/loss.ts';
import { dense, gemm, matMul } from '../src/operators/matmul.ts';
import { reduceMean, reduceSum } from '../src/operators/reduction.ts';
import { concat, expand, pad, reshape, slice, split, transpose } from '../src/operators/shape.ts';
import { type Fill, type GradientCase, type GradientCases, inBlocks, wide } from './gradient-case.ts';
import { IMAGE_CASES } from './gradient-cases-image.ts';

const both = (f: (a: Tensor, b: Tensor) => Tensor, fill: Fill = 'any', linear = false): GradientCase[] => [
  {
    name: 'same shape',
    inputs: [
      [[2, 3, 2], fill],
      [[2, 3, 2], fill],
    ],
    build: f,
    linear,
  },
  {
    name: 'broadcast right',
    inputs: [
      [[2, 3, 2], fill],
      [[3, 1], fill],
    ],
    build: f,
    linear,
  },
  {
    name: 'broadcast left',
    inputs: [
      [[1, 2], fill],
      [[2, 3, 2], fill],
    ],
    build: f,
    linear,
  },
  {
    name: 'scalar',
    inputs: [
      [[], fill],
      [[2, 2], fill],
    ],
    build: f,
    linear,
  },
  { name: 'a value with itself', inputs: [[[2, 2], fill]], build: (x) => f(x, x) },
  {
    name: 'in blocks',
    inputs: [[wide, fill], [wide, fill], [[16, 16, 1, 1]]],
    build: (a, b, w) => f(blocked(a, w), b),
  },
  {
    name: 'in blocks, per channel',
    inputs: [[wide, fill], [[16, 1, 1], fill], [[16, 16, 1, 1]]],
    build: (a, b, w) => f(blocked(a, w), b),
  },
];

/** Positive for positive x; in blocks where there are any, since it comes out of a convolution. */
const blocked = (x: Tensor, w: Tensor): Tensor => conv(x, exp(w));

const each = (f: (x: Tensor) => Tensor, fill: Fill = 'any', linear = false): GradientCase[] => [
  { name: 'elements', inputs: [[[2, 3, 2], fill]], build: f, linear },
  { name: 'used twice', inputs: [[[3], fill]], build: (x) => mul(f(x), x) },
];

/** By the name of the operator. */
export const CASES: GradientCases = {
  ...IMAGE_CASES,
  Add: both(add, 'any', true),
  Sub: both(sub, 'any', true),
  Mul: [
    ...both(mul, 'any', true),
    { name: 'dropout', inputs: [[[4, 3]], [[4, 3]]], build: dropout, linear: true, fixed: [1] },
  ],
  Div: both(div, 'positive'),
  Pow: both(pow, 'positive'),
  Neg: each(neg, 'any', true),
  Exp: each(exp),
  Log: each(log, 'positive'),
  Sqrt: each(sqrt, 'positive'),
  Relu: [
    ...each(relu, 'spaced'),
    {
      name: 'in blocks',
      inputs: [[wide, 'spaced']],
      build: (x) => relu(inBlocks(x)),
    },
  ],
  LeakyRelu: [
    ...each((x) => leakyRelu(x, 0.2), 'spaced'),
    {
      name: 'in blocks',
      inputs: [[wide, 'spaced']],
      build: (x) => leakyRelu(inBlocks(x), 0.1),
    },
  ],
  Sigmoid: [...each(sigmoid), ...each(silu).map((it) => ({ ...it, name: `SiLU, ${it.name}` }))],
  Tanh: each(tanh),
  HardSwish: [{ name: 'below, between and above', inputs: [[[8, 8], 'spaced']], build: hardSwish }],
  MatMul: [
    { name: 'matrices', inputs: [[[3, 4]], [[4, 2]]], build: matMul, linear: true },
    { name: 'batches', inputs: [[[2, 3, 4]], [[2, 4, 2]]], build: matMul, linear: true },
    { name: 'broadcast', inputs: [[[2, 1, 3, 4]], [[5, 4, 2]]], build: matMul, linear: true },
    { name: 'one matrix for a batch', inputs: [[[2, 3, 4]], [[4, 2]]], build: matMul, linear: true },
  ],
  Gemm: [
    { name: 'plain', inputs: [[[3, 4]], [[4, 2]]], build: (a, b) => gemm(a, b), linear: true },
    { name: 'first transposed', inputs: [[[4, 3]], [[4, 2]]], build: (a, b) => gemm(a, b, true), linear: true },
    { name: 'second transposed', inputs: [[[3, 4]], [[2, 4]]], build: (a, b) => gemm(a, b, false, true), linear: true },
    { name: 'both transposed', inputs: [[[4, 3]], [[2, 4]]], build: (a, b) => gemm(a, b, true, true), linear: true },
    { name: 'dense layer', inputs: [[[3, 4]], [[2, 4]], [[2]]], build: dense, linear: true },
    {
      name: 'first transposed, bias',
      inputs: [[[4, 3]], [[4, 2]], [[2]]],
      build: (a, b, bias) => gemm(a, b, true, false, bias),
      linear: true,
    },
  ],
  Softmax: [
    { name: 'rows', inputs: [[[3, 5]]], build: softmax },
    { name: 'three axes', inputs: [[[2, 2, 4]]], build: softmax },
  ],
  LogSoftmax: [
    { name: 'rows', inputs: [[[3, 5]]], build: logSoftmax },
    { name: 'cross-entropy', inputs: [[[4, 5]], [[4, 5], 'shares']], build: (x, t) => crossEntropy(x, t) },
    { name: 'weighted cross-entropy', inputs: [[[4, 5]], [[4, 5], 'shares'], [[4]]], build: crossEntropy },
    { name: 'divergence', inputs: [[[4, 5]], [[4, 5], 'positive']], build: (x, t) => klDivergence(x, t, 2) },
  ],
  ReduceSum: [
    { name: 'all', inputs: [[[2, 3, 2]]], build: (x) => reduceSum(x), linear: true },
    { name: 'kept', inputs: [[[2, 3, 2]]], build: (x) => reduceSum(x, [0, 2], true), linear: true },
    { name: 'dropped', inputs: [[[2, 3, 2]]], build: (x) => reduceSum(x, [1]), linear: true },
    {
      name: 'blocks',
      inputs: [[wide], [[16, 16, 1, 1]]],
      build: (x, w) => reduceSum(conv(x, w), [2, 3]),
      linear: true,
    },
  ],
  ReduceMean: [
    { name: 'all', inputs: [[[2, 3, 2]]], build: (x) => reduceMean(x), linear: true },
    { name: 'kept', inputs: [[[2, 3, 2]]], build: (x) => reduceMean(x, [1], true), linear: true },
    { name: 'dropped', inputs: [[[2, 3, 2]]], build: (x) => reduceMean(x, [0, 2]), linear: true },
    { name: 'layer norm', inputs: [[[2, 3, 4]], [[4]], [[4]]], build: (x, gamma, beta) => layerNorm(x, gamma, beta) },
  ],
  Reshape: [
    { name: 'split', inputs: [[[2, 6]]], build: (x) => reshape(x, [2, 3, 2]), linear: true },
    {
      name: 'blocks',
      inputs: [[wide], [[16, 16, 1, 1]]],
      build: (x, w) => reshape(conv(x, w), [2, 576]),
      linear: true,
    },
  ],
  Transpose: [{ name: 'three axes', inputs: [[[2, 3, 4]]], build: (x) => transpose(x, [2, 0, 1]), linear: true }],
  Concat: [
    { name: 'first axis', inputs: [[[2, 3]], [[1, 3]]], build: (a, b) => concat([a, b], 0), linear: true },
    { name: 'last axis', inputs: [[[2, 1, 2]], [[2, 1, 3]]], build: (a, b) => concat([a, b], 2), linear: true },
    { name: 'a value with itself', inputs: [[[2, 2]]], build: (x) => concat([x, x, scale(x, 3)], 1), linear: true },
    { name: 'blocks', inputs: [[wide], [[16, 16, 1, 1]]], build: (x, w) => concat([conv(x, w), x], 1), linear: true },
  ],
  Split: [
    {
      name: 'first axis, all parts used',
      inputs: [[[3, 2]]],
      build: (x) => {
        const [a, b] = split(x, 0, [1, 2]) as [Tensor, Tensor];
        return mul(concat([b, scale(a, 2)], 0), x);
      },
    },
    {
      name: 'last axis, one part left out',
      inputs: [[[2, 5]]],
      build: (x) => {
        const [a, , c] = split(x, 1, [2, 1, 2]) as [Tensor, Tensor, Tensor];
        return add(scale(a, 3), c);
      },
      linear: true,
    },
  ],
  Slice: [
    { name: 'range', inputs: [[[4, 5]]], build: (x) => slice(x, [{ axis: 1, start: 1, end: 4 }]), linear: true },
    {
      name: 'two axes',
      inputs: [[[4, 5]]],
      build: (x) =>
        slice(x, [
          { axis: 0, start: 2, end: 4 },
          { axis: 1, start: 0, end: 2 },
        ]),
      linear: true,
    },
    {
      name: 'steps',
      inputs: [[[7, 2]]],
      build: (x) => slice(x, [{ axis: 0, start: 1, end: 7, step: 2 }]),
      linear: true,
    },
    {
      name: 'steps to the end',
      inputs: [[[2, 7]]],
      build: (x) => slice(x, [{ axis: 1, start: 0, end: 7, step: 3 }]),
      linear: true,
    },
    {
      name: 'backwards',
      inputs: [[[2, 5]]],
      build: (x) => slice(x, [{ axis: 1, start: 4, end: -1, step: -1 }]),
      linear: true,
    },
    {
      name: 'backwards in steps',
      inputs: [[[2, 8]]],
      build: (x) => slice(x, [{ axis: 1, start: 6, end: 0, step: -2 }]),
      linear: true,
    },
  ],
  Pad: [
    { name: 'zeros', inputs: [[[2, 3]]], build: (x) => pad(x, [1, 0], [0, 2]), linear: true },
    { name: 'another value', inputs: [[[2, 3]]], build: (x) => pad(x, [0, 2], [1, 1], -7), linear: true },
  ],
  Expand: [
    { name: 'axes of one', inputs: [[[2, 1, 3]]], build: (x) => expand(x, [2, 4, 3]), linear: true },
    { name: 'new axes', inputs: [[[3]]], build: (x) => expand(x, [2, 2, 3]), linear: true },
  ],
};
