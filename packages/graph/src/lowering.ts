import { GraphError } from './error.ts';
import { type Graph, type Tensor, topologicalOrder } from './graph.ts';
import type { AttributeValue, Model, ModelNode, ValueInfo } from './model.ts';
import { formatShape, int64, type Shape, sizeOf, type TensorData } from './tensor.ts';

/**
 * How the elements of a [N, C, H, W] tensor lie in memory.
 * - `plain`: as the shape says.
 * - `blocked`: [N, C/b, H, W, b], ONNX Runtime's own NCHWc, in which its convolution runs about twice as fast. The shape that
 *   ONNX Runtime sees stays [N, C, H, W]; only operators of the domain `com.microsoft.nchwc` and element-wise ones may read it.
 * - `channelsLast`: [N, H, W, C].
 */
export type Layout = 'plain' | 'blocked' | 'channelsLast';

export interface LoweringOptions {
  /** Channels of a block, as {@link probeBlockSize} finds it for this machine; 0 keeps everything plain. Default 0. */
  blockSize?: number;
  /** Names of sizes left open, by input or output name and axis: `{ pixels: { 0: 'batch' } }`. */
  dynamic?: Readonly<Record<string, Readonly<Record<number, string>>>>;
  metadata?: Readonly<Record<string, string>>;
  /** Name of the graph in the file. */
  name?: string;
}

export const NCHWC_DOMAIN = 'com.microsoft.nchwc';

/**
 * Writes a graph as an ONNX model: chooses layouts, then emits the nodes that the outputs need.
 * @throws GraphError `BAD_ATTRIBUTE` where `dynamic` names what is not there
 */
export function lower(graph: Graph, options: LoweringOptions = {}): Model {
  checkDynamic(graph, options.dynamic ?? {});
  const lowering = new Lowering(options.blockSize ?? 0, graph.names);
  for (const [name, tensor] of graph.inputs) lowering.define(tensor, name);
  for (const node of topologicalOrder(graph.outputs.values())) node.operator.lower(node, lowering);
  for (const [name, tensor] of graph.outputs) lowering.emitOutput(name, tensor);
  return lowering.finish(graph, options);
}

function checkDynamic(graph: Graph, dynamic: NonNullable<LoweringOptions['dynamic']>): void {
  for (const [name, axes] of Object.entries(dynamic)) {
    const shape = (graph.inputs.get(name) ?? graph.outputs.get(name))?.shape;
    const wrong = Object.keys(axes).find((axis) => shape?.[Number(axis)] === undefined);
    if (shape !== undefined && wrong === undefined) continue;
    const missing =
      shape === undefined ? `input or output '${name}'` : `axis ${wrong} in '${name}' ${formatShape(shape)}`;
    throw new GraphError('BAD_ATTRIBUTE', `there is no ${missing} whose size could stay open`);
  }
}

/** Names the values of a graph in the layouts in which they exist, and collects the ONNX nodes that make them. */
export class Lowering {
  readonly blockSize: number;
  readonly #nodes: ModelNode[] = [];
  readonly #initializers = new Map<string, TensorData>();
  readonly #values = new Map<Tensor, Map<Layout, string>>();
  readonly #constants = new Map<string, string>();
  readonly #givenNames: ReadonlySet<string>;
  /** Values that are outputs: what nodes call them, and their public names. */
  readonly #renamed = new Map<string, string>();
  readonly #produced = new Set<string>();
  #usesBlocks = false;

  /** @param givenNames of the graph's inputs, outputs and constants, which no other value takes */
  constructor(blockSize: number, givenNames: ReadonlySet<string>) {
    this.blockSize = blockSize;
    this.#givenNames = givenNames;
  }

  /** Records under which name a tensor exists in a layout. */
  define(tensor: Tensor, name: string, layout: Layout = 'plain'): void {
    const layouts = this.#values.get(tensor) ?? new Map<Layout, string>();
    layouts.set(layout, name);
    this.#values.set(tensor, layouts);
  }

  /** The name of a tensor's value in a layout; emits the conversion if it does not exist yet. */
  value(tensor: Tensor, layout: Layout = 'plain'): string {
    const known = this.#values.get(tensor)?.get(layout);
    if (known !== undefined) return known;
    const name =
      tensor.source.kind === 'constant' && layout === 'plain'
        ? this.constant(tensor.source.data, tensor.source.name)
        : this.#convert(tensor, layout);
    this.define(tensor, name, layout);
    return name;
  }

  /** True if the tensor exists in blocks already, so that staying there costs nothing. */
  isBlocked(tensor: Tensor): boolean {
    return this.#values.get(tensor)?.has('blocked') ?? false;
  }

  /** True if a tensor can lie in blocks: an image whose channels fill them. */
  canBlock({ shape, dtype }: Tensor): boolean {
    return this.blockSize > 0 && dtype === 'float32' && shape.length === 4 && shape[1]! % this.blockSize === 0;
  }

  /** Emits a node with one output and returns that output's name. */
  emit(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    domain = '',
  ): string {
    return this.#emit(operator, inputs, 1, attributes, domain)[0]!;
  }

  /** Emits a node of ONNX's own with several outputs and returns their names. */
  emitParts(
    operator: string,
    inputs: readonly string[],
    parts: number,
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): string[] {
    return this.#emit(operator, inputs, parts, attributes, '');
  }

  #emit(
    operator: string,
    inputs: readonly string[],
    count: number,
    attributes: Readonly<Record<string, AttributeValue>>,
    domain: string,
  ): string[] {
    const name = this.#fresh(`${operator}_${this.#nodes.length}`);
    const outputs = Array.from({ length: count }, (_, i) => (i === 0 ? name : this.#fresh(`${name}_${i}`)));
    this.#nodes.push({ operator, domain, name, inputs: [...inputs], outputs, attributes });
    for (const output of outputs) this.#produced.add(output);
    this.#usesBlocks ||= domain === NCHWC_DOMAIN;
    return outputs;
  }

  /** The name of a constant: the one given, else a new one; equal small constants without a name are stored once. */
  constant(data: TensorData, given?: string): string {
    if (given !== undefined) {
      this.#initializers.set(given, data);
      return given;
    }
    const key = data.data.length <= 64 ? `${data.dtype}[${data.shape}]${data.data.join()}` : undefined;
    const known = key === undefined ? undefined : this.#constants.get(key);
    if (known !== undefined) return known;
    const name = this.#fresh(`constant_${this.#initializers.size}`);
    this.#initializers.set(name, data);
    if (key !== undefined) this.#constants.set(key, name);
    return name;
  }

  ints(values: readonly number[]): string {
    return this.constant(int64(values));
  }

  float(value: number): string {
    return this.constant({ dtype: 'float32', shape: [], data: Float32Array.of(value) });
  }

  /** Emits a Reshape; sizes that stay in their place are written as 0 (copy), so that an open batch size stays open. */
  reshape(name: string, from: Shape, to: Shape): string {
    return this.emit('Reshape', [
      name,
      this.ints(to.map((size, axis) => (axis < from.length && from[axis] === size ? 0 : size))),
    ]);
  }

  transpose(name: string, permutation: readonly number[]): string {
    return this.emit('Transpose', [name], { perm: { type: 'ints', value: permutation } });
  }

  /**
   * Gives a graph output its public name, in the plain layout. What a node makes is called by that name from the start; a
   * copy is needed only for an input, a constant, and a second name of one value.
   */
  emitOutput(name: string, tensor: Tensor): void {
    const value = this.value(tensor);
    if (this.#produced.has(value) && !this.#renamed.has(value)) {
      this.#renamed.set(value, name);
      return;
    }
    const node = { operator: 'Identity', domain: '', name: this.#fresh(`Identity_${this.#nodes.length}`) };
    this.#nodes.push({ ...node, inputs: [value], outputs: [name], attributes: {} });
  }

  finish(graph: Graph, options: LoweringOptions): Model {
    return {
      irVersion: 8,
      producer: 'mememoji',
      producerVersion: '',
      opsets: {
        '': 17,
        ...(this.#usesBlocks && { [NCHWC_DOMAIN]: 1 }),
      },
      metadata: options.metadata ?? {},
      graph: {
        name: options.name ?? 'graph',
        inputs: [...graph.inputs].map(([name, tensor]) => describe(name, tensor, options)),
        outputs: [...graph.outputs].map(([name, tensor]) => describe(name, tensor, options)),
        initializers: this.#initializers,
        nodes: this.#nodes.map((node) => this.#underPublicNames(node)),
      },
    };
  }

  #fresh(name: string): string {
    return this.#givenNames.has(name) ? this.#fresh(`${name}_`) : name;
  }

  #underPublicNames(node: ModelNode): ModelNode {
    const rename = (value: string) => this.#renamed.get(value) ?? value;
    return { ...node, inputs: node.inputs.map(rename), outputs: node.outputs.map(rename) };
  }

  #convert(tensor: Tensor, layout: Layout): string {
    if (layout === 'blocked') return this.emit('ReorderInput', [this.value(tensor)], {}, NCHWC_DOMAIN);
    if (this.isBlocked(tensor)) {
      const attributes: Record<string, AttributeValue> = { channels: { type: 'int', value: tensor.shape[1]! } };
      if (layout === 'channelsLast') attributes.channels_last = { type: 'int', value: 1 };
      return this.emit('ReorderOutput', [this.value(tensor, 'blocked')], attributes, NCHWC_DOMAIN);
    }
    if (layout === 'channelsLast') return this.transpose(this.value(tensor), [0, 2, 3, 1]);
    throw new Error(`tensor ${tensor.id} is used before it is defined`);
  }
}

function describe(name: string, tensor: Tensor, options: LoweringOptions): ValueInfo {
  const open = options.dynamic?.[name];
  return { name, dtype: tensor.dtype, shape: tensor.shape.map((size, axis) => open?.[axis] ?? size) };
}

/** True if a tensor holds one element, whatever its rank. */
export function isSingle({ shape }: Tensor): boolean {
  return sizeOf(shape) === 1;
}
