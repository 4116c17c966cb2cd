import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { decodeModel, encodeModel } from '@mememoji/graph/codec';
import { GraphError, type GraphErrorCode } from '@mememoji/graph/error';
import type { Model, ModelGraph, ModelNode } from '@mememoji/graph/model';
import { ModelProtoSchema, TensorProto_DataLocation, TensorProto_DataType } from '@mememoji/graph/onnx_pb';
import { float32, int64, type TensorData } from '@mememoji/graph/tensor';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';

const TENSORS: Record<string, TensorData> = {
  float32: float32([2, 2], [1.5, -0, Number.NaN, -Infinity]),
  float16: { dtype: 'float16', shape: [3], data: Uint16Array.of(0x3c00, 0x0001, 0xfc00) },
  int64: { dtype: 'int64', shape: [2], data: BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n) },
  int32: { dtype: 'int32', shape: [1, 2], data: Int32Array.of(-(2 ** 31), 2 ** 31 - 1) },
  uint8: { dtype: 'uint8', shape: [3], data: Uint8Array.of(0, 128, 255) },
  int8: { dtype: 'int8', shape: [3], data: Int8Array.of(-128, -1, 127) },
  bool: { dtype: 'bool', shape: [2], data: Uint8Array.of(0, 1) },
  scalar: float32([], [3.25]),
  empty: int64([]),
};

const ATTRIBUTED: ModelNode = {
  operator: 'Everything',
  domain: 'com.microsoft.nchwc',
  name: 'every attribute',
  inputs: ['x', '', 'float32'],
  outputs: ['y'],
  attributes: {
    axis: { type: 'int', value: -1 },
    limit: { type: 'int', value: Number.MAX_SAFE_INTEGER },
    alpha: { type: 'float', value: Math.fround(0.1) },
    mode: { type: 'string', value: 'größer 😀' },
    pads: { type: 'ints', value: [0, 1, -2] },
    scales: { type: 'floats', value: [1, 0.5] },
    nothing: { type: 'ints', value: [] },
    value: { type: 'tensor', value: float32([2], [1, 2]) },
  },
};

const FULL: Model = {
  irVersion: 8,
  producer: 'mememoji',
  producerVersion: '0.1.0',
  opsets: { '': 17, 'com.microsoft.nchwc': 1 },
  metadata: { mememoji: '{"labels":["glücklich"]}', zebra: '', alpha: '1' },
  graph: {
    name: 'full',
    inputs: [{ name: 'x', dtype: 'float32', shape: ['batch', 3, '', 0] }],
    outputs: [{ name: 'y', dtype: 'bool', shape: [] }],
    initializers: new Map(Object.entries(TENSORS)),
    nodes: [ATTRIBUTED],
  },
};

/** y = relu(x + bias). */
const RUNNABLE: Model = {
  ...FULL,
  opsets: { '': 17 },
  graph: {
    name: 'runnable',
    inputs: [{ name: 'x', dtype: 'float32', shape: ['batch', 2] }],
    outputs: [{ name: 'y', dtype: 'float32', shape: ['batch', 2] }],
    initializers: new Map([['bias', float32([2], [10, -10])]]),
    nodes: [
      { operator: 'Add', domain: '', name: '', inputs: ['x', 'bias'], outputs: ['sum'], attributes: {} },
      { operator: 'Relu', domain: '', name: '', inputs: ['sum'], outputs: ['y'], attributes: {} },
    ],
  },
};

function withGraph(graph: Partial<ModelGraph>): Model {
  return { ...FULL, graph: { ...FULL.graph, ...graph } };
}

function failure(action: () => unknown): GraphError {
  try {
    action();
  } catch (error) {
    if (error instanceof GraphError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('encodeModel and decodeModel', () => {
  it('keep every element type, attribute type and dimension', () => {
    expect(decodeModel(encodeModel(FULL))).toEqual(FULL);
  });

  it('read a model at an odd offset of a larger buffer', () => {
    const bytes = encodeModel(FULL);
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    expect(decodeModel(shifted.subarray(1))).toEqual(FULL);
  });

  it('copy values, so that neither side sees later changes', () => {
    const bytes = encodeModel(RUNNABLE);
    const decoded = decodeModel(bytes);
    bytes.fill(0);
    expect(decoded.graph.initializers.get('bias')?.data).toEqual(Float32Array.of(10, -10));
  });

  it('write equal models as equal bytes, whatever the order of their records', () => {
    const reversed = <T>(record: Readonly<Record<string, T>>) => Object.fromEntries(Object.entries(record).reverse());
    const node = { ...ATTRIBUTED, attributes: reversed(ATTRIBUTED.attributes) };
    const shuffled: Model = {
      ...withGraph({ nodes: [node] }),
      opsets: reversed(FULL.opsets),
      metadata: reversed(FULL.metadata),
    };
    expect(encodeModel(shuffled)).toEqual(encodeModel(FULL));
  });

  it('write what onnxruntime runs', async () => {
    const session = await InferenceSession.create(encodeModel(RUNNABLE), { intraOpNumThreads: 1 });
    const { y } = await session.run({ x: new Tensor('float32', [-11, 11, 1, 2], [2, 2]) });
    expect(y?.dims).toEqual([2, 2]);
    expect(y?.data).toEqual(Float32Array.of(0, 1, 11, 0));
    await session.release();
  });

  it('write a protobuf that says what the model says', () => {
    const proto = fromBinary(ModelProtoSchema, encodeModel(FULL));
    expect(proto.opsetImport.map(({ domain, version }) => [domain, version])).toEqual([
      ['', 17n],
      ['com.microsoft.nchwc', 1n],
    ]);
    expect(proto.metadataProps.map(({ key }) => key)).toEqual(['alpha', 'mememoji', 'zebra']);
    const [float] = proto.graph?.initializer ?? [];
    expect([...(float?.rawData.subarray(0, 4) ?? [])]).toEqual([0x00, 0x00, 0xc0, 0x3f]); // 1.5, little endian
  });
});

describe('decodeModel', () => {
  const typed = [
    { dataType: TensorProto_DataType.FLOAT, floatData: [1.5, -2], expected: Float32Array.of(1.5, -2) },
    { dataType: TensorProto_DataType.FLOAT16, int32Data: [0x3c00, 0xfc00], expected: Uint16Array.of(0x3c00, 0xfc00) },
    { dataType: TensorProto_DataType.INT64, int64Data: [-1n, 2n ** 40n], expected: BigInt64Array.of(-1n, 2n ** 40n) },
    { dataType: TensorProto_DataType.INT32, int32Data: [-1, 7], expected: Int32Array.of(-1, 7) },
    { dataType: TensorProto_DataType.UINT8, int32Data: [0, 255], expected: Uint8Array.of(0, 255) },
    { dataType: TensorProto_DataType.INT8, int32Data: [-128, 127], expected: Int8Array.of(-128, 127) },
    { dataType: TensorProto_DataType.BOOL, int32Data: [0, 1], expected: Uint8Array.of(0, 1) },
  ];

  /** A model file made past the encoder, as other programs would. */
  function foreign(graph: object, opsetImport = [{ domain: 'ai.onnx', version: 17n }]): Uint8Array {
    return toBinary(ModelProtoSchema, create(ModelProtoSchema, { irVersion: 8n, graph, opsetImport }));
  }

  it.each(typed)('reads values from the typed fields ($expected.constructor.name)', ({ expected, ...fields }) => {
    const model = decodeModel(foreign({ initializer: [{ name: 't', dims: [2n], ...fields }] }));
    expect(model.graph.initializers.get('t')?.data).toEqual(expected);
  });

  it('takes the spelt-out standard domain for the empty one', () => {
    const model = decodeModel(foreign({ node: [{ opType: 'Relu', domain: 'ai.onnx' }] }));
    expect(model.opsets).toEqual({ '': 17 });
    expect(model.graph.nodes[0]?.domain).toBe('');
  });

  const whole = encodeModel(FULL);
  const required = encodeModel({ ...FULL, metadata: {} }).length;
  it.each([0, 1, 2, 3, 11, 30, 100, 200, Math.floor(required / 2), required - 30, required - 1])(
    'refuses a file cut after %i bytes',
    (length) => {
      const error = failure(() => decodeModel(whole.subarray(0, length)));
      expect(error.code).toBe('BAD_MODEL');
      expect(error.cause).toBeInstanceOf(Error);
    },
  );

  it('never fails otherwise than with BAD_MODEL, wherever the file is cut', () => {
    for (let length = 0; length < required; length++) {
      const cut = whole.subarray(0, length);
      try {
        decodeModel(cut); // a cut between two parts of the file may leave a model
      } catch (error) {
        expect(error).toBeInstanceOf(GraphError);
        expect(error).toHaveProperty('code', 'BAD_MODEL');
      }
    }
  });

  it.each([
    ['text', new TextEncoder().encode('label,pixels,usage\n0,1 2 3,Training'), /cannot read/],
    ['random bytes', Uint8Array.from({ length: 500 }, (_, i) => (i * 97 + 13) % 256), /cannot read/],
    ['a model without an operator set', foreign({}, []), /names no operator set/],
    ['functions', foreignFunctions(), /functions are not supported/],
    ['sparse weights', foreign({ sparseInitializer: [{}] }), /sparse initializers/],
    ['double weights', foreign({ initializer: [{ name: 'w', dataType: 11 }] }), /'w'.*element type 11/],
    ['missing values', foreign({ initializer: [{ name: 'w', dataType: 1, dims: [3n] }] }), /'w' has 0 values.*\[3\]/],
    [
      'half a value',
      foreign({ initializer: [{ name: 'w', dataType: 1, rawData: new Uint8Array(3) }] }),
      /multiple of 4/,
    ],
    ['negative sizes', foreign({ initializer: [{ name: 'w', dataType: 2, dims: [-1n, 0n] }] }), /\[-1, 0\]/],
    [
      'external weights',
      foreign({ initializer: [{ name: 'w', dataType: 1, dataLocation: TensorProto_DataLocation.EXTERNAL }] }),
      /outside the model file/,
    ],
    ['two weights of a name', foreign({ initializer: [0, 1].map(() => weight('w')) }), /two initializers named 'w'/],
    ['a subgraph', foreign({ node: [{ opType: 'If', attribute: [{ name: 'then_branch', type: 5 }] }] }), /then_branch/],
    ['an input without type', foreign({ input: [{ name: 'x' }] }), /'x' is not a tensor/],
    ['an input without shape', foreign({ input: [{ name: 'x', type: tensorType(1) }] }), /'x' has no shape/],
    ['an inexact integer', foreign({ node: [{ opType: 'Slice', attribute: [endAttribute()] }] }), /'end' of Slice/],
  ])('refuses %s', (_, bytes, message) => {
    const error = failure(() => decodeModel(bytes));
    expect(error.code).toBe('BAD_MODEL');
    expect(error.message).toMatch(message);
    expect(error.cause).toBeInstanceOf(Error);
  });

  function foreignFunctions(): Uint8Array {
    const opsetImport = [{ domain: '', version: 17n }];
    return toBinary(ModelProtoSchema, create(ModelProtoSchema, { graph: {}, opsetImport, functions: [{ name: 'f' }] }));
  }
  function weight(name: string) {
    return { name, dataType: TensorProto_DataType.UINT8, dims: [1n], rawData: Uint8Array.of(1) };
  }
  function tensorType(elemType: number) {
    return { value: { case: 'tensorType', value: { elemType } } };
  }
  function endAttribute() {
    return { name: 'end', type: 2, i: 2n ** 63n - 1n };
  }
});

describe('encodeModel', () => {
  const half: TensorData = { dtype: 'float16', shape: [1], data: Float32Array.of(1) };
  const short: TensorData = { dtype: 'float32', shape: [2, 2], data: Float32Array.of(1) };
  const fraction: ModelNode = { ...ATTRIBUTED, attributes: { axis: { type: 'int', value: 0.5 } } };
  const negative = { name: 'x', dtype: 'float32' as const, shape: [-1] };
  const cases: [string, Model, GraphErrorCode, RegExp][] = [
    [
      'values in the wrong array',
      withGraph({ initializers: new Map([['w', half]]) }),
      'BAD_TYPE',
      /'w' of type float16/,
    ],
    ['too few values', withGraph({ initializers: new Map([['w', short]]) }), 'BAD_SHAPE', /'w' has 1 values.*\[2, 2\]/],
    [
      'a fraction for an integer',
      withGraph({ nodes: [fraction] }),
      'BAD_ATTRIBUTE',
      /'axis' wants an integer, not 0.5/,
    ],
    ['a negative size', withGraph({ inputs: [negative] }), 'BAD_SHAPE', /'x' has a size of -1/],
  ];

  it.each(cases)('refuses %s', (_, model, code, message) => {
    const error = failure(() => encodeModel(model));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });
});
