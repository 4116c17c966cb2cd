/** Tensors to and from onnx.proto's TensorProto. Values are written as `raw_data`, which ONNX defines as little endian. */
import { create } from '@bufbuild/protobuf';
import { GraphError } from './error.ts';
import { type TensorProto, TensorProto_DataLocation, TensorProto_DataType, TensorProtoSchema } from './onnx_pb.ts';
import { type DataType, formatShape, sizeOf, type TensorData } from './tensor.ts';

type Values = TensorData['data'];

interface ElementFormat {
  code: TensorProto_DataType;
  holds: (data: Values) => boolean;
  fromBytes: (bytes: ArrayBuffer) => Values;
  /** Older files hold values in a field by type; the narrow types all share `int32_data`. */
  fromFields: (proto: TensorProto) => Values;
}

const FORMATS: Readonly<Record<DataType, ElementFormat>> = {
  float32: {
    code: TensorProto_DataType.FLOAT,
    holds: (data) => data instanceof Float32Array,
    fromBytes: (bytes) => new Float32Array(bytes),
    fromFields: (proto) => Float32Array.from(proto.floatData),
  },
  float16: {
    code: TensorProto_DataType.FLOAT16,
    holds: (data) => data instanceof Uint16Array,
    fromBytes: (bytes) => new Uint16Array(bytes),
    fromFields: (proto) => Uint16Array.from(proto.int32Data),
  },
  int64: {
    code: TensorProto_DataType.INT64,
    holds: (data) => data instanceof BigInt64Array,
    fromBytes: (bytes) => new BigInt64Array(bytes),
    fromFields: (proto) => BigInt64Array.from(proto.int64Data),
  },
  int32: {
    code: TensorProto_DataType.INT32,
    holds: (data) => data instanceof Int32Array,
    fromBytes: (bytes) => new Int32Array(bytes),
    fromFields: (proto) => Int32Array.from(proto.int32Data),
  },
  uint8: {
    code: TensorProto_DataType.UINT8,
    holds: (data) => data instanceof Uint8Array,
    fromBytes: (bytes) => new Uint8Array(bytes),
    fromFields: (proto) => Uint8Array.from(proto.int32Data),
  },
  int8: {
    code: TensorProto_DataType.INT8,
    holds: (data) => data instanceof Int8Array,
    fromBytes: (bytes) => new Int8Array(bytes),
    fromFields: (proto) => Int8Array.from(proto.int32Data),
  },
  bool: {
    code: TensorProto_DataType.BOOL,
    holds: (data) => data instanceof Uint8Array,
    fromBytes: (bytes) => new Uint8Array(bytes),
    fromFields: (proto) => Uint8Array.from(proto.int32Data),
  },
};

const DTYPE_OF_CODE: ReadonlyMap<number, DataType> = new Map([
  [TensorProto_DataType.FLOAT, 'float32'],
  [TensorProto_DataType.FLOAT16, 'float16'],
  [TensorProto_DataType.INT64, 'int64'],
  [TensorProto_DataType.INT32, 'int32'],
  [TensorProto_DataType.UINT8, 'uint8'],
  [TensorProto_DataType.INT8, 'int8'],
  [TensorProto_DataType.BOOL, 'bool'],
]);

/** The number that onnx.proto gives an element type. */
export function dtypeCode(dtype: DataType): TensorProto_DataType {
  return FORMATS[dtype].code;
}

/** The element type of onnx.proto's number; `what` names its owner in the error (BAD_MODEL). */
export function dtypeOfCode(code: number, what: string): DataType {
  const dtype = DTYPE_OF_CODE.get(code);
  if (dtype === undefined) throw new GraphError('BAD_MODEL', `${what} has the unsupported ONNX element type ${code}`);
  return dtype;
}

/** A protobuf int64 as a number. BAD_MODEL where it is not exact. */
export function toNumber(value: bigint, what: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new GraphError('BAD_MODEL', `${what} is ${value}, beyond exact integers`);
  return number;
}

/**
 * A tensor as protobuf message, its values not copied.
 * BAD_TYPE where the array does not belong to the element type, BAD_SHAPE where it does not fill the shape.
 */
export function encodeTensor(name: string, tensor: TensorData): TensorProto {
  const { dtype, shape, data } = tensor;
  if (!FORMATS[dtype].holds(data)) {
    throw new GraphError('BAD_TYPE', `tensor '${name}' of type ${dtype} has its values in ${data.constructor.name}`);
  }
  if (data.length !== sizeOf(shape)) {
    throw new GraphError('BAD_SHAPE', `tensor '${name}' has ${data.length} values for shape ${formatShape(shape)}`);
  }
  return create(TensorProtoSchema, {
    name,
    dims: shape.map(BigInt),
    dataType: dtypeCode(dtype),
    rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  });
}

/** The tensor of a protobuf message, its values copied. BAD_MODEL where it is not whole or of a type not in use. */
export function decodeTensor(proto: TensorProto): TensorData {
  const what = `tensor '${proto.name}'`;
  if (proto.dataLocation === TensorProto_DataLocation.EXTERNAL) {
    throw new GraphError('BAD_MODEL', `${what} is stored outside the model file`, 'save the model as one file');
  }
  const dtype = dtypeOfCode(proto.dataType, what);
  const shape = proto.dims.map((size) => toNumber(size, `a size of ${what}`));
  const data = decodeValues(proto, FORMATS[dtype]);
  if (shape.some((size) => size < 0) || data.length !== sizeOf(shape)) {
    throw new GraphError('BAD_MODEL', `${what} has ${data.length} values for shape ${formatShape(shape)}`);
  }
  return { dtype, shape, data };
}

function decodeValues(proto: TensorProto, format: ElementFormat): Values {
  if (proto.rawData.length === 0) return format.fromFields(proto);
  // A copy: raw data lies at any offset of the file, typed arrays want theirs aligned.
  return format.fromBytes(new Uint8Array(proto.rawData).buffer);
}
