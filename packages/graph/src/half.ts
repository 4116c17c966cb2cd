import type { TensorData } from './tensor.ts';

/** A float32 tensor rounded to float16. */
export function toHalf({ shape, data }: TensorData): TensorData {
  return {
    dtype: 'float16',
    shape,
    data: Uint16Array.from(Array.from<number | bigint, number>(data, Number), toFloat16),
  };
}

/** A float16 tensor as float32. */
export function fromHalf({ shape, data }: TensorData): TensorData & { data: Float32Array } {
  const bits = Array.from<number | bigint, number>(data, Number);
  return { dtype: 'float32', shape, data: Float32Array.from(bits, fromFloat16) };
}

/** Bits of the float16 (IEEE 754 binary16) nearest to a number, ties to even; from 65520 on it is infinite. */
export function toFloat16(value: number): number {
  return roundBits(new Uint32Array(Float32Array.of(value).buffer)[0]!);
}

/** The same from the bits of a float32. */
function roundBits(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  // Below 2^-14 float16 is subnormal: multiples of 2^-24.
  if (magnitude < 0x38800000)
    return sign | roundHalfEven(((word & 0x7fffff) | 0x800000) * 2 ** ((magnitude >>> 23) - 126));
  const rebased = magnitude - 0x38000000;
  return sign | ((rebased + 0x0fff + ((rebased >>> 13) & 1)) >>> 13);
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

/** The number that float16 bits stand for. */
export function fromFloat16(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}
