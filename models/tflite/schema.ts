/**
 * As much of a TensorFlow Lite model as the detector uses. Field numbers and codes are those of
 * tensorflow/lite/schema/schema.fbs, version 3.
 */
import { Table } from './flatbuffer.ts';

/** One graph. Tensors are named by their index in `tensors`; -1 stands for an optional input that is left out. */
export interface TfliteModel {
  tensors: TfliteTensor[];
  inputs: number[];
  outputs: number[];
  operators: TfliteOperator[];
}

export interface TfliteTensor {
  name: string;
  type: TensorType;
  /** Images are NHWC, kernels OHWI, depthwise kernels 1HWC. */
  shape: number[];
  /** Constant values as raw little-endian bytes; empty for a tensor that the graph computes. */
  values: Uint8Array;
}

export interface TfliteOperator {
  kind: OperatorKind;
  inputs: number[];
  outputs: number[];
  options: OperatorOptions;
}

/** Options of all the operators in one; each reads those that it has. */
export interface OperatorOptions {
  padding: 'same' | 'valid';
  /** Height, width. */
  strides: [number, number];
  /** Height, width; of pooling operators. */
  window: [number, number];
  halfPixelCenters: boolean;
  alignCorners: boolean;
}

export type TensorType = 'float32' | 'float16' | 'int32';
const TENSOR_TYPES: readonly TensorType[] = ['float32', 'float16', 'int32'];

export type OperatorKind =
  | 'ADD'
  | 'CONV_2D'
  | 'DEPTHWISE_CONV_2D'
  | 'DEQUANTIZE'
  | 'MAX_POOL_2D'
  | 'PAD'
  | 'RELU'
  | 'RESHAPE'
  | 'RESIZE_BILINEAR';

/** By the codes of BuiltinOperator. */
const OPERATOR_KINDS: ReadonlyMap<number, OperatorKind> = new Map([
  [0, 'ADD'],
  [3, 'CONV_2D'],
  [4, 'DEPTHWISE_CONV_2D'],
  [6, 'DEQUANTIZE'],
  [17, 'MAX_POOL_2D'],
  [19, 'RELU'],
  [22, 'RESHAPE'],
  [23, 'RESIZE_BILINEAR'],
  [34, 'PAD'],
]);

const MODEL = { operatorCodes: 1, subgraphs: 2, buffers: 4 };
const SUBGRAPH = { tensors: 0, inputs: 1, outputs: 2, operators: 3 };
const TENSOR = { shape: 0, type: 1, buffer: 2, name: 3 };
const OPERATOR = { codeIndex: 0, inputs: 1, outputs: 2, options: 4 };
const OPERATOR_CODE = { deprecatedBuiltinCode: 0, builtinCode: 3 };
const BUFFER = { data: 0 };

/**
 * Reads a .tflite file of a single graph.
 * @throws RangeError where the file is not TFLite or is cut off, Error where it has something that is not handled here.
 */
export function parseTflite(bytes: Uint8Array): TfliteModel {
  const root = Table.root(bytes, 'TFL3');
  const [graph, ...others] = root.tables(MODEL.subgraphs);
  if (graph === undefined || others.length > 0) throw new Error(`a model of ${others.length + 1} graphs, not of one`);
  const buffers = root.tables(MODEL.buffers).map((buffer) => buffer.bytes(BUFFER.data));
  const kinds = root.tables(MODEL.operatorCodes).map(parseKind);
  return {
    tensors: graph.tables(SUBGRAPH.tensors).map((tensor) => parseTensor(tensor, buffers)),
    inputs: graph.int32s(SUBGRAPH.inputs),
    outputs: graph.int32s(SUBGRAPH.outputs),
    operators: graph.tables(SUBGRAPH.operators).map((operator) => parseOperator(operator, kinds)),
  };
}

/** Codes above 127 came later, in a wider field; the larger of both fields counts. */
function parseKind(table: Table): OperatorKind {
  const code = Math.max(table.int8(OPERATOR_CODE.deprecatedBuiltinCode, 0), table.int32(OPERATOR_CODE.builtinCode, 0));
  const kind = OPERATOR_KINDS.get(code);
  if (kind === undefined) throw new Error(`TFLite operator ${code} is not handled`);
  return kind;
}

function parseTensor(table: Table, buffers: readonly Uint8Array[]): TfliteTensor {
  const name = table.text(TENSOR.name);
  const code = table.int8(TENSOR.type, 0);
  const type = TENSOR_TYPES[code];
  const values = buffers[table.int32(TENSOR.buffer, 0)];
  if (type === undefined) throw new Error(`tensor '${name}' has the TFLite type ${code}, which is not handled`);
  if (values === undefined) throw new RangeError(`tensor '${name}' has no buffer`);
  return { name, type, shape: table.int32s(TENSOR.shape), values };
}

function parseOperator(table: Table, kinds: readonly OperatorKind[]): TfliteOperator {
  const kind = kinds[table.int32(OPERATOR.codeIndex, 0)];
  if (kind === undefined) throw new RangeError('an operator has no code');
  return {
    kind,
    inputs: table.int32s(OPERATOR.inputs),
    outputs: table.int32s(OPERATOR.outputs),
    options: parseOptions(kind, table.table(OPERATOR.options)),
  };
}

/** Where each operator keeps what it has of the options; conv, depthwise conv and pooling begin alike. */
const OPTION_FIELDS: Partial<Record<OperatorKind, { activation: number; dilation?: number; window?: number }>> = {
  ADD: { activation: 0 },
  CONV_2D: { activation: 3, dilation: 4 },
  DEPTHWISE_CONV_2D: { activation: 4, dilation: 5 },
  MAX_POOL_2D: { activation: 5, window: 3 },
};

function parseOptions(kind: OperatorKind, table: Table | undefined): OperatorOptions {
  const { activation, dilation, window } = OPTION_FIELDS[kind] ?? {};
  const spatial = kind !== 'ADD' && activation !== undefined;
  const resize = kind === 'RESIZE_BILINEAR';
  if (activation !== undefined && table?.int8(activation, 0)) throw new Error(`${kind} with an activation in it`);
  if (dilation !== undefined && (table?.int32(dilation, 1) !== 1 || table.int32(dilation + 1, 1) !== 1)) {
    throw new Error(`${kind} with dilation`);
  }
  return {
    padding: spatial && table?.int8(0, 0) === 1 ? 'valid' : 'same',
    strides: spatial ? heightWidth(table, 1) : [1, 1],
    window: window === undefined ? [1, 1] : heightWidth(table, window),
    alignCorners: resize && table?.bool(2) === true,
    halfPixelCenters: resize && table?.bool(3) === true,
  };
}

/** Two fields of which the file has the width first. */
function heightWidth(table: Table | undefined, field: number): [number, number] {
  if (table === undefined) throw new RangeError('an operator has no options');
  return [table.int32(field + 1, 0), table.int32(field, 0)];
}
