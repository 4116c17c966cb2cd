import { apply, noSecondGradient, type Operator, reject, type Tensor } from '../graph.ts';
import type { Lowering } from '../lowering.ts';
import { isShape, type Shape, sameShape, sizeOf, type TensorType } from '../tensor.ts';
import { emitBlockedConvolution, intoBlocks, type KernelSteps, kernelAttributes } from './blocked-convolution.ts';
import { lowerInputGradient } from './convolution-input.ts';
import { lowerWeightGradient } from './convolution-weights.ts';
import { channelMean, chooseForm, flatValue } from './per-channel.ts';

/** Two-dimensional convolution (cross-correlation, as everywhere in this field) and its two gradients. */

/** x [N, C, H, W], weight [K, C/groups, R, S], optional bias [K] -> [N, K, H', W']. */
export const Conv: Operator<KernelSteps> = {
  name: 'Conv',
  infer(inputs, steps) {
    checkChannels(inputs, steps);
    checkSteps(inputs, steps);
    const [x, weight] = inputs as [Tensor, Tensor];
    const [height, width] = outputSize(x.shape, weight.shape, steps);
    if (height < 1 || width < 1) reject('Conv', inputs, 'the kernel is larger than the padded image');
    return [{ dtype: x.dtype, shape: [x.shape[0]!, weight.shape[0]!, height, width] }];
  },
  gradient(node, [gradient]) {
    const [x, weight] = node.inputs as [Tensor, Tensor];
    return [
      apply(ConvInputGradient, [gradient!, weight], { ...node.attributes, inputShape: x.shape }),
      apply(ConvWeightGradient, [x, gradient!], { ...node.attributes, weightShape: weight.shape }),
      apply(ConvBiasGradient, [gradient!], undefined),
    ];
  },
  lower(node, lowering) {
    const [x, weight, ...biases] = node.inputs as [Tensor, Tensor, ...Tensor[]];
    const [output] = node.outputs as [Tensor];
    const kernel = weight.shape.slice(2);
    const bias = biases.map((tensor) => lowering.value(tensor));
    // With constant weights ONNX Runtime puts a convolution into blocks by itself, and folds into it what follows.
    const isFixed = weight.source.kind === 'constant';
    if (isFixed || !canRunBlocked(lowering, x.shape[1]!, weight.shape[0]!, node.attributes.groups)) {
      const inputs = [lowering.value(x), lowering.value(weight), ...bias];
      lowering.define(output, lowering.emit('Conv', inputs, kernelAttributes(kernel, node.attributes)));
      return;
    }
    // Fewer channels than a block (grey, RGB): ONNX Runtime reads the plain image and wants the weights in another order.
    const narrow = x.shape[1]! < lowering.blockSize;
    const weights = (narrow ? blockOutputs : blockWeights)(lowering, lowering.value(weight), weight.shape);
    const inputs = [lowering.value(x, narrow ? 'plain' : 'blocked'), weights, ...bias];
    lowering.define(output, emitBlockedConvolution(lowering, inputs, { kernel, ...node.attributes }), 'blocked');
  },
};

/** (gradient [N, K, H', W'], weight) -> gradient of the input [N, C, H, W]. */
export const ConvInputGradient: Operator<KernelSteps & { inputShape: Shape }> = {
  name: 'ConvInputGradient',
  infer: ([gradient], { inputShape }) => [{ dtype: gradient!.dtype, shape: inputShape }],
  gradient: noSecondGradient,
  lower: lowerInputGradient,
};

/** (x, gradient) -> gradient of the weight [K, C/groups, R, S]. */
export const ConvWeightGradient: Operator<KernelSteps & { weightShape: Shape }> = {
  name: 'ConvWeightGradient',
  infer: ([x], { weightShape }) => [{ dtype: x!.dtype, shape: weightShape }],
  gradient: noSecondGradient,
  lower: lowerWeightGradient,
};

/** Gradient [N, K, H', W'] -> gradient of the bias [K]: its sum over batch and pixels. */
export const ConvBiasGradient: Operator<undefined> = {
  name: 'ConvBiasGradient',
  infer: ([gradient]) => [{ dtype: gradient!.dtype, shape: [gradient!.shape[1]!] }],
  gradient: noSecondGradient,
  lower(node, lowering) {
    const [gradient] = node.inputs as [Tensor];
    const form = chooseForm(lowering, gradient);
    const mean = channelMean(lowering, form, flatValue(lowering, form, gradient));
    const count = lowering.float(sizeOf(gradient.shape) / gradient.shape[1]!);
    lowering.define(node.outputs[0]!, lowering.emit('Mul', [mean, count]));
  },
};

export interface ConvOptions {
  /** Default 1. */
  stride?: number;
  /** Zeros on every side; default `dilation * (kernel - 1) / 2` rounded down, which keeps the size for an odd kernel and stride 1. */
  padding?: number;
  /** Default 1. */
  dilation?: number;
  /** Default 1; as many as channels makes it depthwise. */
  groups?: number;
  /** [K]. */
  bias?: Tensor;
}

/** Convolution of x [N, C, H, W] with weight [K, C/groups, R, S]. */
export function conv(x: Tensor, weight: Tensor, options: ConvOptions = {}): Tensor {
  const { stride = 1, dilation = 1, groups = 1, bias } = options;
  const [vertical, horizontal] = [2, 3].map(
    (axis) => options.padding ?? Math.floor((dilation * ((weight.shape[axis] ?? 1) - 1)) / 2),
  ) as [number, number];
  return apply(Conv, bias === undefined ? [x, weight] : [x, weight, bias], {
    strides: [stride, stride],
    pads: [vertical, horizontal, vertical, horizontal],
    dilations: [dilation, dilation],
    groups,
  });
}

function checkChannels(inputs: readonly TensorType[], { groups }: KernelSteps): void {
  const [{ shape: x }, { shape: weight }, bias] = inputs as [TensorType, TensorType, TensorType | undefined];
  if (x.length !== 4 || weight.length !== 4) reject('Conv', inputs, 'both need four axes');
  if (x[1] !== weight[1]! * groups) {
    reject('Conv', inputs, `${groups} groups of ${weight[1]} channels are not ${x[1]}`);
  }
  if (bias !== undefined && !sameShape(bias.shape, [weight[0]!])) {
    reject('Conv', inputs, `the bias needs the shape [${weight[0]}]`);
  }
  if (weight[0]! % groups !== 0) reject('Conv', inputs, `${weight[0]} outputs do not divide into ${groups} groups`);
}

function checkSteps(inputs: readonly TensorType[], { strides, dilations, groups, pads }: KernelSteps): void {
  if (!isShape([...strides, ...dilations, groups])) {
    reject('Conv', inputs, 'stride, dilation and groups are whole numbers from 1', 'BAD_ATTRIBUTE');
  }
  if (!pads.every((pad) => Number.isInteger(pad) && pad >= 0)) {
    reject('Conv', inputs, 'padding is a whole number from 0', 'BAD_ATTRIBUTE');
  }
}

/** Height and width of a convolution's output. */
function outputSize(x: Shape, weight: Shape, { strides, pads, dilations }: KernelSteps): [number, number] {
  const along = (axis: 0 | 1) => {
    const padded = x[axis + 2]! + pads[axis] + pads[axis === 0 ? 2 : 3];
    return Math.floor((padded - dilations[axis] * (weight[axis + 2]! - 1) - 1) / strides[axis]) + 1;
  };
  return [along(0), along(1)];
}

function canRunBlocked({ blockSize }: Lowering, from: number, to: number, groups: number): boolean {
  return blockSize > 0 && groups === 1 && to % blockSize === 0 && (from % blockSize === 0 || from < blockSize);
}

/**
 * Weights [K, C, R, S] in the order [K/b, C/b, R, S, b of C, b of K], under the old shape. In two steps, each of which moves
 * one axis or whole rows: ONNX Runtime's transposition of six axes at once takes four times as long.
 */
function blockWeights(lowering: Lowering, name: string, shape: Shape): string {
  const [k, c, r, s] = shape as [number, number, number, number];
  const b = lowering.blockSize;
  const outputsLast = lowering.reshape(blockOutputs(lowering, name, shape), [], [(k * c) / (b * b), b, r * s, b]);
  return lowering.reshape(r * s === 1 ? outputsLast : lowering.transpose(outputsLast, [0, 2, 1, 3]), [], shape);
}

/** Weights [K, C, R, S] in the order [K/b, C, R, S, b], under the old shape. */
function blockOutputs(lowering: Lowering, name: string, shape: Shape): string {
  const [k, c, r, s] = shape as [number, number, number, number];
  const b = lowering.blockSize;
  return lowering.reshape(intoBlocks(lowering, name, [k / b, b, c * r * s]), [], shape);
}
