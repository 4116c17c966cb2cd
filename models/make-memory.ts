/**
 * Makes the memory of a shipped model: what it shall not forget while a person teaches it (docs/teach.md). Features of faces of
 * the Training split go through k-means by class; what is kept are means of at least three faces each.
 *
 *     node --conditions=source models/make-memory.ts --name mememoji --data fer2013.csv.gz
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sizeOf } from '@mememoji/graph/tensor';
import { type Dataset, splitIndices } from '@mememoji/train/dataset';
import { createEngine } from '@mememoji/train/engine';
import { modelTargets } from '@mememoji/train/evaluate';
import { writeWhole } from '@mememoji/train/files';
import { openDataset } from '@mememoji/train/open-dataset';
import { prepareDataset } from '@mememoji/train/prepare';
import { Random } from '@mememoji/train/random';
import { clusterMeans, encodeMemory } from '@mememoji/train/tuning/memory';
import { Tutor } from '@mememoji/train/tuning/tutor';
import { cutWindows, viewWindows } from '@mememoji/train/views';

/** Faces that are looked at, and clusters for each class. */
const FACES = 7000;
const CLUSTERS = 64;
/** Faces that a mean is taken of, at least. */
const SMALLEST = 3;

const BATCH = 64;

/**
 * The bytes of a memory file.
 * @param model bytes of a model file
 * @param data with a Training split; copies of test pictures in it are left out
 */
export async function makeMemory(model: Uint8Array, data: Dataset): Promise<Uint8Array> {
  const dataset = prepareDataset(data, { dropDuplicates: true });
  const engine = createEngine({ threads: 1, spinning: false });
  const tutor = await Tutor.open(model, undefined, engine);
  try {
    const rows = chooseRows(dataset);
    const features = await featuresOf(tutor, dataset, rows);
    return encodeMemory(
      tutor.split,
      meansByClass(tutor, features, modelTargets(dataset, rows, tutor.split.spec.labels)),
    );
  } finally {
    await tutor.close();
  }
}

/** Rows of Training at equal distances. */
function chooseRows(dataset: Dataset): Uint32Array {
  const all = splitIndices(dataset, 'Training');
  const count = Math.min(FACES, all.length);
  return Uint32Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)]!);
}

async function featuresOf(tutor: Tutor, dataset: Dataset, rows: Uint32Array): Promise<Float32Array> {
  const { input } = tutor.split.spec;
  const [window] = viewWindows('single', dataset, input);
  const size = sizeOf(tutor.split.features.shape);
  const features = new Float32Array(rows.length * size);
  for (let start = 0; start < rows.length; start += BATCH) {
    const pixels = cutWindows(dataset, rows.subarray(start, start + BATCH), window!, input);
    features.set(await tutor.features(pixels), start * size);
  }
  return features;
}

function meansByClass({ split }: Tutor, features: Float32Array, targets: Uint8Array): Float32Array {
  const size = sizeOf(split.features.shape);
  const means = split.spec.labels.map((_, label) => {
    const rows = [...targets.keys()].filter((row) => targets[row] === label);
    const some = new Float32Array(rows.length * size);
    rows.forEach((row, i) => {
      some.set(features.subarray(row * size, (row + 1) * size), i * size);
    });
    return clusterMeans(some, size, { count: CLUSTERS, smallest: SMALLEST, random: new Random(1, label) });
  });
  return Float32Array.from(means.flatMap((part) => [...part]));
}

async function main(): Promise<void> {
  const options = { name: { type: 'string' }, data: { type: 'string' } } as const;
  const { name, data } = parseArgs({ options }).values;
  if (name === undefined || data === undefined) throw new Error('--name and --data are needed');
  const model = await readFile(join(import.meta.dirname, `${name}.onnx`));
  const file = join(import.meta.dirname, `${name}.memory`);
  await writeWhole(file, [await makeMemory(model, await openDataset(data, { votes: false }))]);
}

if (import.meta.main) await main();
