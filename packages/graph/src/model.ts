/**
 * A plain picture of an ONNX model, between the graph builder and the file. Field by field as onnx.proto has it, less
 * what this project does not use (training info, sparse tensors, functions).
 */
import type { DataType, TensorData } from './tensor.ts';

export interface Model {
  irVersion: number;
  producer: string;
  producerVersion: string;
  /** Operator set version by domain; '' is the standard domain. */
  opsets: Readonly<Record<string, number>>;
  metadata: Readonly<Record<string, string>>;
  graph: ModelGraph;
}

export interface ModelGraph {
  name: string;
  inputs: ValueInfo[];
  outputs: ValueInfo[];
  /** Constant tensors by name. */
  initializers: Map<string, TensorData>;
  nodes: ModelNode[];
}

/** A dimension is a number, or the name of a size known only when the graph runs. */
export interface ValueInfo {
  name: string;
  dtype: DataType;
  shape: readonly (number | string)[];
}

export interface ModelNode {
  /** Operator type, for example `Conv`. */
  operator: string;
  /** '' for the standard domain. */
  domain: string;
  name: string;
  /** '' stands for an optional input that is left out. */
  inputs: string[];
  outputs: string[];
  attributes: Readonly<Record<string, AttributeValue>>;
}

/** ONNX types its attributes; JavaScript's one number type does not say which is meant, hence the tags. */
export type AttributeValue =
  | { type: 'int'; value: number }
  | { type: 'float'; value: number }
  | { type: 'string'; value: string }
  | { type: 'ints'; value: readonly number[] }
  | { type: 'floats'; value: readonly number[] }
  | { type: 'tensor'; value: TensorData };
