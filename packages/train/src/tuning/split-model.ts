import { decodeModel, encodeModel } from '@mememoji/graph/codec';
import { importModel } from '@mememoji/graph/import';
import type { Model, ModelNode, ValueInfo } from '@mememoji/graph/model';
import { readWeights } from '@mememoji/graph/stored-weights';
import type { Shape, TensorData } from '@mememoji/graph/tensor';
import { type ClassifierSpec, parseClassifierSpec, SPEC_KEY } from '@mememoji/vision/classifier-spec';
import { TrainError } from '../error.ts';

/**
 * A classifier in two parts: a frozen one, which turns a picture into features once and for all, and a head, whose weights
 * are to be changed. Both are parts of the model's own file.
 */
export interface SplitModel {
  /** The whole model. */
  model: Model;
  spec: ClassifierSpec;
  /** What the frozen part gives and the head takes: its name in the file, and its shape without the batch. */
  features: { name: string; shape: Shape };
  /** Pixels to features, any number of pictures. */
  frozen: Model;
  /** Features to logits, any number of rows, with the weights that the file holds. */
  head: Model;
  /** The weights of the head that can be changed, float32, by their names. */
  weights: ReadonlyMap<string, TensorData>;
}

/**
 * Splits a model before its last dense layer, or at a value of the file through which all goes.
 * @param bytes of a model file that describes itself
 * @param at name of a value, for example the one before the last residual block
 * @throws TrainError `BAD_MODEL` where there is no dense layer, or the head needs more than that value; GraphError where the
 * file cannot be read as a graph; VisionError `BAD_METADATA`
 */
export function splitModel(bytes: Uint8Array, at?: string): SplitModel {
  const model = decodeModel(bytes);
  const spec = parseClassifierSpec(model.metadata);
  const name = at ?? lastDense(model).inputs[0]!;
  const shape = importModel(model, 1).tensors.get(name)?.shape.slice(1);
  if (shape === undefined) throw unsplit(`it has no value '${name}'`);
  const features: ValueInfo = { name, dtype: 'float32', shape: ['batch', ...shape] };
  const frozen = part(model, model.graph.inputs, [features]);
  const head = part(
    model,
    [features],
    model.graph.outputs.filter((output) => output.name === spec.output.name),
  );
  if (head.graph.nodes.some((node) => node.inputs.includes(spec.input.name)))
    throw unsplit(`what comes after '${name}' looks at the pixels too`);
  return { model, spec, features: { name, shape }, frozen, head, weights: trainableWeights(head) };
}

/** Bytes of a model file with another description of itself, and further entries beside it. */
export function encodeDescribed(
  model: Model,
  spec: ClassifierSpec,
  more: Readonly<Record<string, string>>,
): Uint8Array {
  return encodeModel({ ...model, metadata: { ...model.metadata, [SPEC_KEY]: JSON.stringify(spec), ...more } });
}

/** The last product with weights. */
function lastDense({ graph }: Model): ModelNode {
  const dense = graph.nodes.findLast(({ operator }) => operator === 'Gemm' || operator === 'MatMul');
  if (dense === undefined) throw unsplit('it has no dense layer');
  return dense;
}

/** The nodes on the way between some values, and the stored values that they use. */
function part(model: Model, inputs: readonly ValueInfo[], outputs: readonly ValueInfo[]): Model {
  const given = new Set(inputs.map(({ name }) => name));
  const wanted = new Set(outputs.map(({ name }) => name));
  const nodes = model.graph.nodes.toReversed().filter((node) => {
    if (!node.outputs.some((name) => wanted.has(name) && !given.has(name))) return false;
    for (const name of node.inputs) wanted.add(name);
    return true;
  });
  const initializers = new Map([...model.graph.initializers].filter(([name]) => wanted.has(name)));
  const graph = { ...model.graph, inputs: [...inputs], outputs: [...outputs], initializers, nodes: nodes.reverse() };
  return { ...model, metadata: {}, graph };
}

/** All real numbers that the head keeps, but for the statistics of batch normalisations, which are data. */
function trainableWeights(model: Model): Map<string, TensorData> {
  const statistics = new Set(
    model.graph.nodes.flatMap(({ operator, inputs }) => (operator === 'BatchNormalization' ? inputs.slice(3) : [])),
  );
  return new Map([...readWeights(model)].filter(([name]) => !statistics.has(name)));
}

function unsplit(reason: string): TrainError {
  return new TrainError(
    'BAD_MODEL',
    `the model's last layers cannot be taught: ${reason}`,
    'use a model written by `mememoji train`',
  );
}
