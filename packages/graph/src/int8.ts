import { GraphError } from './error.ts';
import { float32, type TensorData } from './tensor.ts';

/*
 * Whole numbers with a scale: what a convolution in 8 bits is given (Jacob et al., Quantization and training of neural networks for
 * efficient integer-arithmetic-only inference, 2018). Activations are uint8, from 0 to 255; kernels int8 with a scale for each output
 * channel; biases int32 in units of the product of both scales.
 */

/**
 * Largest number of a kernel. Processors without VNNI add two products of uint8 and int8 in 16 bits, which 2 * 255 * 64 = 32640 just
 * fits: so a file gives the same answers everywhere.
 */
const TOP = 64;

/** Scales are at least this, so that a bias in units of a kernel that is next to nothing still fits into int32. */
const LEAST_SCALE = 2 ** -16;

/** A kernel in whole numbers, and the scale [output channels] that makes it what it was. */
export interface Int8Kernel {
  weights: TensorData;
  scale: TensorData;
}

/**
 * A kernel [O, ...] in 8 bits, symmetric about 0, so that a weight and its negative are equally exact. What {@link fromInteger} makes of it
 * gives the same numbers and scales again.
 */
export function toInt8({ shape, data }: TensorData): Int8Kernel {
  const values = Float32Array.from<number | bigint>(data, Number);
  const channels = shape[0]!;
  const each = values.length / channels;
  const scale = Float32Array.from({ length: channels }, (_, channel) => {
    const own = values.subarray(channel * each, (channel + 1) * each);
    const largest = own.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return Math.max(shorten(largest / TOP), LEAST_SCALE);
  });
  const weights = Int8Array.from(values, (value, i) => Math.round(value / scale[Math.floor(i / each)]!));
  return { weights: { dtype: 'int8', shape, data: weights }, scale: float32([channels], scale) };
}

/** A bias [O] in units of a scale [O]. */
export function toInt32({ shape, data }: TensorData, scale: TensorData): TensorData {
  const numbers = Int32Array.from<number | bigint>(data, (value, i) =>
    Math.round(Number(value) / Number(scale.data[i])),
  );
  return { dtype: 'int32', shape, data: numbers };
}

/**
 * What whole numbers [O, ...] stand for.
 * @throws GraphError `BAD_MODEL` without a scale for each of the first axis
 */
export function fromInteger({ shape, data }: TensorData, scale: TensorData | undefined): TensorData {
  if (scale === undefined || scale.data.length !== shape[0])
    throw new GraphError('BAD_MODEL', 'its whole numbers lack a scale for each channel');
  const each = data.length / scale.data.length;
  const values = Float32Array.from<number | bigint>(data, Number);
  return float32(
    shape,
    values.map((value, i) => value * Number(scale.data[Math.floor(i / each)])),
  );
}

/** The nearest float32 with 16 significant bits: its product with a number of 8 bits is exact. */
function shorten(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer);
  bits[0] = (bits[0]! + 0x80) & ~0xff;
  return new Float32Array(bits.buffer)[0]!;
}

/** Least and greatest of what a value takes on. */
export interface Range {
  low: number;
  high: number;
}

/** The 256 numbers that uint8 stands for: (q - zero) * step. 0 is one of them, exactly, since images are padded with it. */
export interface Grid {
  step: number;
  zero: number;
}

/** The grid that covers a range and 0. */
export function gridOf({ low, high }: Range): Grid {
  const [least, greatest] = [Math.min(0, low), Math.max(0, high)];
  const step = Math.fround((greatest - least) / 255) || 1;
  return { step, zero: Math.round(-least / step) };
}

/** What a grid covers. */
export function rangeOf({ step, zero }: Grid): Range {
  return { low: -zero * step, high: (255 - zero) * step };
}
