import type { Tensor } from '../graph.ts';
import { type Lowering, NCHWC_DOMAIN } from '../lowering.ts';
import type { AttributeValue } from '../model.ts';
import { sizeOf } from '../tensor.ts';

/** Where a kernel stands on an image, for both directions and all sides. */
export interface KernelSteps {
  /** Vertical, horizontal. */
  strides: readonly [number, number];
  /** Zeros around the image: top, left, bottom, right. */
  pads: readonly [number, number, number, number];
  dilations: readonly [number, number];
  groups: number;
}

export interface BlockedConvolution extends Partial<KernelSteps> {
  /** Height and width of the kernel; default 1x1. */
  kernel?: readonly number[];
  /** Of the result, in the same pass. Default none. */
  activation?: 'Relu' | HardSigmoid | undefined;
}

/** clip(alpha * x + beta, 0, 1). */
export interface HardSigmoid {
  alpha: number;
  beta: number;
}

/**
 * Emits ONNX Runtime's convolution over blocks of channels: (image, weights, bias [K] or '', what is added to the result).
 * Image and sum lie in blocks; a kernel of one group is in the order OIHWBiBo or, for an image of fewer channels than a
 * block, which stays plain, OIHWBo; a depthwise one is as in PyTorch.
 */
export function emitBlockedConvolution(
  lowering: Lowering,
  inputs: readonly string[],
  { kernel = [1, 1], activation, ...steps }: BlockedConvolution,
): string {
  const attributes = {
    ...kernelAttributes(kernel, { strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1], groups: 1, ...steps }),
    auto_pad: { type: 'string', value: 'NOTSET' },
    ...activationAttributes(activation),
  } as const;
  return lowering.emit('Conv', inputs, attributes, NCHWC_DOMAIN);
}

function activationAttributes(activation: BlockedConvolution['activation']): Record<string, AttributeValue> {
  if (activation === undefined) return {};
  if (activation === 'Relu') return { activation: { type: 'string', value: 'Relu' } };
  const { alpha, beta } = activation;
  return {
    activation: { type: 'string', value: 'HardSigmoid' },
    activation_params: { type: 'floats', value: [alpha, beta] },
  };
}

/**
 * Any tensor seen as [n, channels, count] -> [n, channels/b, count, b]: the transposition that puts plain images into blocks. ONNX
 * Runtime's Transpose takes several times as long for it, on one thread. `channels` must divide by the block size.
 */
export function intoBlocks(lowering: Lowering, name: string, [n, channels, count]: [number, number, number]): string {
  return lowering.emit('ReorderInput', [lowering.reshape(name, [], [n, channels, count, 1])], {}, NCHWC_DOMAIN);
}

/** The way back: [n, channels/b, count, b] -> [n, channels, count]. */
export function outOfBlocks(lowering: Lowering, name: string, [n, channels, count]: [number, number, number]): string {
  const attributes = { channels: { type: 'int', value: channels } } as const;
  return lowering.emit(
    'ReorderOutput',
    [lowering.reshape(name, [], [n, channels, count, 1])],
    attributes,
    NCHWC_DOMAIN,
  );
}

/**
 * A product [K/b, C/lanes, R, S, lanes, b of K] as weights [K, C, R, S].
 * @param lanes channels of C that stand together: a block, or 1
 */
export function weightsOutOfBlocks(
  lowering: Lowering,
  product: string,
  [k, c, r, s]: [number, number, number, number],
  lanes: number,
): string {
  const b = lowering.blockSize;
  const byOutput = outOfBlocks(lowering, product, [k / b, b, c * r * s]);
  const plain = lanes === 1 || r * s === 1 ? byOutput : outOfBlocks(lowering, byOutput, [k, c, r * s]);
  return lowering.reshape(plain, [], [k, c, r, s]);
}

/** Columns of zeros on both sides of an image, and rows of zeros below it. */
export type Margins = readonly [left: number, below: number, right: number];

/** An image in blocks with zeros around it. A depthwise convolution with kernels of a single 1 is the fastest way to copy it. */
export function padBlocked(lowering: Lowering, name: string, channels: number, [left, below, right]: Margins): string {
  if (left === 0 && below === 0 && right === 0) return name;
  const ones = { dtype: 'float32', shape: [channels, 1, 1, 1], data: new Float32Array(channels).fill(1) } as const;
  return emitBlockedConvolution(lowering, [name, lowering.constant(ones)], {
    pads: [0, left, below, right],
    groups: channels,
  });
}

/** The images of a tensor in a layout, with images of zeros behind them that make them `count`. */
export function padImages(lowering: Lowering, tensor: Tensor, layout: 'plain' | 'blocked', count: number): string {
  const [n, ...rest] = tensor.shape as [number, ...number[]];
  const name = lowering.value(tensor, layout);
  if (count === n) return name;
  const images = lowering.reshape(name, [], [n, sizeOf(rest)]);
  return lowering.emit('Pad', [images, lowering.ints([0, 0, count - n, 0]), lowering.float(0)]);
}

/** Attributes of ONNX's Conv and ConvTranspose. */
export function kernelAttributes(
  kernel: readonly number[],
  { strides, pads, dilations, groups }: KernelSteps,
): Record<string, AttributeValue> {
  return {
    kernel_shape: { type: 'ints', value: kernel },
    strides: { type: 'ints', value: strides },
    pads: { type: 'ints', value: pads },
    dilations: { type: 'ints', value: dilations },
    group: { type: 'int', value: groups },
  };
}

/** An attribute of ONNX's. */
export function int(value: number): AttributeValue {
  return { type: 'int', value };
}
