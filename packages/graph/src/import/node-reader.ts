import { GraphError } from '../error.ts';
import type { Graph, Tensor } from '../graph.ts';
import type { AttributeValue, ModelNode } from '../model.ts';
import type { TensorData } from '../tensor.ts';

/**
 * Gives a rule of import what it asks of a node, and sees at the end that it has asked for everything: an attribute or an
 * input that no rule reads would change the result unseen.
 */
export class NodeReader {
  readonly graph: Graph;
  readonly #node: ModelNode;
  readonly #inputs: readonly (Tensor | undefined)[];
  readonly #unread: Set<string | number>;

  /** @param inputs in the order of the node, undefined where one is left out */
  constructor(node: ModelNode, graph: Graph, inputs: readonly (Tensor | undefined)[]) {
    this.graph = graph;
    this.#node = node;
    this.#inputs = inputs;
    this.#unread = new Set([
      ...Object.keys(node.attributes),
      ...inputs.flatMap((input, i) => (input === undefined ? [] : [i])),
    ]);
  }

  get inputCount(): number {
    return this.#inputs.length;
  }

  get outputCount(): number {
    return this.#node.outputs.length;
  }

  input(index: number): Tensor {
    return this.optional(index) ?? this.refuse(`its input ${index} is missing`);
  }

  optional(index: number): Tensor | undefined {
    this.#unread.delete(index);
    return this.#inputs[index];
  }

  /** An input that must be known now, since shapes depend on it. */
  constant(index: number): TensorData {
    const { source } = this.input(index);
    return source.kind === 'constant' ? source.data : this.refuse(`its input ${index} must be a constant`);
  }

  /** Values of a constant input; undefined if it is left out. */
  constantNumbers(index: number): number[] | undefined {
    return this.optional(index) === undefined ? undefined : Array.from(this.constant(index).data, Number);
  }

  /** The number of a constant input with one element; undefined if it is left out. */
  constantNumber(index: number): number | undefined {
    return this.constantNumbers(index)?.[0];
  }

  int(name: string, fallback: number): number {
    const attribute = this.#attribute(name);
    return attribute === undefined ? fallback : attribute.type === 'int' ? attribute.value : this.#wrongType(name);
  }

  float(name: string, fallback: number): number {
    const attribute = this.#attribute(name);
    return attribute === undefined ? fallback : attribute.type === 'float' ? attribute.value : this.#wrongType(name);
  }

  string(name: string, fallback: string): string {
    const attribute = this.#attribute(name);
    return attribute === undefined ? fallback : attribute.type === 'string' ? attribute.value : this.#wrongType(name);
  }

  ints(name: string): readonly number[] | undefined {
    const attribute = this.#attribute(name);
    return attribute === undefined ? undefined : attribute.type === 'ints' ? attribute.value : this.#wrongType(name);
  }

  tensor(name: string): TensorData {
    const attribute = this.#attribute(name);
    return attribute?.type === 'tensor' ? attribute.value : this.#wrongType(name);
  }

  /** Whole numbers by axis of an image, vertical and horizontal. */
  pair(name: string): [number, number] {
    const [vertical = 1, horizontal = 1, ...others] = this.ints(name) ?? [];
    return others.length === 0 ? [vertical, horizontal] : this.refuse(`its '${name}' is not that of an image`);
  }

  /** Refuses any but one value of an attribute. */
  expect(name: string, value: number): void {
    const found = this.int(name, value);
    if (found !== value) this.refuse(`its '${name}' of ${found} is not supported`);
  }

  /** An axis counted from the front, also where the file counts from the back. */
  axis(axis: number, rank: number): number {
    const positive = axis < 0 ? axis + rank : axis;
    return positive >= 0 && positive < rank ? positive : this.refuse(`it has no axis ${axis}`);
  }

  /** @throws GraphError `BAD_ATTRIBUTE` if something of the node was not read */
  finish(): void {
    const [left] = this.#unread;
    if (left !== undefined)
      this.refuse(`its ${typeof left === 'string' ? `'${left}'` : `input ${left}`} is not supported`);
  }

  refuse(reason: string): never {
    throw new GraphError('BAD_ATTRIBUTE', `${this.#node.operator} '${this.#node.name}' cannot be imported: ${reason}`);
  }

  #attribute(name: string): AttributeValue | undefined {
    this.#unread.delete(name);
    return this.#node.attributes[name];
  }

  #wrongType(name: string): never {
    return this.refuse(`its '${name}' is missing or of another type`);
  }
}
