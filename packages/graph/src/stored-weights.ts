import { GraphError } from './error.ts';
import { fromHalf, toHalf } from './half.ts';
import { fromInteger, toInt8, toInt32 } from './int8.ts';
import type { Model, ModelNode } from './model.ts';
import { float32, formatShape, sameShape, sizeOf, type TensorData } from './tensor.ts';

/*
 * A model file keeps its weights in fewer bits than they are: `w` as float16 (`w:half`), of which a node makes float32 when ONNX Runtime
 * loads the file, so that only the file is smaller. A convolution that computes in 8 bits (see quantise.ts) has its kernel as int8 (`w:int8`)
 * and its bias as int32 (`b:int32`), each with a scale for every output channel (`w:scale`, `b:scale`).
 */

type Form = 'int8' | 'int32' | 'half' | 'float32';

type Tensors = ReadonlyMap<string, TensorData>;

/** Below this many elements a tensor stays as it is: a node of its own would cost more than it saves. */
const WORTHWHILE = 256;

/** ONNX's number of float32 (TensorProto.DataType). */
const FLOAT32 = 1;

/** The same model with its large float32 constants stored as float16. */
export function storeAsFloat16(model: Model): Model {
  const all = [...model.graph.initializers];
  const initializers = new Map(
    all.map(([name, tensor]) => (isLarge(name, tensor) ? [`${name}:half`, toHalf(tensor)] : [name, tensor])),
  );
  const casts = all.flatMap(([name, tensor]) => (isLarge(name, tensor) ? [cast(name)] : []));
  return { ...model, graph: { ...model.graph, initializers, nodes: [...casts, ...model.graph.nodes] } };
}

/** Scales of whole numbers stay exact, however many they are. */
function isLarge(name: string, { dtype, shape }: TensorData): boolean {
  return dtype === 'float32' && sizeOf(shape) >= WORTHWHILE && !name.endsWith(':scale');
}

function cast(name: string): ModelNode {
  const attributes = { to: { type: 'int', value: FLOAT32 } } as const;
  return { operator: 'Cast', domain: '', name: `${name}:cast`, inputs: [`${name}:half`], outputs: [name], attributes };
}

/** All weights that a file keeps, float32, by the names under which they are used. */
export function readWeights({ graph: { initializers } }: Model): Map<string, TensorData> {
  const weights = new Map<string, TensorData>();
  for (const [key, tensor] of initializers) {
    const [, name = key, ending] = /^(.*):(int8|int32|scale|step|half)$/.exec(key) ?? [];
    if (ending === 'int8' || ending === 'int32')
      weights.set(name, fromInteger(tensor, initializers.get(`${name}:scale`)));
    else if (tensor.dtype === 'float16') weights.set(name, fromHalf(tensor));
    else if (tensor.dtype === 'float32' && ending === undefined) weights.set(key, tensor);
  }
  return weights;
}

/**
 * The same model with other weights, under the file's own names and in its own precision.
 * @throws GraphError `BAD_MODEL` if the model has no weights of a name and shape
 */
export function replaceWeights(model: Model, weights: Tensors): Model {
  const initializers = new Map(model.graph.initializers);
  for (const [name, value] of weights) {
    const form = formOf(name, initializers);
    const key = form === 'float32' ? name : `${name}:${form}`;
    if (!sameShape(initializers.get(key)?.shape ?? [-1], value.shape))
      throw new GraphError('BAD_MODEL', `it has no weights '${name}' of shape ${formatShape(value.shape)}`);
    if (form === 'int8') setKernel(name, value, initializers);
    else if (form !== 'int32') initializers.set(key, form === 'half' ? toHalf(value) : value);
  }
  for (const { operator, inputs } of model.graph.nodes) {
    const [, kernel = '', bias = ''] = inputs;
    if (operator === 'Conv' && formOf(bias, initializers) === 'int32')
      setBias(bias, weights.get(bias), kernel, model.graph.initializers, initializers);
  }
  return { ...model, graph: { ...model.graph, initializers } };
}

function formOf(name: string, initializers: Tensors): Form {
  return (['int8', 'int32', 'half'] as const).find((form) => initializers.has(`${name}:${form}`)) ?? 'float32';
}

function setKernel(name: string, value: TensorData, initializers: Map<string, TensorData>): void {
  const { weights, scale } = toInt8(value);
  initializers.set(`${name}:int8`, weights);
  initializers.set(`${name}:scale`, scale);
}

/** A bias is counted in units of its kernel, so that it is written anew when that is. */
function setBias(
  name: string,
  value: TensorData | undefined,
  kernel: string,
  before: Tensors,
  initializers: Map<string, TensorData>,
): void {
  const old = before.get(`${name}:scale`)!;
  const [from, to] = [before, initializers].map((tensors) => tensors.get(`${kernel}:scale`)!.data) as [
    TensorData['data'],
    TensorData['data'],
  ];
  const scale = float32(
    old.shape,
    Float32Array.from<number | bigint>(to, (unit, i) => (Number(unit) * Number(old.data[i])) / Number(from[i])),
  );
  const numbers = value ?? fromInteger(before.get(`${name}:int32`)!, old);
  initializers.set(`${name}:int32`, toInt32(numbers, scale));
  initializers.set(`${name}:scale`, scale);
}
