import { decodeModel, encodeModel } from '@mememoji/graph/codec';
import type { Model, ModelNode } from '@mememoji/graph/model';
import { sizeOf } from '@mememoji/graph/tensor';
import { InferenceSession, type OnnxValue, Tensor } from 'onnxruntime-node';

/** How large a model is, apart from its file. */
export interface Operations {
  /** Numbers that training has found: elements of all weights, biases and the like, in whatever precision they are stored. */
  parameters: number;
  /** Multiplications with an addition that one picture takes in convolutions and matrix products; two FLOPs each. */
  multiplyAdds: number;
}

/** Operators that do nearly all the work of a net; the second input of each is the weights. */
const COUNTED: readonly string[] = ['Conv', 'Gemm', 'MatMul'];

/**
 * Counts parameters and multiply-adds of a model for one picture, from the shapes that ONNX Runtime gives to the outputs of its
 * convolutions and matrix products. Element-wise operators, normalisation and pooling are not counted, as usual
 * (Howard et al., MobileNets, 2017, table 4).
 * @param bytes ONNX file with one float32 input [batch, 1, height, width]
 * @throws GraphError `BAD_MODEL`; whatever ONNX Runtime throws if it cannot run the model
 */
export async function countOperations(bytes: Uint8Array): Promise<Operations> {
  const model = decodeModel(bytes);
  const counted = model.graph.nodes.filter(({ operator }) => COUNTED.includes(operator));
  const shapes = await measureShapes(model, counted);
  const multiplyAdds = counted.reduce((sum, node) => sum + multiplyAddsOf(node, shapes), 0);
  return { parameters: countParameters(model), multiplyAdds };
}

function countParameters({ graph }: Model): number {
  const tables = new Set(
    graph.nodes.flatMap(({ operator, inputs }) => (/quantize/i.test(operator) ? inputs.slice(1) : [])),
  );
  let sum = 0;
  for (const [name, { dtype, shape }] of graph.initializers) {
    // Integers are shapes and axes, scalars are constants, the last inputs of quantisation its scales.
    const learned = !['int64', 'int32', 'bool'].includes(dtype) && shape.length > 0 && !tables.has(name);
    if (learned) sum += sizeOf(shape);
  }
  return sum;
}

/** Shape of each tensor that a counted node makes or takes its weights from, found by a run on one black picture. */
async function measureShapes(model: Model, counted: readonly ModelNode[]): Promise<Map<string, number[]>> {
  const names = [...new Set(counted.flatMap(({ inputs, outputs }) => [inputs[1]!, outputs[0]!]))];
  if (names.length === 0) return new Map();
  const session = await InferenceSession.create(encodeModel(withShapes(model, names)), { logSeverityLevel: 3 });
  try {
    const [input] = model.graph.inputs;
    const shape = input!.shape.map((size) => (typeof size === 'number' ? size : 1));
    const results = await session.run({ [input!.name]: new Tensor('float32', new Float32Array(sizeOf(shape)), shape) });
    return new Map(names.map((name, i) => [name, sizesIn(results[shapeName(i)])]));
  } finally {
    await session.release();
  }
}

function sizesIn(value: OnnxValue | undefined): number[] {
  if (value === undefined || !('data' in value) || !(value.data instanceof BigInt64Array)) {
    throw new TypeError('the operator Shape gave no int64 tensor');
  }
  return Array.from(value.data, Number);
}

/** The model with the shapes of these tensors as its outputs. */
function withShapes(model: Model, names: readonly string[]): Model {
  const nodes = names.map(
    (name, i): ModelNode => ({
      operator: 'Shape',
      domain: '',
      name: shapeName(i),
      inputs: [name],
      outputs: [shapeName(i)],
      attributes: {},
    }),
  );
  const outputs = names.map((_, i) => ({ name: shapeName(i), dtype: 'int64' as const, shape: [`rank_${i}`] }));
  return { ...model, graph: { ...model.graph, nodes: [...model.graph.nodes, ...nodes], outputs } };
}

function shapeName(index: number): string {
  return `mememoji.shape.${index}`;
}

/** Each number of the output is a sum of as many products as the weights have elements for it. */
function multiplyAddsOf(
  { operator, inputs, outputs }: ModelNode,
  shapes: ReadonlyMap<string, readonly number[]>,
): number {
  const weights = shapes.get(inputs[1]!) ?? [];
  const output = shapes.get(outputs[0]!) ?? [];
  if (operator === 'Conv') return sizeOf(output) * sizeOf(weights.slice(1));
  if (operator === 'Gemm') return (sizeOf(output) * sizeOf(weights)) / output.at(-1)!;
  return sizeOf(output) * (weights.at(-2) ?? weights[0] ?? 1);
}
