import type { Model, ModelNode } from './model.ts';
import { float32, type TensorData } from './tensor.ts';

/** A batch normalisation and the convolution whose result it alone takes; all their weights are constants. */
interface Pair {
  conv: ModelNode;
  norm: ModelNode;
}

/**
 * The same model with each batch normalisation that follows a convolution made a part of it: the kernel takes its factors, and the rest
 * becomes the convolution's bias, under the name that the normalisation's bias had. Where a kernel is computed, all stays as it is.
 */
export function foldNorms(model: Model): Model {
  const { nodes, initializers } = model.graph;
  const pairs = findPairs(model);
  const folded = new Map(initializers);
  for (const pair of pairs) foldPair(pair, initializers, folded);
  const norms = new Set(pairs.map(({ norm }) => norm));
  const convs = new Map(pairs.map(({ conv, norm }) => [conv, norm]));
  const kept = nodes
    .filter((node) => !norms.has(node))
    .map((node) => {
      const norm = convs.get(node);
      if (norm === undefined) return node;
      return { ...node, inputs: [...node.inputs.slice(0, 2), norm.inputs[2]!], outputs: norm.outputs };
    });
  return { ...model, graph: { ...model.graph, initializers: folded, nodes: kept } };
}

function findPairs({ graph: { nodes, initializers, outputs } }: Model): Pair[] {
  const convs = new Map(nodes.flatMap((node) => (node.operator === 'Conv' ? [[node.outputs[0]!, node]] : [])));
  const uses = [...nodes.flatMap(({ inputs }) => inputs), ...outputs.map(({ name }) => name)];
  return nodes.flatMap((norm) => {
    const conv = convs.get(norm.inputs[0]!);
    if (norm.operator !== 'BatchNormalization' || conv === undefined) return [];
    const isAlone = uses.filter((name) => name === conv.outputs[0]).length === 1;
    const isConstant = [...conv.inputs.slice(1), ...norm.inputs.slice(1)].every(
      (name) => initializers.get(name)?.dtype === 'float32' && uses.filter((use) => use === name).length === 1,
    );
    return isAlone && isConstant ? [{ conv, norm }] : [];
  });
}

function foldPair(
  { conv, norm }: Pair,
  weights: ReadonlyMap<string, TensorData>,
  folded: Map<string, TensorData>,
): void {
  const numbers = (name: string) => Array.from<number | bigint, number>(weights.get(name)!.data, Number);
  const [kernelName, ownBias] = conv.inputs.slice(1) as [string, string?];
  const [gain, bias, mean, variance] = norm.inputs.slice(1, 5).map(numbers) as [number[], number[], number[], number[]];
  const { epsilon } = norm.attributes;
  const small = epsilon?.type === 'float' ? epsilon.value : 1e-5;
  const factors = gain.map((value, i) => value / Math.sqrt(variance[i]! + small));
  const { shape } = weights.get(kernelName)!;
  const kernel = numbers(kernelName);
  const each = kernel.length / factors.length;
  const before = ownBias === undefined ? mean.map(() => 0) : numbers(ownBias);
  for (const name of [...norm.inputs.slice(1), ...(ownBias === undefined ? [] : [ownBias])]) folded.delete(name);
  folded.set(
    kernelName,
    float32(
      shape,
      kernel.map((value, i) => value * factors[Math.floor(i / each)]!),
    ),
  );
  folded.set(
    norm.inputs[2]!,
    float32(
      [factors.length],
      factors.map((factor, i) => bias[i]! + (before[i]! - mean[i]!) * factor),
    ),
  );
}
