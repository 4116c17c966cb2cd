import type { Tensor } from '../graph.ts';
import { type Lowering, NCHWC_DOMAIN } from '../lowering.ts';
import {
  emitBlockedConvolution,
  int,
  intoBlocks,
  padBlocked,
  padImages,
  weightsOutOfBlocks,
} from './blocked-convolution.ts';
import type { WeightGradientNode } from './convolution-moves.ts';
import { gatherRows } from './gather-rows.ts';

/**
 * The gradient of a convolution's weights as one convolution in blocks. dW[k, c, r, s] is a sum over images n and pixels (y, x)
 * of dY[n, k, y, x] * X[n, c, y + r, x + s]: a convolution whose image is X, whose kernel is the whole of dY, and whose channels,
 * over which it sums, are the images. Its output has only R x S pixels, which would leave the processor's registers empty; so the
 * channels of X, a block at a time, stand beside one another in its rows, [H, W * b], and the kernel's columns are b apart. The moves
 * of the kernel are then the convolution's own, and nothing is copied for them: 245 GFLOP/s on two cores (AMD EPYC,
 * AVX-512) at 96 channels of 10x10, where a product over copies reached 209 and the copies took as long again.
 */

/** True if the gradient can be written that way: both in blocks, and no dilation, which would spread the columns wanted. */
export function canConvolveGradient({ inputs, attributes }: WeightGradientNode, lowering: Lowering): boolean {
  const [x, gradient] = inputs as [Tensor, Tensor];
  const undilated = attributes.dilations.every((dilation) => dilation === 1);
  return attributes.groups === 1 && undilated && lowering.canBlock(x) && lowering.canBlock(gradient);
}

/** The name of the gradient [K, C, R, S]. */
export function convolveGradient(node: WeightGradientNode, lowering: Lowering): string {
  const [k, c, r, s] = node.attributes.weightShape as [number, number, number, number];
  const [, , height, width] = node.inputs[1]!.shape as [number, number, number, number];
  const b = lowering.blockSize;
  const strides = node.attributes.strides;
  const { image, below } = imagesAsChannels(node, lowering);
  const product = emitBlockedConvolution(lowering, [image, kernelOfGradient(node, lowering)], {
    kernel: [height, width],
    dilations: [strides[0], b * strides[1]],
    pads: [node.attributes.pads[0], 0, below, 0],
  });
  const shape = [c / b, k / b, r * s * b * b] as const;
  return orderWeights(lowering, lowering.reshape(product, [], shape), [k, c, r, s]);
}

/**
 * X in blocks, [N, C/b, H, W, b], as the image [C/b, N, rows, columns * b] of the convolution: [C/b, N/b, rows, columns, b of C,
 * b of N]. Columns of padding are put in; rows of padding, which the convolution passes over at no cost, are left to it:
 * `below` the image, and as many above it as the node has.
 */
function imagesAsChannels(node: WeightGradientNode, lowering: Lowering): { image: string; below: number } {
  const [x, gradient] = node.inputs as [Tensor, Tensor];
  const { weightShape, strides, pads } = node.attributes;
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const b = lowering.blockSize;
  const [blocks, groups] = [c / b, Math.ceil(n / b)];
  const reached = (axis: 0 | 1) =>
    (gradient.shape[axis + 2]! - 1) * strides[axis] + weightShape[axis + 2]! - pads[axis];
  const [left, right] = [pads[1], Math.max(0, reached(1) - w)];
  const whole = lowering.reshape(padImages(lowering, x, 'blocked', groups * b), [], [groups * b, c, h, w]);
  const padded = padBlocked(lowering, whole, c, [left, 0, right]);
  const width = left + w + right;
  const turned = intoBlocks(lowering, padded, [1, groups * b, c * h * width]);
  // A stride may leave rows and columns over.
  const [rows, columns] = [Math.min(h, reached(0)), left + reached(1)];
  const numbers: number[] = [];
  for (let block = 0; block < blocks; block++) {
    for (let group = 0; group < groups; group++) {
      for (let row = 0; row < rows; row++) {
        const start = ((group * blocks + block) * h + row) * width;
        for (let column = 0; column < columns; column++) numbers.push(start + column);
      }
    }
  }
  const table = { name: turned, rows: groups * blocks * h * width, width: b * b };
  const image = lowering.reshape(gatherRows(lowering, table, numbers), [], [blocks, groups * b, rows, columns * b]);
  return { image, below: Math.max(0, reached(0) - h) };
}

/** dY in blocks, [N, K/b, H', W', b], as the kernel [K/b, N/b, H', W', b of N, b of K]. */
function kernelOfGradient(node: WeightGradientNode, lowering: Lowering): string {
  const gradient = node.inputs[1]!;
  const [n, k, h, w] = gradient.shape as [number, number, number, number];
  const b = lowering.blockSize;
  const [blocks, groups] = [k / b, Math.ceil(n / b)];
  // To ONNX Runtime, the images of a group are the blocks of an image that it writes with the channels last.
  const images = lowering.reshape(
    padImages(lowering, gradient, 'blocked', groups * b),
    [],
    [groups, b * b, blocks * h * w, 1],
  );
  const together = lowering.emit(
    'ReorderOutput',
    [images],
    { channels: int(b * b), channels_last: int(1) },
    NCHWC_DOMAIN,
  );
  const table = { name: together, rows: groups * blocks, width: h * w * b * b };
  const numbers = Array.from({ length: table.rows }, (_, i) => (i % groups) * blocks + Math.floor(i / groups));
  return lowering.reshape(gatherRows(lowering, table, numbers), [], [k, groups * b, h, w]);
}

/** A product [C/b, K/b, R, S, b of C, b of K] as weights [K, C, R, S]. */
function orderWeights(lowering: Lowering, product: string, shape: [number, number, number, number]): string {
  const [k, c] = shape;
  const b = lowering.blockSize;
  const outputsOutside = k === b || c === b ? product : lowering.transpose(product, [1, 0, 2]);
  return weightsOutOfBlocks(lowering, outputsOutside, shape, b);
}
