import type { Tensor } from '../graph.ts';
import type { Lowering } from '../lowering.ts';
import type { Shape } from '../tensor.ts';
import { allMoves, horizontalMoves, NARROW, verticalMoves, type WeightGradientNode } from './convolution-moves.ts';
import { canConvolveGradient, convolveGradient } from './convolution-weights-blocked.ts';
import { canStackGradient, stackGradient } from './convolution-weights-stacked.ts';
import { gatherRows } from './gather-rows.ts';

/**
 * The gradient of a convolution's weights, and how it is written where it cannot be a convolution in blocks: as one matrix
 * product. dW[k, c, r, s] is a sum over all output pixels of dY[k, pixel] * X[c, pixel moved by (r, s)]. Written over pixels in
 * rows of channels (NHWC), the horizontal moves of X stand side by side as [pixels, S*C], the vertical ones of dY as
 * [pixels, R*K], and the product of the two holds every pair (r, s): S + R copies instead of the R*S of im2col.
 */

export function lowerWeightGradient(node: WeightGradientNode, lowering: Lowering): void {
  const { groups, weightShape } = node.attributes;
  const narrow = weightShape[1]! < NARROW ? lowerNarrow : lowerShifted;
  const lowerPlain = groups > 1 ? lowerGrouped : narrow;
  const lowerIt = canStackGradient(node, lowering)
    ? stackGradient
    : canConvolveGradient(node, lowering)
      ? convolveGradient
      : lowerPlain;
  lowering.define(node.outputs[0]!, lowerIt(node, lowering));
}

function lowerShifted(node: WeightGradientNode, lowering: Lowering): string {
  const [x, gradient] = node.inputs as [Tensor, Tensor];
  const [k, c, r, s] = node.attributes.weightShape as [number, number, number, number];
  const pixels = x.shape[0]! * x.shape[2]! * gradient.shape[3]!;
  const columns = gatherPixels(lowering, x, horizontalMoves(node), [pixels, s * c]);
  const rows = gatherPixels(lowering, gradient, verticalMoves(node), [pixels, r * k]);
  const product = lowering.emit('Gemm', [rows, columns], { transA: { type: 'int', value: 1 } });
  return lowering.transpose(lowering.reshape(product, [], [r, k, s, c]), [1, 3, 0, 2]);
}

/**
 * Few input channels, where copying all R*S moves of X is cheaper than R of dY: the patches under the kernel side by side,
 * [pixels, C*R*S], against the gradient once.
 */
function lowerNarrow(node: WeightGradientNode, lowering: Lowering): string {
  const gradient = node.inputs[1]!;
  const [k, c, r, s] = node.attributes.weightShape as [number, number, number, number];
  const pixels = gradient.shape[0]! * gradient.shape[2]! * gradient.shape[3]!;
  const patches = gatherPixels(lowering, node.inputs[0]!, allMoves(node), [pixels, r * s * c]);
  const rows = lowering.reshape(lowering.value(gradient, 'channelsLast'), [], [pixels, k]);
  const product = lowering.emit('Gemm', [rows, patches], { transA: { type: 'int', value: 1 } });
  return lowering.transpose(lowering.reshape(product, [], [k, r, s, c]), [0, 3, 1, 2]);
}

/** Copies pixels, rows of channels, by number into a matrix of the shape given; -1 stands for a row of zeros. */
function gatherPixels(lowering: Lowering, tensor: Tensor, numbers: Int32Array, shape: Shape): string {
  const [n, c, h, w] = tensor.shape as [number, number, number, number];
  const table = { name: lowering.value(tensor, 'channelsLast'), rows: n * h * w, width: c };
  return lowering.reshape(gatherRows(lowering, table, numbers), [], shape);
}

/** Groups: per kernel offset a strided slice of the padded input, and a product per image and group, summed over images. */
function lowerGrouped(node: WeightGradientNode, lowering: Lowering): string {
  const [x, gradient] = node.inputs as [Tensor, Tensor];
  const { groups, weightShape, pads } = node.attributes;
  const [k, c, r, s] = weightShape as [number, number, number, number];
  const [n, , outHeight, outWidth] = gradient.shape as [number, number, number, number];
  const pixels = outHeight * outWidth;
  const padded = lowering.emit('Pad', [
    lowering.value(x),
    lowering.ints([0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]]),
    lowering.float(0),
  ]);
  const right = lowering.reshape(lowering.value(gradient), [], [n, groups, k / groups, pixels]);
  const parts = Array.from({ length: r * s }, (_, offset) => {
    const seen = sliceOffset(node, lowering, padded, [Math.floor(offset / s), offset % s], [outHeight, outWidth]);
    const left = lowering.transpose(lowering.reshape(seen, [], [n, groups, c, pixels]), [0, 1, 3, 2]);
    const summed = lowering.emit('ReduceSum', [lowering.emit('MatMul', [right, left]), lowering.ints([0])], {
      keepdims: { type: 'int', value: 0 },
    });
    return lowering.reshape(summed, [], [k, c, 1]);
  });
  const stacked = lowering.emit('Concat', parts, { axis: { type: 'int', value: 2 } });
  return lowering.reshape(stacked, [], [k, c, r, s]);
}

function sliceOffset(
  node: WeightGradientNode,
  lowering: Lowering,
  padded: string,
  [r, s]: [number, number],
  [height, width]: [number, number],
): string {
  const { strides, dilations } = node.attributes;
  const starts = [r * dilations[0], s * dilations[1]];
  const ends = [starts[0]! + (height - 1) * strides[0] + 1, starts[1]! + (width - 1) * strides[1] + 1];
  return lowering.emit('Slice', [
    padded,
    lowering.ints(starts),
    lowering.ints(ends),
    lowering.ints([2, 3]),
    lowering.ints(strides),
  ]);
}
