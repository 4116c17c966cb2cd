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

/** Mean over batch and pixels: [C]. */
export function channelMean(lowering: Lowering, { layout, flat }: Form, name: string): string {
  const mean = (value: string, axes: readonly number[]) =>
    lowering.emit('ReduceMean', [value], { axes: { type: 'ints', value: axes }, keepdims: { type: 'int', value: 0 } });
  const row = lowering.reshape(name, [], flat);
  if (layout === 'plain') return mean(row, [0, 2]);
  const perImage = lowering.emit('GlobalAveragePool', [row], {}, NCHWC_DOMAIN);
  return mean(lowering.reshape(perImage, [], flat.slice(0, 2)), [0]);
}

export interface Affine {
  /** [C]. */
  factor: string;
  /** [C]. */
  shift?: string;
  /** Of the input's shape and layout. */
  sum?: string;
  relu?: boolean;
}

/** factor * x + shift + sum per channel, then Relu. */
export function affine(lowering: Lowering, form: Form, name: string, { sum, ...rest }: Affine): string {
  const flat = lowering.reshape(name, [], form.flat);
  const map = { ...rest, ...(sum !== undefined && { sum: lowering.reshape(sum, [], form.flat) }) };
  const result = (form.layout === 'blocked' ? affineBlocked : affinePlain)(lowering, form.flat[1]!, flat, map);
  return lowering.reshape(result, [], form.shape);
}

/** A depthwise 1x1 convolution, which does all of it in one pass. */
function affineBlocked(lowering: Lowering, channels: number, name: string, map: Affine): string {
  const { factor, shift = '', sum, relu = false } = map;
  const weight = lowering.reshape(factor, [], [channels, 1, 1, 1]);
  const added = sum === undefined ? (shift === '' ? [] : [shift]) : [shift, sum];
  return emitBlockedConvolution(lowering, [name, weight, ...added], { groups: channels, relu });
}

function affinePlain(lowering: Lowering, channels: number, name: string, map: Affine): string {
  const { factor, shift, sum, relu = false } = map;
  const perChannel = (value: string) => lowering.reshape(value, [], [channels, 1]);
  let result = lowering.emit('Mul', [name, perChannel(factor)]);
  if (shift !== undefined) result = lowering.emit('Add', [result, perChannel(shift)]);
  if (sum !== undefined) result = lowering.emit('Add', [result, sum]);
  return relu ? lowering.emit('Relu', [result]) : result;
}
