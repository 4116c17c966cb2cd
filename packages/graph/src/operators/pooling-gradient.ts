import type { GraphNode, Tensor } from '../graph.ts';
import { type Lowering, NCHWC_DOMAIN } from '../lowering.ts';
import type { AttributeValue } from '../model.ts';
import { type Shape, sizeOf } from '../tensor.ts';
import { emitBlockedConvolution } from './blocked-convolution.ts';

/**
 * How the gradients of pooling are written in ONNX. Windows that tile the image, the usual case, need a few passes in
 * either layout; windows that overlap or leave pixels out take the general way, in the plain layout.
 */

export interface PoolAttributes {
  /** Side of the square window. */
  kernel: number;
  stride: number;
  /** On every side; never part of a mean, never a maximum. */
  padding: number;
}

/** (x, pooled, gradient) -> gradient of x. */
type MaxNode = GraphNode<PoolAttributes>;
/** (gradient) -> gradient of x [N, C, H, W]. */
type AverageNode = GraphNode<PoolAttributes & { inputShape: Shape }>;

export function lowerMaxGradient(node: MaxNode, lowering: Lowering): void {
  const tiled = tiles(node.inputs[0]!.shape, node.attributes);
  (tiled ? lowerTiledMax : lowerOverlappingMax)(node, lowering);
}

export function lowerAverageGradient(node: AverageNode, lowering: Lowering): void {
  const { kernel, inputShape } = node.attributes;
  if (tiles(inputShape, node.attributes)) lowerShare(node, lowering, kernel, kernel);
  else lowering.define(node.outputs[0]!, lowerOverlappingAverage(node, lowering));
}

/** The gradient of a mean over tiles of height x width: every pixel gets the same share. */
export function lowerShare(node: GraphNode, lowering: Lowering, height: number, width: number): void {
  const [gradient] = node.inputs as [Tensor];
  const layout = lowering.canBlock(gradient) ? 'blocked' : 'plain';
  const share = lowering.emit('Mul', [lowering.value(gradient, layout), lowering.float(1 / (height * width))]);
  lowering.define(node.outputs[0]!, repeat(lowering, share, layout, height, width), layout);
}

/** Attributes of ONNX's MaxPool and AveragePool. */
export function poolAttributes({ kernel, stride, padding }: PoolAttributes): Record<string, AttributeValue> {
  return {
    kernel_shape: { type: 'ints', value: [kernel, kernel] },
    strides: { type: 'ints', value: [stride, stride] },
    pads: { type: 'ints', value: [padding, padding, padding, padding] },
  };
}

/** True if the windows cover the image side by side, none overlapping and no pixel left out. */
function tiles([, , h, w]: Shape, { kernel, stride, padding }: PoolAttributes): boolean {
  return kernel === stride && padding === 0 && h! % kernel === 0 && w! % kernel === 0;
}

/** Repeats every pixel of an image in a tile of height x width. */
function repeat(lowering: Lowering, name: string, layout: 'plain' | 'blocked', height: number, width: number): string {
  if (layout === 'blocked') {
    return lowering.emit('Upsample', [name], { scales: { type: 'ints', value: [1, 1, height, width] } }, NCHWC_DOMAIN);
  }
  const scales = lowering.constant({ dtype: 'float32', shape: [4], data: Float32Array.of(1, 1, height, width) });
  return lowering.emit('Resize', [name, '', scales], {
    mode: { type: 'string', value: 'nearest' },
    coordinate_transformation_mode: { type: 'string', value: 'asymmetric' },
    nearest_mode: { type: 'string', value: 'floor' },
  });
}

function lowerTiledMax(node: MaxNode, lowering: Lowering): void {
  const { kernel } = node.attributes;
  const layout = lowering.isBlocked(node.inputs[0]!) ? 'blocked' : 'plain';
  const domain = layout === 'blocked' ? NCHWC_DOMAIN : '';
  const [image, maximum, gradient] = node.inputs.map((input) => lowering.value(input, layout)) as Three;
  const mask =
    layout === 'blocked'
      ? isTiledMaximum(node, lowering)
      : isMaximum(lowering, image, repeat(lowering, maximum, layout, kernel, kernel));
  // The mean of the mask times the window's area is the number of equal maxima, among which the gradient is shared.
  const winners = lowering.emit('AveragePool', [mask], poolAttributes(node.attributes), domain);
  const scaled = lowering.emit('Mul', [gradient, lowering.float(1 / (kernel * kernel))]);
  const share = repeat(lowering, lowering.emit('Div', [scaled, winners]), layout, kernel, kernel);
  lowering.define(node.outputs[0]!, lowering.emit('Mul', [mask, share]), layout);
}

type Three = [string, string, string];

/**
 * 1 where a value is the maximum of its window, else 0: clip(1 - 1e30 * (maximum - value), 0, 1). In float32 all the way, which
 * ONNX Runtime runs vectorised on all threads; Equal and Cast go over booleans.
 */
function isMaximum(lowering: Lowering, value: string, maximum: string): string {
  const steep = { alpha: { type: 'float', value: STEEP.alpha }, beta: { type: 'float', value: STEEP.beta } } as const;
  return lowering.emit('HardSigmoid', [lowering.emit('Sub', [value, maximum])], steep);
}

const STEEP = { alpha: 1e30, beta: 1 };

/** The same in blocks, in one pass: a depthwise convolution with ones adds the negative maximum and makes the mask. */
function isTiledMaximum({ inputs, attributes }: MaxNode, lowering: Lowering): string {
  const [x, pooled] = inputs as [Tensor, Tensor, Tensor];
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const negative = lowering.emit('Neg', [lowering.value(pooled, 'blocked')]);
  const flat = (name: string) => lowering.reshape(name, [], [n, c, 1, h * w]);
  const below = flat(repeat(lowering, negative, 'blocked', attributes.kernel, attributes.kernel));
  const ones = lowering.constant({ dtype: 'float32', shape: [c, 1, 1, 1], data: new Float32Array(c).fill(1) });
  const operands = [flat(lowering.value(x, 'blocked')), ones, '', below];
  const mask = emitBlockedConvolution(lowering, operands, { groups: c, activation: STEEP });
  return lowering.reshape(mask, [], x.shape);
}

/** One pass per offset within the window, each scattered back to its place. */
function lowerOverlappingMax(node: MaxNode, lowering: Lowering): void {
  const { kernel, padding } = node.attributes;
  const [image, largest, gradient] = node.inputs.map((input) => lowering.value(input)) as Three;
  const sides = [0, 0, padding, padding, 0, 0, padding, padding];
  const padded = lowering.emit('Pad', [image, lowering.ints(sides), lowering.float(LOWEST)]);
  const offsets = Array.from({ length: kernel * kernel }, (_, i): Offset => [Math.floor(i / kernel), i % kernel]);
  const masks = offsets.map((offset) => isMaximum(lowering, windowSlice(node, lowering, padded, offset), largest));
  const share = lowering.emit('Div', [gradient, lowering.emit('Sum', masks)]);
  const parts = masks.map((mask, i) => scatter(node, lowering, lowering.emit('Mul', [mask, share]), offsets[i]!));
  const summed = lowering.emit('Sum', parts);
  const [, , h, w] = node.inputs[0]!.shape as [number, number, number, number];
  const crop = [lowering.ints([padding, padding]), lowering.ints([padding + h, padding + w]), lowering.ints([2, 3])];
  lowering.define(node.outputs[0]!, lowering.emit('Slice', [summed, ...crop]));
}

/** Below every value of a padded image. */
const LOWEST = -3.4e38;

/** Row and column within a window. */
type Offset = [number, number];

/** What stands at one offset of every window. */
function windowSlice({ inputs, attributes }: MaxNode, lowering: Lowering, padded: string, [r, s]: Offset): string {
  const [, , height, width] = inputs[1]!.shape as [number, number, number, number];
  const { stride } = attributes;
  const ends = [r + (height - 1) * stride + 1, s + (width - 1) * stride + 1];
  const steps = [lowering.ints([r, s]), lowering.ints(ends), lowering.ints([2, 3]), lowering.ints([stride, stride])];
  return lowering.emit('Slice', [padded, ...steps]);
}

/** Puts values of windows back to one offset of each, within the padded image. */
function scatter({ inputs, attributes }: MaxNode, lowering: Lowering, values: string, [r, s]: Offset): string {
  const [n, c, height, width] = inputs[1]!.shape as [number, number, number, number];
  const [, , imageHeight, imageWidth] = inputs[0]!.shape as [number, number, number, number];
  const { stride, padding } = attributes;
  const split = lowering.reshape(values, [], [n, c, height, 1, width, 1]);
  const zeros = lowering.ints([0, 0, 0, 0, 0, 0, 0, 0, 0, stride - 1, 0, stride - 1]);
  const spread = lowering.emit('Pad', [split, zeros, lowering.float(0)]);
  const whole = lowering.reshape(spread, [], [n, c, height * stride, width * stride]);
  // The spread image may end behind the padded one by the zeros after its last element: negative padding cuts them off.
  const after = [imageHeight + 2 * padding - r - height * stride, imageWidth + 2 * padding - s - width * stride];
  return lowering.emit('Pad', [whole, lowering.ints([0, 0, r, s, 0, 0, ...after]), lowering.float(0)]);
}

/** Each window's gradient, divided by the pixels it covers, spread over them: a transposed convolution with ones. */
function lowerOverlappingAverage({ inputs, attributes }: AverageNode, lowering: Lowering): string {
  const [gradient] = inputs as [Tensor];
  const { kernel, stride, padding, inputShape } = attributes;
  const [, channels, height, width] = inputShape as [number, number, number, number];
  const counts = lowering.constant(windowCounts(gradient.shape, attributes));
  const shape = [channels, 1, kernel, kernel];
  const ones = lowering.constant({ dtype: 'float32', shape, data: new Float32Array(sizeOf(shape)).fill(1) });
  const reached = (size: number) => (size - 1) * stride + kernel - 2 * padding;
  const rest = [height - reached(gradient.shape[2]!), width - reached(gradient.shape[3]!)];
  return lowering.emit('ConvTranspose', [lowering.emit('Div', [lowering.value(gradient), counts]), ones], {
    ...poolAttributes(attributes),
    group: { type: 'int', value: channels },
    output_padding: { type: 'ints', value: rest },
  });
}

/** How many pixels of the image each window covers, padding left out: [1, 1, H', W']. */
function windowCounts(
  [, , height, width]: Shape,
  { kernel, stride, padding, inputShape }: PoolAttributes & { inputShape: Shape },
) {
  const covered = (position: number, size: number) =>
    Math.min(position * stride - padding + kernel, size) - Math.max(position * stride - padding, 0);
  const shape = [1, 1, height!, width!];
  const data = new Float32Array(sizeOf(shape)).map(
    (_, i) => covered(Math.floor(i / width!), inputShape[2]!) * covered(i % width!, inputShape[3]!),
  );
  return { dtype: 'float32', shape, data } as const;
}
