import { type Graph, type GraphNode, type Tensor, topologicalOrder } from '@mememoji/graph/graph';
import type { ImportedModel } from '@mememoji/graph/import';
import { isBeingRounded } from '@mememoji/graph/quantise';
import { sameShape } from '@mememoji/graph/tensor';
import { TrainError } from '../error.ts';

/** A value of a model that is an image with channels, [N, C, H, W], of more than one pixel. */
export interface Layer {
  /** Its name in the model file. */
  name: string;
  tensor: Tensor;
  /** Whether pooling over windows made it. */
  pooled: boolean;
}

/**
 * Which layers to show: the last of each resolution, those behind each pooling as in the original's figures, or layers by name.
 */
export type LayerChoice = 'stages' | 'pooling' | readonly string[];

/** Every feature map of a net, in the order of computation: what its convolutions give, and what is made of that. */
export function findLayers({ graph, tensors }: ImportedModel): Layer[] {
  const names = namesOf(tensors);
  return dependantNodes(graph, isConvolution).flatMap(({ operator, outputs }) => {
    const [tensor] = outputs as [Tensor];
    const [, , height = 1, width = 1] = tensor.shape;
    const name = names.get(tensor);
    if (name === undefined || tensor.shape.length !== 4 || height * width === 1) return [];
    return [{ name, tensor, pooled: operator.name === 'MaxPool' || operator.name === 'AveragePool' }];
  });
}

/** @throws TrainError `BAD_OPTION` for a name that is no layer's */
export function chooseLayers(layers: readonly Layer[], choice: LayerChoice): Layer[] {
  if (choice === 'pooling') return layers.filter(({ pooled }) => pooled);
  if (choice === 'stages') return lastOfEachResolution(layers);
  return choice.map((name) => {
    const found = layers.find((layer) => layer.name === name);
    if (found !== undefined) return found;
    const names = layers.map((layer) => layer.name).join(', ');
    throw new TrainError('BAD_OPTION', `the model has no layer '${name}'`, `its layers are ${names}`);
  });
}

function lastOfEachResolution(layers: readonly Layer[]): Layer[] {
  const last = new Map<string, Layer>();
  for (const layer of layers) last.set(layer.tensor.shape.slice(2).join(), layer);
  return [...last.values()];
}

/**
 * The picture as the net's first convolution is given it, normalised if the net does that, while it still has the shape of the
 * input: the last such value that this convolution needs.
 */
export function findHead({ graph, tensors }: ImportedModel, input: Tensor): { name: string; tensor: Tensor } {
  const first = topologicalOrder(graph.outputs.values()).find(isConvolution);
  const names = namesOf(tensors);
  const before = topologicalOrder(first?.inputs ?? []).map(({ outputs }) => outputs[0]!);
  const tensor = before.findLast((each) => names.has(each) && sameShape(each.shape, input.shape)) ?? input;
  return { name: names.get(tensor)!, tensor };
}

/** Where a value has two names, the first in the file. */
function namesOf(tensors: ReadonlyMap<string, Tensor>): Map<Tensor, string> {
  const used = [...tensors].filter(([name]) => !isBeingRounded(name));
  return new Map(used.reverse().map(([name, tensor]) => [tensor, name]));
}

function isConvolution({ operator }: GraphNode): boolean {
  return operator.name === 'Conv';
}

/** Nodes that are of a kind or depend on one that is. */
function dependantNodes(graph: Graph, kind: (node: GraphNode) => boolean): GraphNode[] {
  const found = new Set<Tensor>();
  return topologicalOrder(graph.outputs.values()).filter((node) => {
    const depends = kind(node) || node.inputs.some((input) => found.has(input));
    if (depends) for (const output of node.outputs) found.add(output);
    return depends;
  });
}
