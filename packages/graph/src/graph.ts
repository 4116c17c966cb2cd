import { GraphError, type GraphErrorCode } from './error.ts';
import type { Lowering } from './lowering.ts';
import { type DataType, formatShape, isShape, type Shape, sizeOf, type TensorData, type TensorType } from './tensor.ts';

/**
 * One kind of computation: the rule for its shapes, its gradient, and how it is written in ONNX, side by side. All three are
 * required by the type, so an operator without a gradient does not compile; one that has none says so in its rule.
 */
export interface Operator<A = unknown> {
  readonly name: string;
  /** Types of the outputs. Throws `BAD_SHAPE` or `BAD_ATTRIBUTE` through {@link reject}. */
  infer(inputs: readonly TensorType[], attributes: A): readonly TensorType[];
  /**
   * Reverse-mode rule: given the gradient of the loss with respect to each output (undefined where the loss does not depend
   * on it), builds the gradient with respect to each input (undefined where there is none).
   */
  gradient(node: GraphNode<A>, outputGradients: readonly (Tensor | undefined)[]): readonly (Tensor | undefined)[];
  /** Emits ONNX nodes and names a value for every output. */
  lower(node: GraphNode<A>, lowering: Lowering): void;
}

export interface GraphNode<A = unknown> {
  readonly operator: Operator<A>;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly attributes: A;
}

/** Where a tensor comes from. */
export type Source =
  | { kind: 'input'; name: string }
  | { kind: 'constant'; data: TensorData; name?: string }
  | { kind: 'node'; node: GraphNode; index: number };

/** A value of a graph that is being built: its type is known, its elements only when the graph runs. */
export interface Tensor extends TensorType {
  readonly graph: Graph;
  /** Grows in the order of creation, so that a producer's is below its consumers'. */
  readonly id: number;
  readonly source: Source;
}

/**
 * A computation without side effects over tensors of known shape. Layout-free: images are [N, C, H, W], whatever the
 * lowering later makes of them.
 */
export class Graph {
  readonly inputs = new Map<string, Tensor>();
  readonly outputs = new Map<string, Tensor>();
  readonly #names = new Map<string, 'an input' | 'an output' | 'a constant'>();
  #count = 0;

  /** Names that were given to inputs, outputs and constants. They are unique, as all values of an ONNX graph are. */
  get names(): ReadonlySet<string> {
    return new Set(this.#names.keys());
  }

  /**
   * A named value fed at each run.
   * @throws GraphError `DUPLICATE_NAME`, `BAD_SHAPE` where a size is not 1 or more
   */
  input(name: string, shape: Shape, dtype: DataType = 'float32'): Tensor {
    if (!isShape(shape)) {
      throw new GraphError('BAD_SHAPE', `input '${name}' cannot have the shape ${formatShape(shape)}`);
    }
    this.#claim(name, 'an input');
    const tensor = this.#tensor({ dtype, shape }, { kind: 'input', name });
    this.inputs.set(name, tensor);
    return tensor;
  }

  /**
   * Values known when the graph is built; a file keeps them under the name, if one is given.
   * @throws GraphError `DUPLICATE_NAME`, `BAD_SHAPE` where the values do not fill the shape
   */
  constant(data: TensorData, name?: string): Tensor {
    if (data.data.length !== sizeOf(data.shape)) {
      throw new GraphError(
        'BAD_SHAPE',
        `${data.data.length} values do not fill a constant of shape ${formatShape(data.shape)}`,
      );
    }
    if (name === undefined) return this.#tensor(data, { kind: 'constant', data });
    this.#claim(name, 'a constant');
    return this.#tensor(data, { kind: 'constant', data, name });
  }

  /** A float32 scalar of shape []. */
  scalar(value: number): Tensor {
    return this.constant({ dtype: 'float32', shape: [], data: Float32Array.of(value) });
  }

  /**
   * Gives a tensor a name under which each run returns it.
   * @throws GraphError `DUPLICATE_NAME`, `FOREIGN_TENSOR`
   */
  output(name: string, tensor: Tensor): void {
    this.#own(tensor, 'output');
    this.#claim(name, 'an output');
    this.outputs.set(name, tensor);
  }

  /**
   * Applies an operator; types and shapes are checked here and now.
   * @throws GraphError `FOREIGN_TENSOR`, `BAD_TYPE`, `BAD_SHAPE` or `BAD_ATTRIBUTE`, naming the operator and its inputs' shapes
   */
  apply<A>(operator: Operator<A>, inputs: readonly Tensor[], attributes: A): readonly Tensor[] {
    for (const input of inputs) this.#own(input, operator.name);
    if (inputs.some(({ dtype }) => dtype !== inputs[0]!.dtype)) {
      reject(operator.name, inputs, 'the element types differ', 'BAD_TYPE');
    }
    const types = operator.infer(inputs, attributes);
    for (const { shape } of types) {
      if (!isShape(shape)) reject(operator.name, inputs, `the result would have the shape ${formatShape(shape)}`);
    }
    const outputs: Tensor[] = [];
    const node: GraphNode<A> = { operator, inputs: [...inputs], outputs, attributes };
    types.forEach((type, index) => {
      outputs.push(this.#tensor(type, { kind: 'node', node: node as GraphNode, index }));
    });
    return outputs;
  }

  #tensor(type: TensorType, source: Source): Tensor {
    return { graph: this, id: this.#count++, dtype: type.dtype, shape: [...type.shape], source };
  }

  #claim(name: string, owner: 'an input' | 'an output' | 'a constant'): void {
    if (name === '') throw new GraphError('BAD_ATTRIBUTE', `${owner} cannot have an empty name`);
    const before = this.#names.get(name);
    if (before !== undefined) throw new GraphError('DUPLICATE_NAME', `the graph has ${before} '${name}' already`);
    this.#names.set(name, owner);
  }

  #own(tensor: Tensor, user: string): void {
    if (tensor.graph !== this) {
      throw new GraphError(
        'FOREIGN_TENSOR',
        `${user} was given a tensor of another graph`,
        'build everything on one Graph',
      );
    }
  }
}

/** Applies an operator that has one output. */
export function apply<A>(operator: Operator<A>, inputs: readonly [Tensor, ...Tensor[]], attributes: A): Tensor {
  return inputs[0].graph.apply(operator, inputs, attributes)[0]!;
}

/** Throws the error of an operator that cannot take its inputs or attributes, naming it and the inputs' shapes. */
export function reject(
  operator: string,
  inputs: readonly TensorType[],
  reason: string,
  code: GraphErrorCode = 'BAD_SHAPE',
): never {
  const types = inputs.map(({ dtype, shape }) => (dtype === 'float32' ? '' : `${dtype} `) + formatShape(shape));
  throw new GraphError(code, `${operator} cannot take ${types.join(' and ')}: ${reason}`);
}

/** The gradient rule of operators that end the flow of gradients: their result does not change with small changes of the input. */
export function noGradient(node: GraphNode): readonly undefined[] {
  return node.inputs.map(() => undefined);
}

/** The gradient rule of operators that stand in gradients themselves: this project has no second derivatives. */
export function noSecondGradient(node: GraphNode): never {
  throw new GraphError(
    'NOT_DIFFERENTIABLE',
    `${node.operator.name} is itself part of a gradient and cannot be differentiated again`,
    'second derivatives are not supported',
  );
}

/** Nodes that the given tensors depend on, producers before consumers. */
export function topologicalOrder(roots: Iterable<Tensor>): GraphNode[] {
  const found = new Map<GraphNode, number>();
  const stack = [...roots];
  for (let tensor = stack.pop(); tensor !== undefined; tensor = stack.pop()) {
    if (tensor.source.kind !== 'node' || found.has(tensor.source.node)) continue;
    found.set(tensor.source.node, tensor.source.node.outputs[0]!.id);
    stack.push(...tensor.source.node.inputs);
  }
  return [...found].sort((a, b) => a[1] - b[1]).map(([node]) => node);
}
