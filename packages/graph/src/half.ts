import type { Model, ModelNode } from './model.ts';
import type { TensorData } from './tensor.ts';

/** Ends the name of a constant that is stored as float16; the Cast behind it has the name itself. */
export const HALF_SUFFIX = ':half';

/** Below this many elements a constant stays as it is: a Cast of its own would cost more than it saves. */
const WORTHWHILE = 256;

/**
 * The same model with its large float32 constants stored as float16, each with a Cast to float32 behind it. ONNX Runtime folds
 * those casts when it loads the file, so that only the file changes: it is half as large, and weights keep 11 bits.
 */
export function storeAsFloat16(model: Model): Model {
  const initializers = new Map<string, TensorData>();
  const casts: ModelNode[] = [];
  for (const [name, tensor] of model.graph.initializers) {
    if (!(tensor.data instanceof Float32Array) || tensor.data.length < WORTHWHILE) {
      initializers.set(name, tensor);
      continue;
    }
    initializers.set(`${name}${HALF_SUFFIX}`, {
      dtype: 'float16',
      shape: tensor.shape,
      data: roundAll(tensor.data),
    });
    casts.push({
      operator: 'Cast',
      domain: '',
      name: `${name}:cast`,
      inputs: [`${name}${HALF_SUFFIX}`],
      outputs: [name],
      attributes: { to: { type: 'int', value: 1 } },
    });
  }
  return { ...model, graph: { ...model.graph, initializers, nodes: [...casts, ...model.graph.nodes] } };
}

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

function roundAll(values: Float32Array): Uint16Array {
  return Uint16Array.from(new Uint32Array(values.buffer, values.byteOffset, values.length), roundBits);
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
