import { GraphError } from './error.ts';
import { fromHalf, toHalf } from './half.ts';
import type { Model, ModelNode } from './model.ts';
import { float32, formatShape, type Shape, sameShape, sizeOf, type TensorData } from './tensor.ts';

/*
 * A model file keeps its weights in fewer bits than they are used in: `w` as float16 (`w:half`) or, of a convolution, as int8 with a scale
 * for each output channel (`w:int8`, `w:scale`). Nodes behind them make `w` again, and ONNX Runtime folds those when it loads the file, so
 * that only the file is smaller: what runs is float32.
 */

/** What the weights of convolutions are stored in; all else that is large is stored as float16. */
export type KernelStorage = 'float16' | 'int8';

type Form = 'int8' | 'half' | 'float32';

/** Below this many elements a tensor stays as it is: nodes of its own would cost more than they save. */
const WORTHWHILE = 256;

/** Largest int8 weight; -128 is left out, so that a weight and its negative are equally exact. */
const TOP = 127;

/** ONNX's number of float32 (TensorProto.DataType). */
const FLOAT32 = 1;

/** The same model with its large float32 constants stored in fewer bits. */
export function storeWeights(model: Model, kernels: KernelStorage): Model {
  const convolved = new Set(
    model.graph.nodes.flatMap(({ operator, inputs }) => (operator === 'Conv' ? [inputs[1]] : [])),
  );
  const forms = [...model.graph.initializers].map(([name, tensor]) => {
    const isLarge = tensor.dtype === 'float32' && sizeOf(tensor.shape) >= WORTHWHILE;
    return [name, tensor, isLarge ? (kernels === 'int8' && convolved.has(name) ? 'int8' : 'half') : 'float32'] as const;
  });
  const initializers = new Map(forms.flatMap(([name, tensor, form]) => store(name, tensor, form)));
  const nodes = forms.flatMap(([name, , form]) => restoringNodes(name, form));
  return { ...model, graph: { ...model.graph, initializers, nodes: [...nodes, ...model.graph.nodes] } };
}

/** All real numbers that a file keeps as constants, float32, by the names under which they are used. */
export function readWeights({ graph: { initializers } }: Model): Map<string, TensorData> {
  const weights = new Map<string, TensorData>();
  for (const [key, tensor] of initializers) {
    const [, name = key, ending] = /^(.*):(int8|scale|half)$/.exec(key) ?? [];
    if (ending === 'int8') weights.set(name, fromInt8(tensor, initializers.get(`${name}:scale`)));
    else if (tensor.dtype === 'float16') weights.set(name, fromHalf(tensor));
    else if (tensor.dtype === 'float32' && ending !== 'scale') weights.set(key, tensor);
  }
  return weights;
}

/**
 * The same model with other weights, under the file's own names and in its own precision.
 * @throws GraphError `BAD_MODEL` if the model has no weights of a name and shape
 */
export function replaceWeights(model: Model, weights: ReadonlyMap<string, TensorData>): Model {
  const initializers = new Map(model.graph.initializers);
  for (const [name, value] of weights) {
    const form = formOf(name, initializers);
    const key = form === 'float32' ? name : `${name}:${form}`;
    if (!sameShape(initializers.get(key)?.shape ?? [-1], value.shape))
      throw new GraphError('BAD_MODEL', `it has no weights '${name}' of shape ${formatShape(value.shape)}`);
    for (const [each, stored] of store(name, value, form)) initializers.set(each, stored);
  }
  return { ...model, graph: { ...model.graph, initializers } };
}

function formOf(name: string, initializers: ReadonlyMap<string, TensorData>): Form {
  return (['int8', 'half'] as const).find((form) => initializers.has(`${name}:${form}`)) ?? 'float32';
}

function store(name: string, tensor: TensorData, form: Form): [string, TensorData][] {
  if (form === 'float32') return [[name, tensor]];
  if (form === 'half') return [[`${name}:half`, toHalf(tensor)]];
  const { weights, scale } = toInt8(tensor);
  return [
    [`${name}:int8`, weights],
    [`${name}:scale`, scale],
  ];
}

function restoringNodes(name: string, form: Form): ModelNode[] {
  if (form === 'float32') return [];
  const widened = form === 'half' ? name : `${name}:widened`;
  const cast = node('Cast', name, [`${name}:${form}`], widened, { to: { type: 'int', value: FLOAT32 } });
  // DequantizeLinear would say it in one node, but ONNX Runtime leaves that to each run, which then takes twice as long.
  return form === 'half' ? [cast] : [cast, node('Mul', name, [widened, `${name}:scale`], name)];
}

function node(operator: string, of: string, inputs: string[], output: string, attributes = {}): ModelNode {
  return { operator, domain: '', name: `${of}:${operator.toLowerCase()}`, inputs, outputs: [output], attributes };
}

/**
 * Symmetric, with a scale for each size of the first axis (Krishnamoorthi, Quantizing deep convolutional networks for efficient
 * inference, 2018).
 */
function toInt8({ shape, data }: TensorData): { weights: TensorData; scale: TensorData } {
  const values = Float32Array.from<number | bigint>(data, Number);
  const channels = shape[0]!;
  const each = values.length / channels;
  const scale = Float32Array.from({ length: channels }, (_, channel) => {
    const own = values.subarray(channel * each, (channel + 1) * each);
    return roundUp(own.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) / TOP);
  });
  const weights = Int8Array.from(values, (value, i) => Math.round(value / (scale[Math.floor(i / each)]! || 1)));
  return { weights: { dtype: 'int8', shape, data: weights }, scale: float32(scaleShape(shape), scale) };
}

/** The next float32 with 16 significant bits: its product with an int8 is exact, so that what was read is stored as it was. */
function roundUp(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer);
  bits[0] = (bits[0]! + 0xff) & ~0xff;
  return new Float32Array(bits.buffer)[0]!;
}

function fromInt8({ shape, data }: TensorData, scale: TensorData | undefined): TensorData {
  if (scale === undefined || !sameShape(scale.shape, scaleShape(shape)))
    throw new GraphError('BAD_MODEL', 'its int8 weights have no scale for each output channel');
  const each = data.length / scale.data.length;
  const values = Float32Array.from<number | bigint>(data, Number);
  return float32(
    shape,
    values.map((value, i) => value * Number(scale.data[Math.floor(i / each)])),
  );
}

/** One number for each output channel, to be multiplied with the weights as numpy does. */
function scaleShape(shape: Shape): Shape {
  return shape.map((size, axis) => (axis === 0 ? size : 1));
}
