import { GraphError } from './error.ts';
import { type GraphNode, type Tensor, topologicalOrder } from './graph.ts';
import { add } from './operators/arithmetic.ts';
import { formatShape, sizeOf } from './tensor.ts';

/**
 * Reverse-mode differentiation: builds the gradient of a scalar with respect to some tensors onto the same graph.
 * @param loss a tensor with one element
 * @param wrt tensors that the loss depends on
 * @returns one tensor per entry of `wrt`, of its shape
 * @throws GraphError `BAD_SHAPE` if the loss is not a scalar, `BAD_TYPE` if it is not float32, `NOT_DIFFERENTIABLE` if no
 * gradient reaches an entry
 */
export function gradients(loss: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (sizeOf(loss.shape) !== 1) {
    throw new GraphError(
      'BAD_SHAPE',
      `a loss has one element, not the shape ${formatShape(loss.shape)}`,
      'reduce it first',
    );
  }
  if (loss.dtype !== 'float32') throw new GraphError('BAD_TYPE', `a loss is float32, not ${loss.dtype}`);
  const order = topologicalOrder([loss]);
  const needed = dependants(order, wrt);
  const accumulated = new Map<Tensor, Tensor>();
  const ones = { dtype: 'float32', shape: loss.shape, data: Float32Array.of(1) } as const;
  accumulated.set(loss, loss.graph.constant(ones));
  for (const node of order.toReversed()) {
    if (node.outputs.some((output) => needed.has(output))) propagate(node, needed, accumulated);
  }
  return wrt.map((tensor) => accumulated.get(tensor) ?? unreachable(tensor));
}

/** Tensors that depend on an entry of `wrt`; only through them need gradients flow. */
function dependants(order: readonly GraphNode[], wrt: readonly Tensor[]): Set<Tensor> {
  const needed = new Set(wrt);
  for (const node of order) {
    if (node.inputs.some((input) => needed.has(input))) for (const output of node.outputs) needed.add(output);
  }
  return needed;
}

function propagate(node: GraphNode, needed: ReadonlySet<Tensor>, accumulated: Map<Tensor, Tensor>): void {
  const outputGradients = node.outputs.map((output) => accumulated.get(output));
  if (outputGradients.every((gradient) => gradient === undefined)) return;
  const inputGradients = node.operator.gradient(node, outputGradients);
  node.inputs.forEach((input, i) => {
    const gradient = inputGradients[i];
    if (gradient === undefined || !needed.has(input)) return;
    const before = accumulated.get(input);
    accumulated.set(input, before === undefined ? gradient : add(before, gradient));
  });
}

function unreachable(tensor: Tensor): never {
  const name = tensor.source.kind === 'input' ? `'${tensor.source.name}'` : `of shape ${formatShape(tensor.shape)}`;
  throw new GraphError('NOT_DIFFERENTIABLE', `the loss has no gradient with respect to the tensor ${name}`);
}
