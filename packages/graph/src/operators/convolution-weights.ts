import type { Tensor } from '../graph.ts';
import { type Lowering, NCHWC_DOMAIN } from '../lowering.ts';
import type { Shape } from '../tensor.ts';
import { emitBlockedConvolution, outOfBlocks } from './blocked-convolution.ts';
import {
  allMoves,
  horizontalMoves,
  verticalMoves,
  verticalRows,
  type WeightGradientNode,
} from './convolution-moves.ts';

/**
 * The gradient of a convolution's weights as one matrix product. dW[k, c, r, s] is a sum over all output pixels of
 * dY[k, pixel] * X[c, pixel moved by (r, s)]. Written over pixels in rows of channels (NHWC), the horizontal moves of X stand
 * side by side as [pixels, S*C], the vertical ones of dY as [pixels, R*K], and the product of the two holds every pair (r, s):
 * S + R copies instead of the R*S of im2col, and one large product that uses the processor fully.
 */

/** Below this number of input channels, rows are so short that copying all R*S moves of X is cheaper than R of dY. */
const NARROW = 8;

export function lowerWeightGradient(node: WeightGradientNode, lowering: Lowering): void {
  const { groups, weightShape } = node.attributes;
  const lowerIt = groups > 1 ? lowerGrouped : weightShape[1]! < NARROW ? lowerNarrow : lowerShifted;
  lowering.define(node.outputs[0]!, lowerIt(node, lowering));
}

function lowerShifted(node: WeightGradientNode, lowering: Lowering): string {
  const [x, gradient] = node.inputs as [Tensor, Tensor];
  const [k, c, r, s] = node.attributes.weightShape as [number, number, number, number];
  const pixels = x.shape[0]! * x.shape[2]! * gradient.shape[3]!;
  const columns = gatherRows(lowering, x, horizontalMoves(node), [pixels, s * c]);
  if (canMultiplyBlocked(lowering, gradient, pixels)) return lowerBlockedProduct(node, lowering, columns, pixels);
  const rows = gatherRows(lowering, gradient, verticalMoves(node), [pixels, r * k]);
  const product = lowering.emit('Gemm', [rows, columns], { transA: { type: 'int', value: 1 } });
  return lowering.transpose(lowering.reshape(product, [], [r, k, s, c]), [1, 3, 0, 2]);
}

function canMultiplyBlocked(lowering: Lowering, gradient: Tensor, pixels: number): boolean {
  return lowering.canBlock(gradient) && pixels % lowering.blockSize === 0;
}

/**
 * The product as a 1x1 convolution whose channels are the pixels: ONNX Runtime's blocked convolution ran it at 96 GFLOP/s a
 * core where its matrix product over so many rows reached 38. A gradient in blocks [N, K/b, pixels, b], images put behind one
 * another, is a weight [K, pixels, 1, 1] in the order that this convolution wants.
 */
function lowerBlockedProduct(node: WeightGradientNode, lowering: Lowering, columns: string, pixels: number): string {
  const gradient = node.inputs[1]!;
  const [k, c, r, s] = node.attributes.weightShape as [number, number, number, number];
  const pointwise = r === 1 && node.attributes.strides[0] === 1;
  const moved = pointwise ? blocksInSequence(lowering, gradient) : gatherImageRows(node, lowering);
  const product = multiplyBlocked(lowering, lowering.reshape(columns, [], [1, pixels, s, c]), moved, [r * k, pixels]);
  return orderWeights(lowering, product, [k, c, r, s]);
}

/** A product [R, K/b, S, C, b] as weights [K, C, R, S]: whole rows move first, then blocks are put in order twice. */
function orderWeights(lowering: Lowering, product: string, [k, c, r, s]: [number, number, number, number]): string {
  const b = lowering.blockSize;
  const split = lowering.reshape(product, [], [r, k / b, s * c * b]);
  const outputsFirst = outOfBlocks(lowering, r === 1 ? split : lowering.transpose(split, [1, 0, 2]), [
    k / b,
    b,
    r * s * c,
  ]);
  if (r * s === 1) return lowering.reshape(outputsFirst, [], [k, c, 1, 1]);
  const pixelsFirst = lowering.reshape(outputsFirst, [], [k, r, s, c]);
  if (c % b !== 0) return lowering.transpose(pixelsFirst, [0, 3, 1, 2]);
  const last = { channels_last: { type: 'int', value: 1 } } as const;
  const blocked = lowering.emit('ReorderInput', [pixelsFirst], last, NCHWC_DOMAIN);
  return lowering.reshape(outOfBlocks(lowering, blocked, [k, c, r * s]), [], [k, c, r, s]);
}

/** Rows [1, pixels, s, c] and a kernel of the shape [outputs, pixels] in blocked order -> [outputs/b, s, c, b]. */
function multiplyBlocked(
  lowering: Lowering,
  rows: string,
  kernel: string,
  [outputs, pixels]: [number, number],
): string {
  const image = lowering.emit('ReorderInput', [rows], {}, NCHWC_DOMAIN);
  return emitBlockedConvolution(lowering, [image, lowering.reshape(kernel, [], [outputs, pixels, 1, 1])], {});
}

/**
 * Copies a gradient in R vertical moves, [R, K/b, pixels, b]: image row by image row, since vertical moves keep rows whole.
 */
function gatherImageRows(node: WeightGradientNode, lowering: Lowering): string {
  const gradient = node.inputs[1]!;
  const [n, k, h, w] = gradient.shape as [number, number, number, number];
  const b = lowering.blockSize;
  const blocks = k / b;
  const rows = lowering.reshape(lowering.value(gradient, 'blocked'), [], [n * blocks * h, w * b]);
  const moves = verticalRows(node);
  const table = moves.some((move) => move.includes(-1)) ? withZeroRow(lowering, rows, w * b) : rows;
  const numbers = moves.flatMap((move) =>
    Array.from({ length: blocks }, (_, block) =>
      Array.from(move, (row) => (row < 0 ? n * blocks * h : (Math.floor(row / h) * blocks + block) * h + (row % h))),
    ).flat(),
  );
  return gather(lowering, table, Int32Array.from(numbers));
}

function withZeroRow(lowering: Lowering, rows: string, width: number): string {
  const zeros = lowering.constant({ dtype: 'float32', shape: [1, width], data: new Float32Array(width) });
  return lowering.emit('Concat', [rows, zeros], { axis: { type: 'int', value: 0 } });
}

function gather(lowering: Lowering, table: string, numbers: Int32Array): string {
  const indices = lowering.constant({ dtype: 'int32', shape: [numbers.length], data: numbers });
  return lowering.emit('Gather', [table, indices], { axis: { type: 'int', value: 0 } });
}

/** Few input channels: the patches under the kernel side by side, [pixels, C*R*S], against the gradient once. */
function lowerNarrow(node: WeightGradientNode, lowering: Lowering): string {
  const gradient = node.inputs[1]!;
  const [k, c, r, s] = node.attributes.weightShape as [number, number, number, number];
  const pixels = gradient.shape[0]! * gradient.shape[2]! * gradient.shape[3]!;
  if (canMultiplyBlocked(lowering, gradient, pixels)) return lowerNarrowBlocked(node, lowering, pixels);
  const patches = gatherRows(lowering, node.inputs[0]!, allMoves(node), [pixels, r * s * c]);
  const rows = lowering.reshape(lowering.value(gradient, 'channelsLast'), [], [pixels, k]);
  const product = lowering.emit('Gemm', [rows, patches], { transA: { type: 'int', value: 1 } });
  return lowering.transpose(lowering.reshape(product, [], [k, r, s, c]), [0, 3, 1, 2]);
}

/** A convolution with kernels of a single 1 each lays out the patches, much faster than Gather copies single numbers. */
function lowerNarrowBlocked(node: WeightGradientNode, lowering: Lowering, pixels: number): string {
  const { weightShape, ...attributes } = node.attributes;
  const [k, c, r, s] = weightShape as [number, number, number, number];
  const b = lowering.blockSize;
  const taps = c * r * s;
  const width = Math.ceil(taps / b) * b;
  const kernel = lowering.constant({ dtype: 'float32', shape: [width, c, r, s], data: singleTaps(width / b, taps, b) });
  const inputs = [lowering.value(node.inputs[0]!), kernel];
  const blocked = emitBlockedConvolution(lowering, inputs, { kernel: [r, s], ...attributes });
  const last = { channels: { type: 'int', value: width }, channels_last: { type: 'int', value: 1 } } as const;
  const patches = width === b ? blocked : lowering.emit('ReorderOutput', [blocked], last, NCHWC_DOMAIN);
  const product = multiplyBlocked(
    lowering,
    lowering.reshape(patches, [], [1, pixels, 1, width]),
    blocksInSequence(lowering, node.inputs[1]!),
    [k, pixels],
  );
  const rows = lowering.reshape(
    lowering.transpose(lowering.reshape(product, [], [k / b, width, b]), [0, 2, 1]),
    [],
    [k, width],
  );
  const used =
    width === taps
      ? rows
      : lowering.emit('Slice', [rows, lowering.ints([0]), lowering.ints([taps]), lowering.ints([1])]);
  return lowering.reshape(used, [], weightShape);
}

/** Kernels [blocks * b, taps] with a single 1 each, in the order [blocks, taps, b]. */
function singleTaps(blocks: number, taps: number, b: number): Float32Array {
  const kernel = new Float32Array(blocks * taps * b);
  for (let tap = 0; tap < taps; tap++) kernel[(Math.floor(tap / b) * taps + tap) * b + (tap % b)] = 1;
  return kernel;
}

/** A gradient in blocks with its images behind one another: [K/b, pixels of all images, b]. */
function blocksInSequence(lowering: Lowering, gradient: Tensor): string {
  const [n, k, h, w] = gradient.shape as [number, number, number, number];
  const b = lowering.blockSize;
  return lowering.transpose(
    lowering.reshape(lowering.value(gradient, 'blocked'), [], [n, k / b, h * w * b]),
    [1, 0, 2],
  );
}

/** Copies rows of channels by number into a matrix of the shape given; -1 stands for a row of zeros. */
function gatherRows(lowering: Lowering, tensor: Tensor, indices: Int32Array, shape: Shape): string {
  const [n, c, h, w] = tensor.shape as [number, number, number, number];
  const count = n * h * w;
  const pixels = lowering.value(tensor, 'channelsLast');
  if (indices.length === count && indices.every((index, i) => index === i)) return lowering.reshape(pixels, [], shape);
  const rows = lowering.reshape(pixels, [], [count, c]);
  const table = indices.includes(-1) ? withZeroRow(lowering, rows, c) : rows;
  const numbers = indices.map((index) => (index < 0 ? count : index));
  return lowering.reshape(gather(lowering, table, numbers), [], shape);
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
