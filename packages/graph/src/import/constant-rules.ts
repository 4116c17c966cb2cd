import type { Tensor } from '../graph.ts';
import { fromFloat16 } from '../half.ts';
import { type Shape, sizeOf, type TensorData } from '../tensor.ts';
import type { NodeReader } from './node-reader.ts';

/** Weights that are stored in fewer bits than they are used in: made float32 here and now. */

/** ONNX's number of float32 (TensorProto.DataType). */
const FLOAT32 = 1;

/** Stored weights to float32. Values that are known only when the graph runs are float32 already. */
export function castConstant(node: NodeReader): Tensor {
  node.int('saturate', 1); // of 8-bit floats only
  if (node.int('to', FLOAT32) !== FLOAT32) node.refuse('only float32 is cast to');
  const x = node.input(0);
  return x.dtype === 'float32' ? x : float32Constant(node, x.shape, toNumbers(node.constant(0)));
}

/**
 * A value that a file rounds to whole numbers, as it was before: what computes in float32 has no need of that, and a gradient goes through
 * as if nothing had been there (Bengio et al., Estimating or propagating gradients through stochastic neurons, 2013).
 */
export function throughRounding(node: NodeReader): Tensor {
  for (const i of [1, 2]) node.optional(i);
  node.int('axis', 1);
  return node.input(0);
}

/** Stored weights as the numbers that they stand for, or a value that was rounded. */
export function importDequantize(node: NodeReader): Tensor {
  const { dtype } = node.input(0);
  return dtype === 'float32' ? throughRounding(node) : dequantizeConstant(node);
}

/** (x - zero point) * scale, with one scale for all or one for each element along `axis`. */
function dequantizeConstant(node: NodeReader): Tensor {
  const x = node.constant(0);
  const scale = toNumbers(node.constant(1));
  const zero = node.optional(2) === undefined ? undefined : toNumbers(node.constant(2));
  const axis = node.int('axis', 1);
  const inner = scale.length === 1 ? x.data.length : sizeOf(x.shape.slice(node.axis(axis, x.shape.length) + 1));
  const values = toNumbers(x).map((value, i) => {
    const group = Math.floor(i / inner) % scale.length;
    return (value - (zero?.[group] ?? 0)) * scale[group]!;
  });
  return float32Constant(node, x.shape, values);
}

function float32Constant(node: NodeReader, shape: Shape, values: ArrayLike<number>): Tensor {
  return node.graph.constant({ dtype: 'float32', shape, data: Float32Array.from(values) });
}

function toNumbers({ dtype, data }: TensorData): number[] {
  const numbers = Array.from<number | bigint, number>(data, Number);
  return dtype === 'float16' ? numbers.map(fromFloat16) : numbers;
}
