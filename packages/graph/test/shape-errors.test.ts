/** Every rule by which an operator refuses its inputs or attributes, when the graph is built. */
import { describe, expect, test } from 'vitest';
import { Graph, type Tensor } from '../src/graph.ts';
import { reluGradient } from '../src/operators/activation.ts';
import { add, div, mul, pow, sub } from '../src/operators/arithmetic.ts';
import { batchNorm } from '../src/operators/batch-norm.ts';
import { batchNormInference } from '../src/operators/batch-norm-inference.ts';
import { conv } from '../src/operators/convolution.ts';
import { gate } from '../src/operators/gate.ts';
import { instanceNorm } from '../src/operators/instance-norm.ts';
import { layerNorm } from '../src/operators/layer-norm.ts';
import { crossEntropy, klDivergence, logSoftmax, softmax } from '../src/operators/loss.ts';
import { dense, gemm, matMul } from '../src/operators/matmul.ts';
import { averagePool, globalAveragePool, maxPool } from '../src/operators/pooling.ts';
import { reduceMean, reduceSum } from '../src/operators/reduction.ts';
import { concat, expand, pad, reshape, slice, split, transpose } from '../src/operators/shape.ts';
import { OPERATORS } from '../src/operators/table.ts';
import { formatShape, type Shape } from '../src/tensor.ts';

interface Refusal {
  shapes: readonly Shape[];
  build: (...inputs: [Tensor, Tensor, Tensor, Tensor, Tensor]) => unknown;
  reason: RegExp;
  code?: 'BAD_SHAPE' | 'BAD_ATTRIBUTE';
  /** Shapes in the message, where they are not those of the inputs. */
  told?: readonly Shape[];
}

const image: Shape = [2, 4, 6, 5];
const kernel: Shape = [8, 4, 3, 3];
const attribute = 'BAD_ATTRIBUTE';

const binary = (build: (a: Tensor, b: Tensor) => Tensor): Refusal[] => [
  { shapes: [[2, 3], [4]], build, reason: /do not broadcast/ },
  {
    shapes: [
      [2, 3],
      [3, 2],
    ],
    build,
    reason: /do not broadcast/,
  },
];

const reduction = (build: (x: Tensor, axes: readonly number[]) => Tensor): Refusal[] => [
  { shapes: [[2, 3]], build: (x) => build(x, [2]), reason: /axis 2 is not there/ },
  { shapes: [[2, 3]], build: (x) => build(x, [-1]), reason: /axis -1 is not there/ },
  { shapes: [[2, 3]], build: (x) => build(x, [1, 1]), reason: /axis 1 is not there or named twice/ },
];

const pool = (build: typeof maxPool): Refusal[] => [
  { shapes: [[2, 3]], build: (x) => build(x, 2), reason: /four axes/ },
  { shapes: [image], build: (x) => build(x, 7), reason: /a window of 7 is larger than the image/ },
  { shapes: [image], build: (x) => build(x, 2, { padding: 2 }), reason: /wholly in a padding of 2/ },
  { shapes: [image], build: (x) => build(x, 2, { stride: 0 }), reason: /whole numbers from 1/, code: attribute },
  { shapes: [image], build: (x) => build(x, 1.5), reason: /whole numbers from 1/, code: attribute },
  { shapes: [image], build: (x) => build(x, 2, { padding: -1 }), reason: /padding from 0/, code: attribute },
];

const normalised = (build: (x: Tensor) => Tensor): Refusal[] => [{ shapes: [[]], build, reason: /no last axis/ }];

/** By the name of the operator. */
const REFUSALS: Readonly<Record<string, readonly Refusal[]>> = {
  Add: binary(add),
  Sub: binary(sub),
  Mul: binary(mul),
  Div: binary(div),
  Pow: binary(pow),
  ReluGradient: [{ shapes: [[2, 3], [3]], build: reluGradient, reason: /the shapes differ/ }],
  Conv: [
    { shapes: [[4, 6, 5], kernel], build: (x, w) => conv(x, w), reason: /four axes/ },
    { shapes: [image, [8, 4, 3]], build: (x, w) => conv(x, w), reason: /four axes/ },
    { shapes: [image, [8, 3, 3, 3]], build: (x, w) => conv(x, w), reason: /1 groups of 3 channels are not 4/ },
    { shapes: [image, kernel], build: (x, w) => conv(x, w, { groups: 2 }), reason: /2 groups of 4 channels are not 4/ },
    {
      shapes: [image, [7, 2, 3, 3]],
      build: (x, w) => conv(x, w, { groups: 2 }),
      reason: /do not divide into 2 groups/,
    },
    { shapes: [image, [8, 4, 7, 3]], build: (x, w) => conv(x, w, { padding: 0 }), reason: /larger than the padded/ },
    {
      shapes: [image, kernel],
      build: (x, w) => conv(x, w, { dilation: 3, padding: 0 }),
      reason: /larger than the padded/,
    },
    { shapes: [image, kernel], build: (x, w) => conv(x, w, { stride: 0 }), reason: /from 1/, code: attribute },
    { shapes: [image, kernel], build: (x, w) => conv(x, w, { stride: 1.5 }), reason: /from 1/, code: attribute },
    {
      shapes: [image, kernel],
      build: (x, w) => conv(x, w, { dilation: 0, padding: 0 }),
      reason: /from 1/,
      code: attribute,
    },
    { shapes: [image, kernel], build: (x, w) => conv(x, w, { padding: -1 }), reason: /from 0/, code: attribute },
    { shapes: [image, kernel], build: (x, w) => conv(x, w, { padding: 0.5 }), reason: /from 0/, code: attribute },
    {
      shapes: [image, kernel, [4]],
      build: (x, w, bias) => conv(x, w, { bias }),
      reason: /the bias needs the shape \[8\]/,
    },
    {
      shapes: [image, kernel, [1]],
      build: (x, w, bias) => conv(x, w, { bias }),
      reason: /the bias needs the shape \[8\]/,
    },
  ],
  MatMul: [
    {
      shapes: [
        [2, 3],
        [2, 3],
      ],
      build: matMul,
      reason: /columns of the first/,
    },
    { shapes: [[3], [3, 2]], build: matMul, reason: /rank 2/ },
    {
      shapes: [
        [2, 2, 3],
        [4, 3, 2],
      ],
      build: matMul,
      reason: /leading axes do not broadcast/,
    },
  ],
  Gemm: [
    {
      shapes: [
        [2, 3],
        [2, 3],
      ],
      build: (a, b) => gemm(a, b),
      reason: /inner sizes 3 and 2 differ/,
    },
    {
      shapes: [
        [2, 3],
        [2, 4],
      ],
      build: (a, b) => gemm(a, b, false, true),
      reason: /inner sizes 3 and 4 differ/,
    },
    {
      shapes: [
        [2, 3],
        [3, 4],
      ],
      build: (a, b) => gemm(a, b, true),
      reason: /inner sizes 2 and 3 differ/,
    },
    {
      shapes: [
        [1, 2, 3],
        [3, 4],
      ],
      build: (a, b) => gemm(a, b),
      reason: /rank 2/,
    },
    { shapes: [[2, 3], [4, 3], [3]], build: dense, reason: /the bias needs the shape \[4\]/ },
    {
      shapes: [[2, 3], [4, 5], [4]],
      build: dense,
      reason: /inner sizes 3 and 5 differ/,
    },
  ],
  MaxPool: pool(maxPool),
  AveragePool: pool(averagePool),
  GlobalAveragePool: [{ shapes: [[2, 3]], build: globalAveragePool, reason: /four axes/ }],
  InstanceNorm: [{ shapes: [[2, 3]], build: (x) => instanceNorm(x), reason: /four axes/ }],
  BatchNorm: [
    { shapes: [[2, 3, 4], [3], [3]], build: (x, s, b) => batchNorm(x, s, b), reason: /two or four axes/ },
    { shapes: [image, [3], [4]], build: (x, s, b) => batchNorm(x, s, b), reason: /need the shape \[4\]/ },
    { shapes: [image, [4], [1]], build: (x, s, b) => batchNorm(x, s, b), reason: /need the shape \[4\]/ },
    {
      shapes: [image, [4], [4], [2, 4, 6, 6]],
      build: (x, s, b, residual) => batchNorm(x, s, b, { residual }),
      reason: /residual must have the shape/,
    },
    { shapes: [[1, 4, 1, 1], [4], [4]], build: (x, s, b) => batchNorm(x, s, b), reason: /no variance/ },
    { shapes: [[1, 4], [4], [4]], build: (x, s, b) => batchNorm(x, s, b), reason: /no variance/ },
  ],
  BatchNormInference: [
    {
      shapes: [image, [4], [4], [4], [3]],
      build: (x, s, b, mean, variance) => batchNormInference(x, s, b, mean, variance),
      reason: /need the shape \[4\]/,
    },
  ],
  Gate: [
    {
      shapes: [
        [2, 3],
        [2, 3, 1, 1],
      ],
      build: (x, gates) => gate(x, gates),
      reason: /four axes/,
    },
    { shapes: [image, [2, 3, 1, 1]], build: (x, gates) => gate(x, gates), reason: /gates need the shape \[2,4,1,1\]/ },
    {
      shapes: [image, [2, 4, 1, 1], [2, 4, 6, 6]],
      build: (x, gates, residual) => gate(x, gates, { residual }),
      reason: /residual must have the shape/,
    },
  ],
  Softmax: normalised(softmax),
  LogSoftmax: normalised(logSoftmax),
  ReduceSum: reduction(reduceSum),
  ReduceMean: reduction(reduceMean),
  Reshape: [
    { shapes: [[2, 3]], build: (x) => reshape(x, [7]), reason: /number of elements/, told: [[2, 3], [7]] },
    {
      shapes: [[2, 3]],
      build: (x) => reshape(x, [-1, -6]),
      reason: /number of elements/,
      told: [
        [2, 3],
        [-1, -6],
      ],
    },
  ],
  Transpose: [
    { shapes: [[2, 3]], build: (x) => transpose(x, [0, 0]), reason: /\[0,0\] does not permute/ },
    { shapes: [[2, 3]], build: (x) => transpose(x, [0]), reason: /does not permute/ },
    { shapes: [[2, 3]], build: (x) => transpose(x, [1, 2]), reason: /does not permute/ },
  ],
  Concat: [
    {
      shapes: [
        [2, 3],
        [2, 4],
      ],
      build: (a, b) => concat([a, b], 0),
      reason: /may differ along axis 0 only/,
    },
    { shapes: [[2, 3], [3]], build: (a, b) => concat([a, b], 0), reason: /may differ along axis 0 only/ },
    {
      shapes: [
        [2, 3],
        [2, 3],
      ],
      build: (a, b) => concat([a, b], 2),
      reason: /there is no axis 2/,
    },
  ],
  Split: [
    { shapes: [[4, 5]], build: (x) => split(x, 1, [2, 2])[0]!, reason: /the sizes 2, 2 do not fill axis 1/ },
    { shapes: [[4, 5]], build: (x) => split(x, 2, [5])[0]!, reason: /the sizes 5 do not fill axis 2/ },
    { shapes: [[4, 5]], build: (x) => split(x, 0, [])[0]!, reason: /do not fill axis 0/ },
    { shapes: [[4, 5]], build: (x) => split(x, 0, [4, 0])[0]!, reason: /would have the shape/ },
  ],
  Slice: [
    { shapes: [[4, 5]], build: (x) => slice(x, [{ axis: 2, start: 0, end: 1 }]), reason: /axis 2 has no range 0:1:1/ },
    { shapes: [[4, 5]], build: (x) => slice(x, [{ axis: 1, start: 2, end: 6 }]), reason: /axis 1 has no range 2:6:1/ },
    { shapes: [[4, 5]], build: (x) => slice(x, [{ axis: 1, start: -2, end: 2 }]), reason: /no range -2:2:1/ },
    { shapes: [[4, 5]], build: (x) => slice(x, [{ axis: 1, start: 3, end: 3 }]), reason: /no range 3:3:1/ },
    { shapes: [[4, 5]], build: (x) => slice(x, [{ axis: 1, start: 0, end: 4, step: 0 }]), reason: /no range 0:4:0/ },
    { shapes: [[4, 5]], build: (x) => slice(x, [{ axis: 1, start: 0, end: 4, step: -1 }]), reason: /no range 0:4:-1/ },
    { shapes: [[4, 5]], build: (x) => slice(x, [{ axis: 1, start: 0.5, end: 4 }]), reason: /no range 0.5:4:1/ },
    {
      shapes: [[4, 5]],
      build: (x) =>
        slice(x, [
          { axis: 1, start: 0, end: 4 },
          { axis: 1, start: 0, end: 2 },
        ]),
      reason: /axis 1 is cut twice/,
    },
  ],
  Pad: [
    { shapes: [[2, 3]], build: (x) => pad(x, [1], [1]), reason: /one number per axis/ },
    { shapes: [[2, 3]], build: (x) => pad(x, [0, -1], [0, 2]), reason: /whole number from 0/, code: attribute },
    { shapes: [[2, 3]], build: (x) => pad(x, [0, 0.5], [0, 0.5]), reason: /whole number from 0/, code: attribute },
  ],
  Expand: [
    {
      shapes: [[2, 3]],
      build: (x) => expand(x, [4, 3]),
      reason: /only sizes of 1 can grow/,
      told: [
        [2, 3],
        [4, 3],
      ],
    },
    { shapes: [[2, 3]], build: (x) => expand(x, [3]), reason: /only sizes of 1 can grow/, told: [[2, 3], [3]] },
    { shapes: [[1]], build: (x) => expand(x, [0]), reason: /would have the shape \[0\]/ },
  ],
  layerNorm: [
    { shapes: [[2, 3], [2], [3]], build: (x, s, b) => layerNorm(x, s, b), reason: /size of the last axis/ },
    { shapes: [[2, 3], [3], [2, 3]], build: (x, s, b) => layerNorm(x, s, b), reason: /size of the last axis/ },
    { shapes: [[], [], []], build: (x, s, b) => layerNorm(x, s, b), reason: /size of the last axis/ },
  ],
  crossEntropy: [
    {
      shapes: [
        [2, 3],
        [2, 4],
      ],
      build: (x, t) => crossEntropy(x, t),
      reason: /both need the shape \[N, C\]/,
    },
    {
      shapes: [
        [2, 3, 1],
        [2, 3, 1],
      ],
      build: (x, t) => crossEntropy(x, t),
      reason: /both need the shape \[N, C\]/,
    },
    {
      shapes: [
        [2, 3],
        [2, 3],
        [2, 1],
      ],
      build: (x, t, w) => crossEntropy(x, t, w),
      reason: /one weight per row/,
    },
  ],
  klDivergence: [
    { shapes: [[2, 3], [3]], build: (x, t) => klDivergence(x, t), reason: /both need the shape \[N, C\]/ },
  ],
};

describe.each(Object.entries(REFUSALS))('%s', (name, refusals) => {
  test.each(refusals)('refuses $shapes: $reason', ({ shapes, build, reason, code = 'BAD_SHAPE', told = shapes }) => {
    const graph = new Graph();
    const inputs = shapes.map((shape, i) => graph.input(`x${i}`, shape));
    const refused = () => build(...(inputs as [Tensor, Tensor, Tensor, Tensor, Tensor]));
    expect(refused).toThrow(expect.objectContaining({ name: 'GraphError', code }));
    expect(refused).toThrow(`${name} cannot take ${told.map(formatShape).join(' and ')}: `);
    expect(refused).toThrow(reason);
  });
});

/** Take one tensor of any shape, or stand in gradients only, where their inputs fit by construction. */
const UNCONDITIONAL = [
  ...['Neg', 'Exp', 'Log', 'Sqrt', 'Step', 'Relu', 'LeakyRelu', 'Sigmoid', 'Tanh', 'HardSwish'],
  ...['ConvBiasGradient', 'ConvInputGradient', 'ConvWeightGradient', 'MaxPoolGradient', 'AveragePoolGradient'],
  ...['GlobalAveragePoolGradient', 'BatchNormGradient', 'GateGradient'],
];

test('every operator stands here', () => {
  const refusing = Object.keys(REFUSALS).filter((name) => name in OPERATORS);
  expect([...refusing, ...UNCONDITIONAL].sort()).toEqual(Object.keys(OPERATORS).sort());
});
