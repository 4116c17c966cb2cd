import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { EXPRESSIONS, type Expression, parseExpression, SIX_EXPRESSIONS } from '@mememoji/vision/expression';
import { z } from 'zod';
import { checkDataset, type Dataset, SPLITS, type Split, sharedBytes, splitIndices, takeRows } from './dataset.ts';
import { TrainError } from './error.ts';
import { FERPLUS_CATEGORIES } from './ferplus-csv.ts';
import { writeWhole } from './files.ts';
import { type NpyArray, readNpy, writeNpy } from './npy.ts';
import { asTrainError } from './text-lines.ts';

/** What the arrays cannot say themselves; written beside them, and read where it is there. */
const DESCRIPTION_FILE = 'dataset.json';
const descriptionSchema = z.object({ labels: z.array(z.enum(EXPRESSIONS)).min(2) });

const ARRAY_NAMES: Readonly<Record<Split, string>> = {
  Training: 'train',
  PublicTest: 'publictest',
  PrivateTest: 'privatetest',
};

/** One array that was written, for a report. */
export interface WrittenArray {
  file: string;
  shape: number[];
}

/**
 * Writes the arrays of the original Mememoji, a pair for each split that has rows: `X_train.npy` [N, 1, height, width] uint8
 * 0..255 and `y_train.npy` [N, classes] float32 one-hot; also `votes_train.npy` [N, 10] uint8 where there are votes.
 * `dataset.json` keeps the class names. The folder must exist.
 */
export async function writeNpyFolder(dataset: Dataset, folder: string): Promise<WrittenArray[]> {
  const written: WrittenArray[] = [];
  for (const split of SPLITS) {
    const indices = splitIndices(dataset, split);
    if (indices.length === 0) continue;
    for (const [prefix, array] of arraysOf(takeRows(dataset, indices))) {
      const file = `${prefix}_${ARRAY_NAMES[split]}.npy`;
      await writeNpy(join(folder, file), array);
      written.push({ file, shape: array.shape });
    }
  }
  const description = { labels: dataset.labels, source: { ...dataset.source, path: basename(dataset.source.path) } };
  await writeWhole(join(folder, DESCRIPTION_FILE), [Buffer.from(`${JSON.stringify(description, null, 2)}\n`)]);
  return written;
}

function arraysOf({ count, width, height, labels, pixels, targets, votes }: Dataset): [string, NpyArray][] {
  const oneHot = new Float32Array(count * labels.length);
  targets.forEach((target, row) => {
    oneHot[row * labels.length + target] = 1;
  });
  const arrays: [string, NpyArray][] = [
    ['X', { dtype: 'uint8', shape: [count, 1, height, width], data: pixels }],
    ['y', { dtype: 'float32', shape: [count, labels.length], data: oneHot }],
  ];
  if (votes) arrays.push(['votes', { dtype: 'uint8', shape: [count, FERPLUS_CATEGORIES.length], data: votes }]);
  return arrays;
}

/** Names of the pairs in a folder (`train` for `X_train.npy` with `y_train.npy`), in the order of the splits. */
export async function findNpyPairs(folder: string): Promise<string[]> {
  const files = new Set(await readdir(folder));
  const names = [...files].flatMap((file) => /^X_(.+)\.npy$/.exec(file)?.[1] ?? []).sort();
  return names
    .filter((name) => files.has(`y_${name}.npy`))
    .sort((a, b) => SPLITS.indexOf(splitOfArray(a)) - SPLITS.indexOf(splitOfArray(b)));
}

/** `train` is Training; `publictest` and `val` PublicTest; `privatetest`, `test` and the original's `train_privatetest6_100pct` PrivateTest. */
function splitOfArray(name: string): Split {
  if (/public|val/i.test(name)) return 'PublicTest';
  return /private|test/i.test(name) ? 'PrivateTest' : 'Training';
}

/**
 * Reads a folder of .npy pairs: pictures [N, 1, H, W], [N, H, W] or [N, H, W, 1], whole numbers 0..255 or floats 0..1
 * (0..255 if any is above 1); labels one-hot [N, C] or numbers [N]. Class names come from `dataset.json`; without it seven
 * columns are FER2013's, six the original's.
 * @throws TrainError `BAD_NPY`, `BAD_CLASSES`
 */
export async function readNpyFolder(folder: string): Promise<Dataset> {
  const names = await findNpyPairs(folder);
  if (names.length === 0) throw new TrainError('BAD_NPY', `${folder} has no pair such as X_train.npy and y_train.npy`);
  const parts = await Promise.all(names.map((name) => readPart(folder, name)));
  const labels = await readLabels(folder, Math.max(...parts.map((part) => part.classes)));
  const [first] = parts;
  const stranger = parts.find(({ width, height }) => width !== first!.width || height !== first!.height);
  if (stranger) throw new TrainError('BAD_NPY', `the pictures in ${folder} are not all of one size`);
  return checkDataset(joinParts(parts, labels, { path: folder, sha256: await hashFiles(folder, names) }));
}

interface Part {
  name: string;
  width: number;
  height: number;
  pixels: Uint8Array;
  targets: Uint8Array;
  /** Number of classes as far as the array shows it. */
  classes: number;
  votes: Uint8Array | undefined;
}

async function readPart(folder: string, name: string): Promise<Part> {
  const [x, y] = [`X_${name}.npy`, `y_${name}.npy`];
  const { width, height, pixels } = toPixels(await readNpy(join(folder, x)), x);
  const { targets, classes } = toTargets(await readNpy(join(folder, y)), y);
  if (pixels.length !== targets.length * width * height) {
    throw new TrainError(
      'BAD_NPY',
      `${x} has ${pixels.length / (width * height)} pictures, ${y} ${targets.length} labels`,
    );
  }
  return { name, width, height, pixels, targets, classes, votes: await readVotes(folder, name, targets.length) };
}

async function readVotes(folder: string, name: string, count: number): Promise<Uint8Array | undefined> {
  const file = `votes_${name}.npy`;
  if (!(await readdir(folder)).includes(file)) return undefined;
  const { dtype, data, shape } = await readNpy(join(folder, file));
  if (dtype === 'uint8' && shape[0] === count && shape[1] === FERPLUS_CATEGORIES.length) return data;
  throw new TrainError('BAD_NPY', `${file} is not uint8 of shape (${count}, ${FERPLUS_CATEGORIES.length})`);
}

function toPixels(array: NpyArray, file: string): { width: number; height: number; pixels: Uint8Array } {
  const [, ...sizes] = array.shape;
  const image = sizes.length === 3 ? sizes.filter((size, axis) => !(size === 1 && (axis === 0 || axis === 2))) : sizes;
  const [height, width] = image;
  if (image.length !== 2 || !height || !width) {
    throw new TrainError(
      'BAD_NPY',
      `${file} has the shape (${array.shape.join(', ')}); grey pictures are (N, 1, height, width)`,
    );
  }
  return { width, height, pixels: toBytes(array, file) };
}

function toBytes(array: NpyArray, file: string): Uint8Array {
  if (array.dtype === 'uint8') return array.data;
  const values = numbersOf(array);
  const isFloat = array.dtype === 'float32' || array.dtype === 'float64';
  const factor = isFloat && values.every((value) => value <= 1) ? 255 : 1;
  return Uint8Array.from(values, (value) => {
    const level = Math.round(value * factor);
    if (level >= 0 && level <= 255) return level;
    throw new TrainError(
      'BAD_NPY',
      `${file} holds the pixel ${value}, which is not in 0..255 nor, all together, in 0..1`,
    );
  });
}

/** int64 as numbers: the low words, after a look at the high ones, for BigInt is slow and pictures are many. */
function numbersOf(array: NpyArray): Uint8Array | Int32Array | Float32Array | Float64Array {
  if (array.dtype !== 'int64') return array.data;
  const words = new Int32Array(array.data.buffer, array.data.byteOffset, array.data.length * 2);
  return Int32Array.from({ length: array.data.length }, (_, i) => (words[2 * i + 1] === 0 ? words[2 * i]! : -1));
}

function toTargets(array: NpyArray, file: string): { targets: Uint8Array; classes: number } {
  const values = numbersOf(array);
  const [count, classes] = array.shape;
  if (array.shape.length === 2 && classes !== 1)
    return { targets: fromOneHot(values, count!, classes!, file), classes: classes! };
  const stranger = values.find((value) => !Number.isInteger(value) || value < 0 || value > 254);
  if (stranger !== undefined || array.shape.length > 2) {
    throw new TrainError('BAD_NPY', `${file} is neither one-hot (N, classes) nor class numbers (N)`);
  }
  const targets = Uint8Array.from(values);
  return { targets, classes: targets.reduce((most, target) => Math.max(most, target), 0) + 1 };
}

function fromOneHot(values: ArrayLike<number>, count: number, classes: number, file: string): Uint8Array {
  return Uint8Array.from({ length: count }, (_, row) => {
    const columns = Array.from({ length: classes }, (_, column) => values[row * classes + column]);
    const target = columns.indexOf(1);
    if (target >= 0 && columns.every((value, column) => value === (column === target ? 1 : 0))) return target;
    throw new TrainError('BAD_NPY', `${file}, row ${row + 1} is not one-hot`);
  });
}

async function readLabels(folder: string, classes: number): Promise<readonly Expression[]> {
  const labels =
    (await describedLabels(folder)) ?? [EXPRESSIONS, SIX_EXPRESSIONS].find((set) => set.length === classes);
  if (labels !== undefined && labels.length >= classes) return labels;
  throw new TrainError(
    'BAD_CLASSES',
    `the labels in ${folder} are of ${classes} classes whose names are not known`,
    `put ${DESCRIPTION_FILE} beside them: {"labels": ["angry", "happy"]}`,
  );
}

async function describedLabels(folder: string): Promise<Expression[] | undefined> {
  const path = join(folder, DESCRIPTION_FILE);
  if (!(await readdir(folder)).includes(DESCRIPTION_FILE)) return undefined;
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw asTrainError(path, cause);
  });
  try {
    return descriptionSchema.parse(withAliases(JSON.parse(text))).labels;
  } catch (cause) {
    throw new TrainError(
      'BAD_CLASSES',
      `${path} does not name classes`,
      'it must hold {"labels": ["angry", "happy", ...]}',
      { cause },
    );
  }
}

/** "Anger" is as good as "angry" here too. */
function withAliases(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('labels' in value) || !Array.isArray(value.labels)) return value;
  return {
    labels: value.labels.map((label: unknown) => (typeof label === 'string' ? parseExpression(label) : undefined)),
  };
}

function joinParts(parts: readonly Part[], labels: readonly Expression[], source: Dataset['source']): Dataset {
  const { width, height } = parts[0]!;
  const count = parts.reduce((sum, part) => sum + part.targets.length, 0);
  const splits = parts.map(({ name, targets }) =>
    new Uint8Array(targets.length).fill(SPLITS.indexOf(splitOfArray(name))),
  );
  const votes = parts.map((part) => part.votes).filter((part) => part !== undefined);
  return {
    labels,
    width,
    height,
    count,
    pixels: concatenate(parts.map((part) => part.pixels)),
    targets: concatenate(parts.map((part) => part.targets)),
    splits: concatenate(splits),
    rows: Uint32Array.from({ length: count }, (_, row) => row),
    ...(votes.length === parts.length && { votes: concatenate(votes) }),
    source,
  };
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const all = sharedBytes(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}

async function hashFiles(folder: string, names: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of names.flatMap((name) => [`X_${name}.npy`, `y_${name}.npy`])) {
    for await (const chunk of createReadStream(join(folder, file))) hash.update(chunk);
  }
  return hash.digest('hex');
}
