import type { Tensor } from '../graph.ts';
import { type Lowering, NCHWC_DOMAIN } from '../lowering.ts';
import type { Shape } from '../tensor.ts';
import { emitBlockedConvolution } from './blocked-convolution.ts';

/** What normalisation needs of ONNX: means and affine maps by channel, in either layout. */

/** How a normalisation sees its input: in which layout, and as which shape. */
export interface Form {
  layout: 'plain' | 'blocked';
  /** The input's own shape. */
  shape: Shape;
  /** [N, C, pixels] when plain, [N, C, 1, pixels] when blocked: one row of pixels, since rows do not matter here. */
  flat: Shape;
}

/** The form of x [N, C] or [N, C, H, W]. */
export function chooseForm(lowering: Lowering, x: Tensor): Form {
  const [n, c, h = 1, w = 1] = x.shape as [number, number, number | undefined, number | undefined];
  const blocked = lowering.isBlocked(x);
  return { layout: blocked ? 'blocked' : 'plain', shape: x.shape, flat: blocked ? [n, c, 1, h * w] : [n, c, h * w] };
}

/** A tensor as the functions below want it: in the form's layout, flat. */
export function flatValue(lowering: Lowering, { layout, flat }: Form, tensor: Tensor): string {
  return lowering.reshape(lowering.value(tensor, layout), [], flat);
}

/** Names a flat value as a tensor's, in its own shape. */
export function defineFlat(lowering: Lowering, { layout, shape }: Form, tensor: Tensor, flat: string): void {
  lowering.define(tensor, lowering.reshape(flat, [], shape), layout);
}

/** Mean over batch and pixels of a flat value: [C]. */
export function channelMean(lowering: Lowering, { layout }: Form, name: string): string {
  const mean = (value: string, axes: readonly number[]) =>
    lowering.emit('ReduceMean', [value], { axes: { type: 'ints', value: axes }, keepdims: { type: 'int', value: 0 } });
  if (layout === 'plain') return mean(name, [0, 2]);
  return mean(lowering.emit('GlobalAveragePool', [name], {}, NCHWC_DOMAIN), [0, 2, 3]);
}

/** Mean over batch and pixels of a * b, both flat: [C]. */
export function channelMeanOfProduct(lowering: Lowering, form: Form, a: string, b: string): string {
  if (form.layout === 'plain') return channelMean(lowering, form, lowering.emit('Mul', [a, b]));
  const [n, c, , pixels] = form.flat as [number, number, number, number];
  const perImage = lowering.reshape(sumsOfProduct(lowering, n * c, pixels, [a, b]), [], [n, c]);
  const axes = { axes: { type: 'ints', value: [0] }, keepdims: { type: 'int', value: 0 } } as const;
  return lowering.emit('Mul', [lowering.emit('ReduceMean', [perImage], axes), lowering.float(1 / pixels)]);
}

/**
 * Sums over the pixels of a * b, both in blocks, for each of `rows` channels of all images: a depthwise convolution of all of them, whose
 * kernels are the other images. It reads both once and writes nothing but sums.
 */
export function sumsOfProduct(
  lowering: Lowering,
  rows: number,
  pixels: number,
  [a, b]: readonly [string, string],
): string {
  const image = lowering.reshape(a, [], [1, rows, 1, pixels]);
  const kernel = lowering.reshape(b, [], [rows, 1, 1, pixels]);
  return emitBlockedConvolution(lowering, [image, kernel], { kernel: [1, pixels], groups: rows });
}

export interface Affine {
  /** [C]. */
  factor: string;
  /** [C]. */
  shift?: string;
  /** Flat, like the input. */
  sum?: string;
  relu?: boolean;
}

/** factor * x + shift + sum per channel, then Relu, of a flat value; flat. */
export function affine(lowering: Lowering, form: Form, name: string, map: Affine): string {
  return (form.layout === 'blocked' ? affineBlocked : affinePlain)(lowering, form.flat[1]!, name, map);
}

/** A depthwise 1x1 convolution, which does all of it in one pass. */
function affineBlocked(lowering: Lowering, channels: number, name: string, map: Affine): string {
  const { factor, shift = '', sum, relu = false } = map;
  const weight = lowering.reshape(factor, [], [channels, 1, 1, 1]);
  const added = sum === undefined ? (shift === '' ? [] : [shift]) : [shift, sum];
  return emitBlockedConvolution(lowering, [name, weight, ...added], {
    groups: channels,
    activation: relu ? 'Relu' : undefined,
  });
}

function affinePlain(lowering: Lowering, channels: number, name: string, map: Affine): string {
  const { factor, shift, sum, relu = false } = map;
  const perChannel = (value: string) => lowering.reshape(value, [], [channels, 1]);
  let result = lowering.emit('Mul', [name, perChannel(factor)]);
  if (shift !== undefined) result = lowering.emit('Add', [result, perChannel(shift)]);
  if (sum !== undefined) result = lowering.emit('Add', [result, sum]);
  return relu ? lowering.emit('Relu', [result]) : result;
}
