import { GraphError } from '../error.ts';
import { noSecondGradient, type Operator, reject, type Tensor } from '../graph.ts';
import type { Lowering } from '../lowering.ts';
import { sameShape, sizeOf, type TensorType } from '../tensor.ts';
import { reluGradient } from './activation.ts';
import { affine, channelMean, channelMeanOfProduct, chooseForm, defineFlat, flatValue } from './per-channel.ts';

/**
 * Batch normalisation (Ioffe and Szegedy, 2015) in its training form. Written as y = a*x + b per channel, and its gradient as
 * dx = a*dy + b*x + c, so that few passes over the activations are needed; the sum with a shortcut and Relu join the same pass.
 * For the same reason the variance is mean(x^2) - mean(x)^2. In float32 that loses digits where the mean of a channel is
 * hundreds of its deviations away from zero: normalise the pixels that a net begins with.
 */

export interface BatchNormAttributes {
  epsilon: number;
  /** Relu after the sum. */
  relu: boolean;
}

/**
 * (x [N, C] or [N, C, H, W], scale [C], bias [C], optional residual like x) ->
 * (y, mean [C], biased variance [C], 1 / sqrt(variance + epsilon) [C]). No gradient flows through
 * the last three.
 */
export const BatchNorm: Operator<BatchNormAttributes> = {
  name: 'BatchNorm',
  infer(inputs) {
    checkInputs(inputs);
    const [x] = inputs as [TensorType];
    const statistic = { dtype: x.dtype, shape: [x.shape[1]!] };
    return [x, statistic, statistic, statistic];
  },
  gradient(node, [outputGradient, ...ofStatistics]) {
    if (outputGradient === undefined || ofStatistics.some((gradient) => gradient !== undefined)) {
      throw new GraphError('NOT_DIFFERENTIABLE', 'no gradient flows through the statistics of BatchNorm');
    }
    const [x, scale] = node.inputs as [Tensor, Tensor];
    const [y, mean, , inverse] = node.outputs as [Tensor, Tensor, Tensor, Tensor];
    const gradient = node.attributes.relu ? reluGradient(outputGradient, y) : outputGradient;
    const [dx, dScale, dBias] = x.graph.apply(BatchNormGradient, [gradient, x, scale, mean, inverse], undefined);
    return [dx, dScale, dBias, gradient];
  },
  lower(node, lowering) {
    const [x, scale, bias, residual] = node.inputs as [Tensor, Tensor, Tensor, Tensor | undefined];
    const form = chooseForm(lowering, x);
    const image = flatValue(lowering, form, x);
    const mean = channelMean(lowering, form, image);
    const square = channelMeanOfProduct(lowering, form, image, image);
    const spread = lowering.emit('Sub', [square, lowering.emit('Mul', [mean, mean])]);
    const variance = lowering.emit('Relu', [spread]);
    const inverse = inverseDeviation(lowering, variance, node.attributes.epsilon);
    const factor = lowering.emit('Mul', [lowering.value(scale), inverse]);
    const shift = lowering.emit('Sub', [lowering.value(bias), lowering.emit('Mul', [mean, factor])]);
    const sum = residual === undefined ? {} : { sum: flatValue(lowering, form, residual) };
    const y = affine(lowering, form, image, { factor, shift, ...sum, relu: node.attributes.relu });
    defineFlat(lowering, form, node.outputs[0]!, y);
    for (const [i, name] of [mean, variance, inverse].entries()) lowering.define(node.outputs[i + 1]!, name);
  },
};

/** (gradient, x, scale, mean, inverse deviation) -> gradients of (x, scale, bias). */
export const BatchNormGradient: Operator<undefined> = {
  name: 'BatchNormGradient',
  infer: ([, x, scale]) => [x!, scale!, scale!],
  gradient: noSecondGradient,
  lower(node, lowering) {
    const [gradient, x, scale, mean, inverse] = node.inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
    const form = chooseForm(lowering, x);
    const [dy, image] = [flatValue(lowering, form, gradient), flatValue(lowering, form, x)];
    const [centre, width] = [lowering.value(mean), lowering.value(inverse)];
    // Means over batch and pixels of dy and of dy * (x - mean) / deviation.
    const meanOfDy = channelMean(lowering, form, dy);
    const meanOfProduct = channelMeanOfProduct(lowering, form, dy, image);
    const centred = lowering.emit('Sub', [meanOfProduct, lowering.emit('Mul', [centre, meanOfDy])]);
    const correlation = lowering.emit('Mul', [centred, width]);
    const factor = lowering.emit('Mul', [lowering.value(scale), width]);
    const slope = lowering.emit('Mul', [lowering.emit('Mul', [factor, width]), correlation]);
    const shift = lowering.emit('Sub', [
      lowering.emit('Mul', [slope, centre]),
      lowering.emit('Mul', [factor, meanOfDy]),
    ]);
    const partial = affine(lowering, form, image, { factor: lowering.emit('Neg', [slope]), shift });
    defineFlat(lowering, form, node.outputs[0]!, affine(lowering, form, dy, { factor, sum: partial }));
    const count = lowering.float(sizeOf(x.shape) / x.shape[1]!);
    lowering.define(node.outputs[1]!, lowering.emit('Mul', [correlation, count]));
    lowering.define(node.outputs[2]!, lowering.emit('Mul', [meanOfDy, count]));
  },
};

export interface BatchNormOptions {
  /** Default 1e-5. */
  epsilon?: number;
  /** Added before the activation; the shape of x. */
  residual?: Tensor;
  /** Default false. */
  relu?: boolean;
}

/** Normalises over batch and pixels; the statistics are those of this batch. */
export function batchNorm(
  x: Tensor,
  scale: Tensor,
  bias: Tensor,
  options: BatchNormOptions = {},
): { y: Tensor; mean: Tensor; variance: Tensor } {
  const { epsilon = 1e-5, residual, relu = false } = options;
  const inputs = residual === undefined ? [x, scale, bias] : [x, scale, bias, residual];
  const [y, mean, variance] = x.graph.apply(BatchNorm, inputs, { epsilon, relu });
  return { y: y!, mean: mean!, variance: variance! };
}

function checkInputs(inputs: readonly TensorType[]): void {
  const [x, scale, bias, residual] = inputs as [TensorType, TensorType, TensorType, TensorType | undefined];
  if (x.shape.length !== 2 && x.shape.length !== 4) reject('BatchNorm', inputs, 'the input needs two or four axes');
  const channels = [x.shape[1]!];
  if (!sameShape(scale.shape, channels) || !sameShape(bias.shape, channels)) {
    reject('BatchNorm', inputs, `scale and bias need the shape [${channels}]`);
  }
  if (residual !== undefined && !sameShape(residual.shape, x.shape)) {
    reject('BatchNorm', inputs, 'the residual must have the shape of the input');
  }
  if (sizeOf(x.shape) === x.shape[1]) reject('BatchNorm', inputs, 'one value per channel has no variance');
}

function inverseDeviation(lowering: Lowering, variance: string, epsilon: number): string {
  const deviation = lowering.emit('Sqrt', [lowering.emit('Add', [variance, lowering.float(epsilon)])]);
  return lowering.emit('Reciprocal', [deviation]);
}
