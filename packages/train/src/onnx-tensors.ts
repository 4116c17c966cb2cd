/** Values of a graph as tensors of ONNX Runtime and back. Only float32 goes in and comes out. */
import type { Values } from '@mememoji/graph/session';
import type { TensorData } from '@mememoji/graph/tensor';
import type { OnnxValue, Tensor } from 'onnxruntime-node';

/** The part of onnxruntime-node or onnxruntime-web that is needed here; both have the same interface. */
export type Runtime = Pick<typeof import('onnxruntime-node'), 'InferenceSession' | 'Tensor'>;

/** Tensors over the same memory as the values. */
export function toTensors(runtime: Runtime, values: Values): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toTensor(runtime, name, value)]));
}

function toTensor(runtime: Runtime, name: string, { data, shape }: TensorData): Tensor {
  return new runtime.Tensor('float32', floatsOf(name, data), shape);
}

/** Values over the same memory as the tensors. */
export function toValues(results: Readonly<Record<string, OnnxValue>>): Values {
  return Object.fromEntries(Object.entries(results).map(([name, value]) => [name, toValue(name, value)]));
}

function toValue(name: string, { dims, data }: OnnxValue): TensorData {
  return { dtype: 'float32', shape: dims, data: floatsOf(name, data) };
}

/** The numbers themselves. Throws where they are of another type. */
export function floatsOf(name: string, data: unknown): Float32Array {
  if (!(data instanceof Float32Array)) throw new Error(`'${name}' is not float32`);
  return data;
}
