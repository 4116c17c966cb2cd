/** ONNX files: `Model` to bytes and back. */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { getTextEncoding } from '@bufbuild/protobuf/wire';
import { decodeTensor, dtypeCode, dtypeOfCode, encodeTensor, toNumber } from './codec-tensor.ts';
import { GraphError } from './error.ts';
import type { AttributeValue, Model, ModelGraph, ModelNode, ValueInfo } from './model.ts';
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  type GraphProto,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorShapeProto_Dimension,
  TensorShapeProto_DimensionSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from './onnx_pb.ts';
import type { TensorData } from './tensor.ts';

/**
 * The bytes of an ONNX file. Equal models give equal bytes: opsets, metadata and attributes are written in the order
 * of their names; nodes, inputs, outputs and initializers in their own.
 * Throws GraphError BAD_TYPE, BAD_SHAPE or BAD_ATTRIBUTE where a part of the model contradicts itself.
 */
export function encodeModel(model: Model): Uint8Array {
  const proto = create(ModelProtoSchema, {
    irVersion: BigInt(model.irVersion),
    producerName: model.producer,
    producerVersion: model.producerVersion,
    opsetImport: byName(model.opsets).map(([domain, version]) => ({ domain, version: BigInt(version) })),
    metadataProps: byName(model.metadata).map(([key, value]) => ({ key, value })),
    graph: encodeGraph(model.graph),
  });
  return toBinary(ModelProtoSchema, proto);
}

/**
 * The model of an ONNX file; values are copied out of `bytes`. Doc strings, inferred types of inner values and other
 * parts that do not change what a model computes are left out; parts that would (functions, sparse initializers,
 * subgraphs) are refused, as are bytes that are no ONNX file: GraphError BAD_MODEL.
 */
export function decodeModel(bytes: Uint8Array): Model {
  try {
    return decodeModelProto(fromBinary(ModelProtoSchema, bytes, { readUnknownFields: false }));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new GraphError('BAD_MODEL', `cannot read the ONNX model: ${reason}`, 'is the file complete?', { cause });
  }
}

function decodeModelProto(proto: ModelProto): Model {
  if (proto.graph === undefined) throw new GraphError('BAD_MODEL', 'there is no graph in it');
  if (proto.opsetImport.length === 0) throw new GraphError('BAD_MODEL', 'it names no operator set');
  if (proto.functions.length > 0) throw new GraphError('BAD_MODEL', 'model-local functions are not supported');
  return {
    irVersion: toNumber(proto.irVersion, 'the IR version'),
    producer: proto.producerName,
    producerVersion: proto.producerVersion,
    opsets: Object.fromEntries(
      proto.opsetImport.map(({ domain, version }) => [shortDomain(domain), toNumber(version, 'an opset version')]),
    ),
    metadata: Object.fromEntries(proto.metadataProps.map(({ key, value }) => [key, value])),
    graph: decodeGraph(proto.graph),
  };
}

function encodeGraph(graph: ModelGraph): GraphProto {
  return create(GraphProtoSchema, {
    name: graph.name,
    input: graph.inputs.map(encodeValueInfo),
    output: graph.outputs.map(encodeValueInfo),
    initializer: Array.from(graph.initializers, ([name, tensor]) => encodeTensor(name, tensor)),
    node: graph.nodes.map(encodeNode),
  });
}

function decodeGraph(proto: GraphProto): ModelGraph {
  if (proto.sparseInitializer.length > 0) {
    throw new GraphError('BAD_MODEL', 'sparse initializers are not supported');
  }
  const initializers = new Map<string, TensorData>();
  for (const tensor of proto.initializer) {
    if (initializers.has(tensor.name)) throw new GraphError('BAD_MODEL', `two initializers named '${tensor.name}'`);
    initializers.set(tensor.name, decodeTensor(tensor));
  }
  return {
    name: proto.name,
    inputs: proto.input.map(decodeValueInfo),
    outputs: proto.output.map(decodeValueInfo),
    initializers,
    nodes: proto.node.map(decodeNode),
  };
}

function encodeValueInfo({ name, dtype, shape }: ValueInfo): ValueInfoProto {
  const dim = shape.map((size) => encodeDimension(name, size));
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: 'tensorType', value: { elemType: dtypeCode(dtype), shape: { dim } } } },
  });
}

/** '' is a size of which not even a name is known; the message then stays empty. */
function encodeDimension(owner: string, size: number | string): TensorShapeProto_Dimension {
  if (size === '') return create(TensorShapeProto_DimensionSchema);
  if (typeof size === 'string') {
    return create(TensorShapeProto_DimensionSchema, { value: { case: 'dimParam', value: size } });
  }
  if (!Number.isSafeInteger(size) || size < 0) throw new GraphError('BAD_SHAPE', `'${owner}' has a size of ${size}`);
  return create(TensorShapeProto_DimensionSchema, { value: { case: 'dimValue', value: BigInt(size) } });
}

function decodeValueInfo({ name, type }: ValueInfoProto): ValueInfo {
  const what = `value '${name}'`;
  if (type?.value.case !== 'tensorType') throw new GraphError('BAD_MODEL', `${what} is not a tensor`);
  const { elemType, shape } = type.value.value;
  if (shape === undefined) throw new GraphError('BAD_MODEL', `${what} has no shape`);
  return {
    name,
    dtype: dtypeOfCode(elemType, what),
    shape: shape.dim.map(({ value }) =>
      value.case === 'dimValue' ? toNumber(value.value, `a size of ${what}`) : (value.value ?? ''),
    ),
  };
}

function encodeNode(node: ModelNode): NodeProto {
  return create(NodeProtoSchema, {
    opType: node.operator,
    domain: node.domain,
    name: node.name,
    input: node.inputs,
    output: node.outputs,
    attribute: byName(node.attributes).map(([name, attribute]) => encodeAttribute(name, attribute)),
  });
}

function decodeNode(proto: NodeProto): ModelNode {
  return {
    operator: proto.opType,
    domain: shortDomain(proto.domain),
    name: proto.name,
    inputs: proto.input,
    outputs: proto.output,
    attributes: Object.fromEntries(
      proto.attribute.map((attribute) => [attribute.name, decodeAttribute(proto.opType, attribute)]),
    ),
  };
}

function encodeAttribute(name: string, attribute: AttributeValue): AttributeProto {
  const { FLOAT, FLOATS, INT, INTS, STRING, TENSOR } = AttributeProto_AttributeType;
  switch (attribute.type) {
    case 'int':
      return create(AttributeProtoSchema, { name, type: INT, i: toBigInt(name, attribute.value) });
    case 'ints':
      return create(AttributeProtoSchema, { name, type: INTS, ints: attribute.value.map((n) => toBigInt(name, n)) });
    case 'float':
      return create(AttributeProtoSchema, { name, type: FLOAT, f: attribute.value });
    case 'floats':
      return create(AttributeProtoSchema, { name, type: FLOATS, floats: [...attribute.value] });
    case 'string':
      return create(AttributeProtoSchema, { name, type: STRING, s: getTextEncoding().encodeUtf8(attribute.value) });
    case 'tensor':
      return create(AttributeProtoSchema, { name, type: TENSOR, t: encodeTensor('', attribute.value) });
  }
}

function decodeAttribute(operator: string, proto: AttributeProto): AttributeValue {
  const { FLOAT, FLOATS, INT, INTS, STRING, TENSOR } = AttributeProto_AttributeType;
  const what = `attribute '${proto.name}' of ${operator}`;
  switch (proto.type) {
    case INT:
      return { type: 'int', value: toNumber(proto.i, what) };
    case INTS:
      return { type: 'ints', value: proto.ints.map((n) => toNumber(n, what)) };
    case FLOAT:
      return { type: 'float', value: proto.f };
    case FLOATS:
      return { type: 'floats', value: proto.floats };
    case STRING:
      return { type: 'string', value: getTextEncoding().decodeUtf8(proto.s, true) };
    case TENSOR:
      if (proto.t !== undefined) return { type: 'tensor', value: decodeTensor(proto.t) };
  }
  throw new GraphError('BAD_MODEL', `${what} has the unsupported type ${proto.type}`);
}

function toBigInt(name: string, value: number): bigint {
  if (!Number.isSafeInteger(value)) throw new GraphError('BAD_ATTRIBUTE', `'${name}' wants an integer, not ${value}`);
  return BigInt(value);
}

/** Files may spell the standard domain out. */
function shortDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}

/** Entries in the order of their keys' code units, which is the same on every machine. */
function byName<T>(record: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}
