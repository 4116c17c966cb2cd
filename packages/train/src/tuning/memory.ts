import { decodeModel, encodeModel } from '@mememoji/graph/codec';
import { fromHalf, toHalf } from '@mememoji/graph/half';
import { float32, sizeOf } from '@mememoji/graph/tensor';
import { TrainError } from '../error.ts';
import type { Random } from '../random.ts';
import type { SplitModel } from './split-model.ts';

/**
 * What a model shall not forget while it is taught: features of what it was trained on, and what it says of them. They are
 * means over several faces each; no picture can be got back from them.
 */
export interface Memory {
  /** Rows of features, [count, ...]. */
  features: Float32Array;
  /** What the model says of them before it is taught, [count, labels]. */
  logits: Float32Array;
  count: number;
}

/** Keys of a memory file's metadata: the run that trained its model, and which value of the model the features are. */
const RUN_KEY = 'mememoji.memory.run';
const FEATURES_KEY = 'mememoji.memory.features';
const TENSOR = 'features';

/** Rows of features as a file: ONNX with one float16 tensor [count, ...] and no nodes, as a checkpoint is. */
export function encodeMemory({ spec, features }: SplitModel, rows: Float32Array): Uint8Array {
  const shape = [rows.length / sizeOf(features.shape), ...features.shape];
  const tensor = toHalf(float32(shape, rows));
  return encodeModel({
    irVersion: 8,
    producer: 'mememoji',
    producerVersion: '',
    opsets: { '': 17 },
    metadata: { [RUN_KEY]: spec.training.run, [FEATURES_KEY]: features.name },
    graph: { name: 'memory', inputs: [], outputs: [], initializers: new Map([[TENSOR, tensor]]), nodes: [] },
  });
}

/**
 * The rows of a memory file.
 * @throws TrainError `BAD_MODEL` if it is of another model; GraphError `BAD_MODEL` if it is no ONNX file
 */
export function decodeMemory({ spec, features }: SplitModel, bytes: Uint8Array): Float32Array {
  const { metadata, graph } = decodeModel(bytes);
  const tensor = graph.initializers.get(TENSOR);
  const fits = metadata[RUN_KEY] === spec.training.run && metadata[FEATURES_KEY] === features.name;
  if (fits && tensor?.dtype === 'float16') return fromHalf(tensor).data;
  const hint = 'make it anew with models/make-memory.ts';
  throw new TrainError('BAD_MODEL', `the memory is not that of the model ${spec.name} ${spec.version}`, hint);
}

const ROUNDS = 12;

/**
 * Means of the clusters of some rows (Lloyd's k-means), each of at least `smallest` rows.
 * @param rows row-major, of `size` numbers each
 * @param count of clusters to look for; those that stay too small are left out
 */
export function clusterMeans(
  rows: Float32Array,
  size: number,
  { count, smallest, random }: { count: number; smallest: number; random: Random },
): Float32Array {
  const total = rows.length / size;
  const order = Array.from({ length: total }, (_, i) => i).sort(() => random.uniform() - 0.5);
  let means: Float32Array = new Float32Array(Math.min(count, total) * size);
  for (let i = 0; i < means.length / size; i++) means.set(rowAt(rows, order[i]!, size), i * size);
  for (let round = 0; ; round++) {
    const { sums, members } = assign(rows, means, size);
    const kept = round === ROUNDS ? smallest : 1;
    means = meansOf(sums, members, size, kept);
    if (round === ROUNDS) return means;
  }
}

/** Sums and numbers of the rows that are nearest to each mean. */
function assign(rows: Float32Array, means: Float32Array, size: number): { sums: Float64Array; members: Uint32Array } {
  const sums = new Float64Array(means.length);
  const members = new Uint32Array(means.length / size);
  for (let at = 0; at < rows.length; at += size) {
    const row = rows.subarray(at, at + size);
    const nearest = nearestMean(row, means, size);
    members[nearest]! += 1;
    for (let i = 0; i < size; i++) sums[nearest * size + i]! += row[i]!;
  }
  return { sums, members };
}

function nearestMean(row: Float32Array, means: Float32Array, size: number): number {
  let nearest = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let at = 0; at < means.length; at += size) {
    let square = 0;
    for (let i = 0; i < size; i++) square += (row[i]! - means[at + i]!) ** 2;
    if (square < least) [nearest, least] = [at / size, square];
  }
  return nearest;
}

function meansOf(sums: Float64Array, members: Uint32Array, size: number, smallest: number): Float32Array {
  const kept = [...members.keys()].filter((cluster) => members[cluster]! >= smallest);
  const means = new Float32Array(kept.length * size);
  kept.forEach((cluster, row) => {
    for (let i = 0; i < size; i++) means[row * size + i] = sums[cluster * size + i]! / members[cluster]!;
  });
  return means;
}

function rowAt(rows: Float32Array, row: number, size: number): Float32Array {
  return rows.subarray(row * size, (row + 1) * size);
}
