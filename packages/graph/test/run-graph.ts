import { encodeModel } from '../src/codec.ts';
import type { Graph } from '../src/graph.ts';
import { type LoweringOptions, lower } from '../src/lowering.ts';
import type { Values } from '../src/session.ts';
import { float32, type Shape, sizeOf, type TensorData } from '../src/tensor.ts';
import { createNodeSession } from './node-session.ts';

/** Lowers a graph and runs it once. */
export async function runGraph(graph: Graph, feeds: Values = {}, options: LoweringOptions = {}): Promise<Values> {
  const session = await createNodeSession(encodeModel(lower(graph, options)));
  try {
    return await session.run(feeds);
  } finally {
    await session.close();
  }
}

/** Numbers between -1 and 1 that look random, others for each seed. */
export function wave(shape: Shape, seed = 1): TensorData {
  const value = (_: unknown, i: number) => Math.sin((i + 1) * (1.7 + 0.31 * seed) + seed);
  return float32(shape, Float32Array.from({ length: sizeOf(shape) }, value));
}

/** Values for every input of a graph. */
export function feedsFor(graph: Graph): Values {
  return Object.fromEntries([...graph.inputs].map(([name, { shape }], i) => [name, wave(shape, i + 1)]));
}

/** The elements of an output as numbers. */
export function numbersOf(tensor: TensorData | undefined): number[] {
  return Array.from(tensor?.data ?? [], Number);
}

/** Largest difference between two tensors, relative to the largest element of the second; NaN counts as infinite. */
export function relativeError(a: TensorData | undefined, b: TensorData | undefined): number {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  if (left.length !== right.length || left.length === 0) return Number.POSITIVE_INFINITY;
  const largest = right.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-12);
  const error = left.reduce((most, value, i) => Math.max(most, Math.abs(value - right[i]!)), 0) / largest;
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
}
