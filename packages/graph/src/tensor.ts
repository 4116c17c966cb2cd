import { GraphError } from './error.ts';

/** Element types in use. `float16` and `uint8`/`int8` appear in stored weights only. */
export type DataType = 'float32' | 'float16' | 'int64' | 'int32' | 'uint8' | 'int8' | 'bool';

/** Sizes, outermost first; [] is a scalar. */
export type Shape = readonly number[];

/** Shape and element type of a tensor, without its values. */
export interface TensorType {
  dtype: DataType;
  shape: Shape;
}

/** Values of a tensor, row-major. `float16` holds raw bits, `bool` holds 0 and 1. */
export interface TensorData {
  dtype: DataType;
  shape: Shape;
  data: Float32Array | Uint16Array | BigInt64Array | Int32Array | Uint8Array | Int8Array;
}

/** Product of the sizes; 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** True if every size is a whole number of at least 1. */
export function isShape(shape: Shape): boolean {
  return shape.every((size) => Number.isInteger(size) && size > 0);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

/**
 * The shape of an element-wise result by the rules of numpy: axes are matched from the last one, and a size of 1 is repeated.
 * Undefined where two sizes differ and neither is 1.
 */
export function broadcastShape(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const pairs = Array.from(
    { length: rank },
    (_, i) => [a[a.length - rank + i] ?? 1, b[b.length - rank + i] ?? 1] as const,
  );
  if (pairs.some(([left, right]) => left !== right && left !== 1 && right !== 1)) return undefined;
  return pairs.map(([left, right]) => Math.max(left, right));
}

export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** A float32 tensor; `values` are copied unless they are a Float32Array already. */
export function float32(shape: Shape, values: ArrayLike<number>): TensorData & { data: Float32Array } {
  const data = values instanceof Float32Array ? values : Float32Array.from(values);
  if (data.length !== sizeOf(shape)) {
    throw new GraphError('BAD_SHAPE', `${data.length} values do not fill a tensor of shape ${formatShape(shape)}`);
  }
  return { dtype: 'float32', shape, data };
}

/** A one-dimensional int64 tensor, the form in which ONNX takes shapes, axes and pads. */
export function int64(values: readonly number[]): TensorData {
  return { dtype: 'int64', shape: [values.length], data: BigInt64Array.from(values, BigInt) };
}
