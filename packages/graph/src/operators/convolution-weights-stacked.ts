import type { Tensor } from '../graph.ts';
import type { Lowering } from '../lowering.ts';
import {
  emitBlockedConvolution,
  int,
  type Margins,
  padBlocked,
  padImages,
  weightsOutOfBlocks,
} from './blocked-convolution.ts';
import { NARROW, type WeightGradientNode } from './convolution-moves.ts';
import { gatherRows } from './gather-rows.ts';

/**
 * The gradient of a convolution's weights as convolutions of X with dY as their kernel (see convolution-weights-blocked.ts) that
 * take both as they lie in memory. ONNX Runtime wants images with a block of channels or more in blocks, and images with fewer
 * plainly. Here the channels are pictures: in groups of half a block they may stay where they are, each group gives a gradient
 * of its own, and these are added up. X [N, C, H, W] is seen as one image of N channels in which the channels of X, or its blocks
 * of b channels, lie below one another, and the b channels of a block side by side in each row. A row of the gradient's kernels is
 * then one convolution that steps from block to block; where X is a single block, all rows are one.
 *
 * Nothing is turned around: X is copied once, with its padding, and dY in whole images. The sums of all groups are little beside
 * images of many pixels: at 48 channels of 20x20 and batch 64 convolutions and copies take 5.0 and 0.7 ms of a training step on
 * two cores, by the convolution over blocks 5.2 and 1.6 (AMD EPYC, AVX-512, 29 November 2026). At 96 channels of 10x10 it is slower.
 */

/** Pixels of dY from which on this way is the faster for images in blocks. */
const MANY_PIXELS = 256;

/** True if the gradient can be written that way, and is written faster. */
export function canStackGradient({ inputs, attributes }: WeightGradientNode, lowering: Lowering): boolean {
  const [x, gradient] = inputs as [Tensor, Tensor];
  const { groups, dilations, strides } = attributes;
  if (groups > 1 || dilations.some((each) => each > 1) || !lowering.canBlock(gradient)) return false;
  if (x.shape[1]! < NARROW) return true;
  return (
    lowering.canBlock(x) &&
    strides.every((each) => each === 1) &&
    gradient.shape[2]! * gradient.shape[3]! >= MANY_PIXELS
  );
}

/** The name of the gradient [K, C, R, S]. */
export function stackGradient(node: WeightGradientNode, lowering: Lowering): string {
  const [k, c, r, s] = node.attributes.weightShape as [number, number, number, number];
  const stack = stackImages(node, lowering);
  const kernel = groupImages(node, lowering, stack);
  // [K/b, C/lanes, R, S, lanes, b of K]
  const product =
    stack.blocks === 1
      ? convolve(node, lowering, stack, kernel, { steps: r, stride: 1, above: stack.above, below: stack.below })
      : lowering.emit(
          'Concat',
          Array.from({ length: r }, (_, row) => convolveRow(node, lowering, stack, kernel, row)),
          { axis: int(1) },
        );
  return weightsOutOfBlocks(lowering, product, [k, c, r, s], stack.lanes);
}

interface Stack {
  /** [1, pictures, blocks * height, width * lanes]. */
  image: string;
  /** Of the batch, and of zeros behind it where they are no whole number of groups, or no channels to ONNX Runtime. */
  pictures: number;
  /** Channels, or blocks of channels, below one another. */
  blocks: number;
  /** Rows of each, those of zeros below it among them. */
  height: number;
  /** Channels of a block, beside one another in each row. */
  lanes: number;
  /** Rows of zeros above and below each, which are put between blocks but not around a single one. */
  above: number;
  below: number;
  /** Pictures of a group. */
  together: number;
}

/** X with the zeros around it that its pixels need, but for those which the convolution passes over at no cost. */
function stackImages(node: WeightGradientNode, lowering: Lowering): Stack {
  const [x, gradient] = node.inputs as [Tensor, Tensor];
  const { weightShape, strides, pads } = node.attributes;
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const lanes = c < NARROW ? 1 : lowering.blockSize;
  const blocks = c / lanes;
  const together = lanes === 1 ? 1 : lanes / 2;
  const pictures = channelsOf(n, together, lowering.blockSize);
  /** Zeros needed behind X; below zero where the stride leaves some of it over. */
  const behind = (axis: 0 | 1) =>
    (gradient.shape[axis + 2]! - 1) * strides[axis] + weightShape[axis + 2]! - pads[axis] - x.shape[axis + 2]!;
  const [above, left] = pads;
  const [below, right] = [behind(0), behind(1)];
  const between = blocks === 1 ? Math.min(0, below) : Math.max(0, above, below);
  const whole = lowering.reshape(
    padImages(lowering, x, lanes === 1 ? 'plain' : 'blocked', pictures),
    [],
    [pictures, c, h, w],
  );
  const margins = [left, between, right] as const;
  const padded = lanes === 1 ? padPlain(lowering, whole, margins) : padBlocked(lowering, whole, c, margins);
  const [height, width] = [h + between, left + w + right];
  return {
    image: lowering.reshape(padded, [], [1, pictures, blocks * height, width * lanes]),
    pictures,
    blocks,
    height,
    lanes,
    above,
    below: Math.max(0, below),
    together,
  };
}

/** The least number of channels, at least n, that go into groups and that ONNX Runtime takes: fewer than a block, or whole blocks. */
function channelsOf(n: number, together: number, block: number): number {
  return n < block && n % together === 0 ? n : Math.ceil(n / block) * block;
}

function padPlain(lowering: Lowering, name: string, [left, below, right]: Margins): string {
  if (left === 0 && below === 0 && right === 0) return name;
  return lowering.emit('Pad', [name, lowering.ints([0, 0, 0, left, 0, 0, below, right]), lowering.float(0)]);
}

/** dY in blocks as one kernel [K, pictures of a group, H', W'] for each group, all groups below one another. */
function groupImages(node: WeightGradientNode, lowering: Lowering, { pictures, together }: Stack): string {
  const gradient = node.inputs[1]!;
  const [, k, h, w] = gradient.shape as [number, number, number, number];
  const b = lowering.blockSize;
  const blocks = k / b;
  const name = padImages(lowering, gradient, 'blocked', pictures);
  const table = { name, rows: pictures * blocks, width: h * w * b };
  const numbers = Array.from({ length: table.rows }, (_, i) => {
    const group = Math.floor(i / (blocks * together));
    return (group * together + (i % together)) * blocks + (Math.floor(i / together) % blocks);
  });
  return lowering.reshape(gatherRows(lowering, table, numbers), [], [(pictures / together) * k, together, h, w]);
}

/** One row of the gradient's kernels where X has several blocks -> [K/b * blocks, 1, S * lanes * b]. */
function convolveRow(node: WeightGradientNode, lowering: Lowering, stack: Stack, kernel: string, row: number): string {
  const [k, , , s] = node.attributes.weightShape as [number, number, number, number];
  const { blocks, height, lanes } = stack;
  const b = lowering.blockSize;
  const start = row - stack.above;
  const steps = { stride: height, below: 0 };
  const all =
    start <= 0
      ? convolve(node, lowering, stack, kernel, { ...steps, steps: blocks, above: -start })
      : // No step can begin within an image; one more begins above it, in nothing but zeros, and is left out.
        dropFirst(
          lowering,
          convolve(node, lowering, stack, kernel, { ...steps, steps: blocks + 1, above: height - start }),
          blocks + 1,
        );
  return lowering.reshape(all, [], [(k / b) * blocks, 1, s * lanes * b]);
}

interface Steps {
  /** Rows of the result. */
  steps: number;
  /** Rows of the image from one to the next. */
  stride: number;
  /** Rows of zeros around the image. */
  above: number;
  below: number;
}

/** The convolution of the stack with dY, added up over the groups of pictures: [K/b, steps, S * lanes * b]. */
function convolve(
  { inputs, attributes }: WeightGradientNode,
  lowering: Lowering,
  { image, pictures, lanes, together }: Stack,
  kernel: string,
  { steps, stride, above, below }: Steps,
): string {
  const [, k, height, width] = inputs[1]!.shape as [number, number, number, number];
  const b = lowering.blockSize;
  const groups = pictures / together;
  const product = emitBlockedConvolution(lowering, [image, kernel], {
    kernel: [height, width],
    strides: [stride, 1],
    dilations: [attributes.strides[0], lanes * attributes.strides[1]],
    pads: [above, 0, below, 0],
    groups,
  });
  const row = attributes.weightShape[3]! * lanes * b;
  const byGroup = lowering.reshape(product, [], [groups, k / b, steps, row]);
  return lowering.emit('ReduceSum', [byGroup, lowering.ints([0])], { keepdims: int(0) });
}

/** [K/b, steps, row] without its first step. */
function dropFirst(lowering: Lowering, name: string, steps: number): string {
  return lowering.emit('Slice', [name, lowering.ints([1]), lowering.ints([steps]), lowering.ints([1])]);
}
