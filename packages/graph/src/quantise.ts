import { GraphError } from './error.ts';
import { foldNorms } from './fold-norms.ts';
import { type Grid, gridOf, type Range, rangeOf, toInt8, toInt32 } from './int8.ts';
import type { Model, ModelNode } from './model.ts';
import { float32, type TensorData } from './tensor.ts';

/*
 * Convolutions in 8 bits (Jacob et al., Quantization and training of neural networks for efficient integer-arithmetic-only inference,
 * 2018). The file stays a graph of real numbers: a value `v` that is to be computed with in 8 bits is made as `v:exact`, rounded to uint8
 * by QuantizeLinear (`v:rounded`) and called `v` again by DequantizeLinear, and kernels and biases come out of DequantizeLinear too. ONNX
 * Runtime computes whole numbers where all that a node takes and gives has been through such a pair; who imports the graph to train or to
 * explain it reads through them.
 */

/** What of a model is computed in 8 bits. */
interface Plan {
  /** With its normalisations folded. */
  model: Model;
  convs: ReadonlySet<ModelNode>;
  /** The values in 8 bits, each with the value on whose grid its numbers lie: mostly its own. */
  grids: ReadonlyMap<string, string>;
}

/** Whether a name is that of a value on its way to 8 bits, which also has the name under which it is used. */
export function isBeingRounded(name: string): boolean {
  return /:(exact|rounded)$/.test(name);
}

/** The values whose ranges {@link quantiseModel} must know. */
export function valuesToMeasure(model: Model): string[] {
  return [...new Set(plan(model).grids.values())];
}

/**
 * The same model with its convolutions, and the sums and poolings between them, in 8 bits.
 * @param model with its weights as float32
 * @param ranges of the {@link valuesToMeasure}; what lies outside is cut off
 * @throws GraphError `BAD_MODEL` if a range is missing
 */
export function quantiseModel(model: Model, ranges: ReadonlyMap<string, Range>): Model {
  const { model: folded, convs, grids } = plan(model);
  const initializers = new Map(folded.graph.initializers);
  const steps = new Map<string, Grid>();
  for (const name of new Set(grids.values())) {
    const range = ranges.get(name);
    if (range === undefined) throw new GraphError('BAD_MODEL', `the range of '${name}' is not known`);
    const grid = gridOf(range);
    steps.set(name, grid);
    initializers.set(`${name}:step`, float32([], [grid.step]));
    initializers.set(`${name}:zero`, { dtype: 'uint8', shape: [], data: Uint8Array.of(grid.zero) });
  }
  const nodes = folded.graph.nodes.flatMap((node) => [
    ...(convs.has(node) ? storeConv(node, steps.get(grids.get(node.inputs[0]!)!)!, initializers) : []),
    ...roundOutputs(node, grids),
  ]);
  return { ...folded, graph: { ...folded.graph, initializers, nodes } };
}

/** The ranges that the values of a model in 8 bits were given, by name; none of a model in floating point. */
export function readRanges({ graph: { initializers } }: Model): Map<string, Range> {
  const ranges = new Map<string, Range>();
  for (const [key, tensor] of initializers) {
    const [, name] = /^(.*):step$/.exec(key) ?? [];
    const zero = initializers.get(`${name}:zero`);
    if (name !== undefined && zero !== undefined)
      ranges.set(name, rangeOf({ step: Number(tensor.data[0]), zero: Number(zero.data[0]) }));
  }
  return ranges;
}

function plan(model: Model): Plan {
  const folded = foldNorms(model);
  const convs = new Set(folded.graph.nodes.filter((node) => isConstantConv(node, folded)));
  return { model: folded, convs, grids: placeOnGrids(folded, convs) };
}

/** Whether kernel and bias are constants of this convolution alone. One that reads the model's input has nothing before it to be rounded. */
function isConstantConv({ operator, inputs: [input, ...weights] }: ModelNode, { graph }: Model): boolean {
  const isOwn = (name: string) =>
    graph.initializers.get(name)?.dtype === 'float32' &&
    graph.nodes.filter(({ inputs }) => inputs.includes(name)).length === 1;
  return operator === 'Conv' && weights.every(isOwn) && graph.inputs.every(({ name }) => name !== input);
}

/** What convolutions take and give, sums of such values, and poolings of them, which stay on the grid of what they pool. */
function placeOnGrids(model: Model, convs: ReadonlySet<ModelNode>): Map<string, string> {
  const grids = new Map<string, string>();
  const place = (name: string) => void grids.set(name, name);
  for (const { inputs, outputs } of convs) {
    place(inputs[0]!);
    place(visible(outputs[0]!, model));
  }
  for (const { operator, inputs, outputs } of model.graph.nodes) {
    const [input, output] = [inputs[0]!, outputs[0]!];
    if (operator === 'Add' && inputs.every((name) => grids.has(name))) place(visible(output, model));
    if (operator !== 'MaxPool' || !(grids.has(input) || grids.has(output))) continue;
    const source = grids.get(input) ?? input;
    for (const name of [input, output]) grids.set(name, source);
  }
  return grids;
}

/** A value that only a Relu takes is rounded behind that: its negative half would take half of the 256 numbers. */
function visible(name: string, { graph }: Model): string {
  const [user, ...others] = graph.nodes.filter(({ inputs }) => inputs.includes(name));
  const isHidden =
    user?.operator === 'Relu' && others.length === 0 && graph.outputs.every((each) => each.name !== name);
  return isHidden ? user.outputs[0]! : name;
}

/** Puts a convolution's kernel and bias among the constants in whole numbers; the nodes say what they stand for. */
function storeConv({ inputs }: ModelNode, { step }: Grid, initializers: Map<string, TensorData>): ModelNode[] {
  const [, kernel, bias] = inputs as [string, string, string?];
  const { weights, scale } = toInt8(initializers.get(kernel)!);
  initializers.delete(kernel);
  initializers.set(`${kernel}:int8`, weights);
  initializers.set(`${kernel}:scale`, scale);
  const nodes = [dequantise(kernel, `${kernel}:int8`, `${kernel}:scale`)];
  if (bias === undefined) return nodes;
  const unit = float32(
    scale.shape,
    Float32Array.from<number | bigint>(scale.data, (value) => Number(value) * step),
  );
  const numbers = toInt32(initializers.get(bias)!, unit);
  initializers.delete(bias);
  initializers.set(`${bias}:int32`, numbers);
  initializers.set(`${bias}:scale`, unit);
  return [...nodes, dequantise(bias, `${bias}:int32`, `${bias}:scale`)];
}

/** A node, and pairs that round those of its values that are computed with in 8 bits. */
function roundOutputs(node: ModelNode, grids: ReadonlyMap<string, string>): ModelNode[] {
  const rounded = node.outputs.filter((name) => grids.has(name));
  const outputs = node.outputs.map((name) => (grids.has(name) ? `${name}:exact` : name));
  const pairs = rounded.flatMap((name) => {
    const grid = grids.get(name)!;
    const [step, zero] = [`${grid}:step`, `${grid}:zero`];
    return [
      linear('QuantizeLinear', name, [`${name}:exact`, step, zero], `${name}:rounded`),
      linear('DequantizeLinear', name, [`${name}:rounded`, step, zero], name),
    ];
  });
  return [{ ...node, outputs }, ...pairs];
}

function dequantise(name: string, numbers: string, scale: string): ModelNode {
  return linear('DequantizeLinear', name, [numbers, scale], name, 0);
}

function linear(operator: string, of: string, inputs: string[], output: string, axis?: number): ModelNode {
  const attributes: ModelNode['attributes'] = axis === undefined ? {} : { axis: { type: 'int', value: axis } };
  return { operator, domain: '', name: `${of}:${operator.toLowerCase()}`, inputs, outputs: [output], attributes };
}
