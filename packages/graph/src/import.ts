import { GraphError } from './error.ts';
import { Graph, type Tensor } from './graph.ts';
import { NodeReader } from './import/node-reader.ts';
import { RULES } from './import/rules.ts';
import type { Model, ModelGraph, ModelNode, ValueInfo } from './model.ts';
import { readWeights } from './stored-weights.ts';

/** A model file as a graph that can be looked into, differentiated, trained on and lowered again. */
export interface ImportedModel {
  /** Has the file's inputs and outputs, by their names. */
  graph: Graph;
  /** Every value that the outputs need, by its name in the file; weights are constants. */
  tensors: ReadonlyMap<string, Tensor>;
}

/** Operators mean what these rules say from here on; before, axes stood elsewhere and Softmax flattened. */
const OLDEST_OPSET = 13;

/**
 * Makes a graph of a model. Only what the outputs need is read, and an input hides what made a value of its name, so that
 * the middle of a model is imported by naming other inputs and outputs.
 * @param batch size of the axes 0 that the file leaves open
 * @throws GraphError `UNKNOWN_OPERATOR`, `BAD_ATTRIBUTE` for a form of an operator that has no rule, `BAD_SHAPE`, `BAD_MODEL`
 */
export function importModel(model: Model, batch: number): ImportedModel {
  const graph = new Graph();
  const inputs = inputsOf(model.graph).map((input) => {
    const tensor = graph.input(input.name, shapeOf(input, batch), input.dtype);
    return [input.name, tensor] as const;
  });
  const tensors = importOnto(graph, model, new Map(inputs));
  for (const { name } of model.graph.outputs) graph.output(name, find(name, tensors));
  return { graph, tensors };
}

/**
 * Builds what a model computes onto a graph that is there already.
 * @param inputs tensors of the graph by the names of the model's inputs
 * @returns every value that the model's outputs need, by its name in the file
 * @throws GraphError as {@link importModel}
 */
export function importOnto(
  graph: Graph,
  model: Model,
  inputs: ReadonlyMap<string, Tensor>,
): ReadonlyMap<string, Tensor> {
  const opset = model.opsets[''] ?? 0;
  if (opset < OLDEST_OPSET) {
    throw new GraphError(
      'BAD_MODEL',
      `operator set ${opset} is too old`,
      `save the model with ${OLDEST_OPSET} or newer`,
    );
  }
  const tensors = new Map<string, Tensor>();
  for (const [name, data] of model.graph.initializers) tensors.set(name, graph.constant(data));
  const restored = [...readWeights(model)].filter(([name]) => !tensors.has(name));
  for (const [name, data] of restored) tensors.set(name, graph.constant(data));
  for (const [name, tensor] of inputs) tensors.set(name, tensor);
  for (const node of neededNodes(model.graph, [...inputs.keys(), ...restored.map(([name]) => name)]))
    for (const [i, tensor] of importNode(node, graph, tensors).entries()) tensors.set(node.outputs[i]!, tensor);
  return tensors;
}

/** Old files list their weights among the inputs too. */
function inputsOf({ inputs, initializers }: ModelGraph): ValueInfo[] {
  return inputs.filter(({ name }) => !initializers.has(name));
}

function shapeOf({ name, shape }: ValueInfo, batch: number): number[] {
  return shape.map((size, axis) => {
    if (typeof size === 'number') return size;
    if (axis === 0) return batch;
    throw new GraphError(
      'BAD_SHAPE',
      `the size of axis ${axis} of the input '${name}' is open`,
      'only a batch size may be',
    );
  });
}

/** Nodes on the way from what is known to the outputs, in the order of the file, which is producers first. */
function neededNodes(graph: ModelGraph, known: readonly string[]): ModelNode[] {
  const given = new Set(known);
  const wanted = new Set(graph.outputs.map(({ name }) => name).filter((name) => !given.has(name)));
  const needed: ModelNode[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((name) => wanted.has(name))) continue;
    needed.push(node);
    for (const name of node.inputs) if (!given.has(name)) wanted.add(name);
  }
  return needed.reverse();
}

function importNode(node: ModelNode, graph: Graph, tensors: ReadonlyMap<string, Tensor>): readonly Tensor[] {
  const rule = node.domain === '' && Object.hasOwn(RULES, node.operator) ? RULES[node.operator] : undefined;
  if (rule === undefined) {
    const name = node.domain === '' ? node.operator : `${node.domain}.${node.operator}`;
    throw new GraphError(
      'UNKNOWN_OPERATOR',
      `the operator ${name} is not known`,
      `known are ${Object.keys(RULES).join(', ')}`,
    );
  }
  const inputs = node.inputs.map((name) => (name === '' ? undefined : find(name, tensors)));
  const reader = new NodeReader(node, graph, inputs);
  const outputs = rule(reader);
  reader.finish();
  return 'source' in outputs ? [outputs] : outputs;
}

function find(name: string, tensors: ReadonlyMap<string, Tensor>): Tensor {
  const tensor = tensors.get(name);
  if (tensor === undefined)
    throw new GraphError('BAD_MODEL', `nothing makes the value '${name}'`, 'name it among the inputs');
  return tensor;
}
