import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXPRESSIONS, SIX_EXPRESSIONS } from '@mememoji/vision/expression';
import { describe, expect, it } from 'vitest';
import { splitIndices, takeRows } from '../src/dataset.ts';
import { decodeNpy, type NpyArray, readNpy, writeNpy } from '../src/npy.ts';
import { findNpyPairs, readNpyFolder, writeNpyFolder } from '../src/npy-folder.ts';
import { mergeClasses, selectClasses } from '../src/select.ts';
import { datasetOf, ferLikeRows, temporaryFolder } from './helpers/fer-like.ts';

/** numpy.save of numpy.array([[1.5, -2, 3]], dtype='<f4') by NumPy 1.24, byte for byte. */
const NUMPY_FILE = Buffer.concat([
  Buffer.from('\x93NUMPY\x01\x00v\x00', 'latin1'),
  Buffer.from(`${"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3), }".padEnd(117)}\n`),
  Buffer.from(Float32Array.of(1.5, -2, 3).buffer),
]);

/** A file of another version or with another header, data as given. */
function npyFile(version: number, dictionary: string, data: ArrayBuffer): Buffer {
  const header = Buffer.from(`${dictionary}\n`, 'latin1');
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  length.writeUIntLE(header.length, 0, version === 1 ? 2 : 4);
  const magic = Buffer.from('\x93NUMPY', 'latin1');
  return Buffer.concat([magic, Buffer.from([version, 0]), length, header, Buffer.from(data)]);
}

describe('npy', () => {
  it('writes what NumPy writes', async () => {
    const path = join(temporaryFolder(), 'a.npy');
    await writeNpy(path, { dtype: 'float32', shape: [1, 3], data: Float32Array.of(1.5, -2, 3) });
    expect(readFileSync(path).equals(NUMPY_FILE)).toBe(true);
  });

  const arrays: NpyArray[] = [
    { dtype: 'uint8', shape: [2, 2], data: Uint8Array.of(0, 1, 254, 255) },
    { dtype: 'bool', shape: [2], data: Uint8Array.of(0, 1) },
    { dtype: 'int32', shape: [2], data: Int32Array.of(-5, 7) },
    { dtype: 'int64', shape: [1, 1, 2], data: BigInt64Array.of(-5n, 7n) },
    { dtype: 'float32', shape: [], data: Float32Array.of(0.25) },
    { dtype: 'float64', shape: [0, 3], data: new Float64Array(0) },
  ];
  it.each(arrays)('reads back $dtype of shape $shape', async (array) => {
    const path = join(temporaryFolder(), 'a.npy');
    await writeNpy(path, array);
    expect(await readNpy(path)).toEqual(array);
  });

  it('writes a view that does not begin its buffer', async () => {
    const path = join(temporaryFolder(), 'a.npy');
    await writeNpy(path, { dtype: 'uint8', shape: [2], data: Uint8Array.of(1, 2, 3, 4).subarray(1, 3) });
    expect((await readNpy(path)).data).toEqual(Uint8Array.of(2, 3));
  });

  it('reads versions 2 and 3, data that do not lie at a multiple of their size, and the L of Python 2', () => {
    for (const version of [2, 3]) {
      for (const pad of ['', ' ', '  ']) {
        const dictionary = `{'descr': '<i8', 'fortran_order': False, 'shape': (2L, 1L), }${pad}`;
        const array = decodeNpy(npyFile(version, dictionary, BigInt64Array.of(3n, -4n).buffer), 'a.npy');
        expect(array).toEqual({ dtype: 'int64', shape: [2, 1], data: BigInt64Array.of(3n, -4n) });
      }
    }
  });

  it.each([
    ['no magic', Buffer.from('emotion,pixels,Usage\n'), 'is not a .npy file'],
    ['nothing', Buffer.alloc(0), 'is not a .npy file'],
    ['a cut header', NUMPY_FILE.subarray(0, 60), 'ends within its header'],
    ['cut data', NUMPY_FILE.subarray(0, -1), 'holds 11 bytes where its shape (1, 3) of float32 needs 12'],
    [
      'Fortran order',
      npyFile(1, "{'descr': '|u1', 'fortran_order': True, 'shape': (1,), }", new ArrayBuffer(1)),
      'is in Fortran order',
    ],
    [
      'big-endian elements',
      npyFile(1, "{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", new ArrayBuffer(4)),
      'has elements or a shape that are not read',
    ],
    [
      'objects',
      npyFile(1, "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", new ArrayBuffer(4)),
      'has elements or a shape that are not read',
    ],
  ])('refuses %s', (_, bytes, fault) => {
    expect(() => decodeNpy(bytes, 'a.npy')).toThrow(
      expect.objectContaining({ code: 'BAD_NPY', message: expect.stringContaining(`a.npy ${fault}`) }),
    );
  });

  it('tells of a missing file', async () => {
    await expect(readNpy('/nowhere/a.npy')).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
  });
});

const DATASET = datasetOf(ferLikeRows({ rows: 35, size: 4 }));
const TRAINING = takeRows(DATASET, splitIndices(DATASET, 'Training'));

async function folderWith(arrays: Record<string, NpyArray>, labels?: string): Promise<string> {
  const folder = temporaryFolder();
  for (const [name, array] of Object.entries(arrays)) await writeNpy(join(folder, `${name}.npy`), array);
  if (labels !== undefined) writeFileSync(join(folder, 'dataset.json'), labels);
  return folder;
}

/** X as the original has it: int64 0..255, [N, 1, height, width]. */
const X: NpyArray = { dtype: 'int64', shape: [21, 1, 4, 4], data: BigInt64Array.from(TRAINING.pixels, BigInt) };
const Y: NpyArray = { dtype: 'int64', shape: [21], data: BigInt64Array.from(TRAINING.targets, BigInt) };

function oneHot(targets: Uint8Array, classes: number): NpyArray {
  const data = new Float64Array(targets.length * classes);
  targets.forEach((target, row) => {
    data[row * classes + target] = 1;
  });
  return { dtype: 'float64', shape: [targets.length, classes], data };
}

describe('npy folder', () => {
  it('writes a pair for each split and reads them back, with votes and names', async () => {
    const folder = temporaryFolder();
    const votes = Uint8Array.from({ length: 350 }, (_, i) => i % 11);
    const six = mergeClasses({ ...DATASET, votes }, { disgust: 'angry' });
    const written = await writeNpyFolder(six, folder);
    expect(written.map(({ file, shape }) => `${file} ${shape}`)).toEqual([
      'X_train.npy 21,1,4,4',
      'y_train.npy 21,6',
      'votes_train.npy 21,10',
      'X_publictest.npy 7,1,4,4',
      'y_publictest.npy 7,6',
      'votes_publictest.npy 7,10',
      'X_privatetest.npy 7,1,4,4',
      'y_privatetest.npy 7,6',
      'votes_privatetest.npy 7,10',
    ]);
    const { source, ...rest } = await readNpyFolder(folder);
    expect(rest).toEqual({ ...six, source: undefined, labels: [...SIX_EXPRESSIONS] });
    expect(source.path).toBe(folder);
    expect(source.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(readFileSync(join(folder, 'dataset.json'), 'utf8')).not.toContain(folder);
  });

  it('writes pixels as they are and labels one-hot', async () => {
    const folder = temporaryFolder();
    await writeNpyFolder(selectClasses(TRAINING, ['sad', 'happy']), folder);
    const [x, y] = [await readNpy(join(folder, 'X_train.npy')), await readNpy(join(folder, 'y_train.npy'))];
    expect(x.dtype).toBe('uint8');
    expect([...x.data.subarray(0, 16)]).toEqual([...DATASET.pixels.subarray(48, 64)]);
    expect(y).toEqual({ dtype: 'float32', shape: [6, 2], data: Float32Array.of(0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0) });
    expect((await readNpyFolder(folder)).labels).toEqual(['sad', 'happy']);
  });

  it("reads the original's arrays: int64 pixels, float64 one-hot, its names", async () => {
    const six = mergeClasses(TRAINING, { disgust: 'angry' });
    const folder = await folderWith({
      X_train6: X,
      y_train6: oneHot(six.targets, 6),
      X_train_privatetest6_100pct: X,
      y_train_privatetest6_100pct: oneHot(six.targets, 6),
    });
    expect(await findNpyPairs(folder)).toEqual(['train6', 'train_privatetest6_100pct']);
    const dataset = await readNpyFolder(folder);
    expect(dataset.labels).toEqual([...SIX_EXPRESSIONS]);
    expect([...dataset.pixels.subarray(0, 21 * 16)]).toEqual([...TRAINING.pixels]);
    expect([...dataset.targets.subarray(0, 21)]).toEqual([...six.targets]);
    expect(splitIndices(dataset, 'PrivateTest').length).toBe(21);
  });

  it.each<[string, NpyArray]>([
    [
      'float32 0..1',
      { dtype: 'float32', shape: [21, 1, 4, 4], data: Float32Array.from(TRAINING.pixels, (p) => p / 255) },
    ],
    ['float64 0..255', { dtype: 'float64', shape: [21, 4, 4], data: Float64Array.from(TRAINING.pixels) }],
    ['uint8, channel last', { dtype: 'uint8', shape: [21, 4, 4, 1], data: TRAINING.pixels }],
    ['int32', { dtype: 'int32', shape: [21, 1, 4, 4], data: Int32Array.from(TRAINING.pixels) }],
  ])('reads pixels as %s with class numbers', async (_, x) => {
    const dataset = await readNpyFolder(await folderWith({ X_train: x, y_train: Y }));
    expect(dataset).toMatchObject({ width: 4, height: 4, count: 21, labels: [...EXPRESSIONS] });
    expect([...dataset.pixels]).toEqual([...TRAINING.pixels]);
    expect([...dataset.targets]).toEqual([...TRAINING.targets]);
  });

  it('takes the names of the classes from dataset.json, and asks for it where there is no telling', async () => {
    const two = TRAINING.targets.map((target) => Number(target === 3));
    const arrays = { X_train: X, y_train: oneHot(two, 2) };
    await expect(readNpyFolder(await folderWith(arrays))).rejects.toMatchObject({
      code: 'BAD_CLASSES',
      hint: expect.stringContaining('dataset.json'),
    });
    const named = await readNpyFolder(await folderWith(arrays, '{"labels": ["Anger", "happy"]}'));
    expect(named.labels).toEqual(['angry', 'happy']);
    for (const wrong of ['{"labels": ["angry", "hungry"]}', '{"labels": ["angry"]}', 'angry', '[]']) {
      await expect(readNpyFolder(await folderWith(arrays, wrong))).rejects.toMatchObject({ code: 'BAD_CLASSES' });
    }
  });

  it.each<[string, Record<string, NpyArray>, string]>([
    [
      'fewer labels',
      { X_train: X, y_train: { ...oneHot(TRAINING.targets.subarray(1), 7) } },
      'X_train.npy has 21 pictures, y_train.npy 20 labels',
    ],
    [
      'soft labels',
      { X_train: X, y_train: { dtype: 'float32', shape: [21, 7], data: new Float32Array(147).fill(1 / 7) } },
      'y_train.npy, row 1 is not one-hot',
    ],
    [
      'labels that are no classes',
      { X_train: X, y_train: { dtype: 'float32', shape: [21], data: new Float32Array(21).fill(0.5) } },
      'neither one-hot',
    ],
    [
      'colour',
      { X_train: { dtype: 'uint8', shape: [21, 4, 4, 3], data: new Uint8Array(1008) }, y_train: Y },
      'has the shape (21, 4, 4, 3)',
    ],
    [
      'pixels above 255',
      { X_train: { dtype: 'int32', shape: [21, 4, 4], data: new Int32Array(336).fill(256) }, y_train: Y },
      'holds the pixel 256',
    ],
    [
      'negative pixels',
      { X_train: { dtype: 'int64', shape: [21, 4, 4], data: new BigInt64Array(336).fill(-3n) }, y_train: Y },
      'holds the pixel -1',
    ],
    ['no pair', { X_train: X, y_test: Y }, 'has no pair'],
    [
      'two sizes',
      { X_train: X, y_train: Y, X_test: { dtype: 'uint8', shape: [21, 3, 3], data: new Uint8Array(189) }, y_test: Y },
      'not all of one size',
    ],
  ])('refuses %s', async (_, arrays, fault) => {
    await expect(readNpyFolder(await folderWith(arrays))).rejects.toMatchObject({
      code: 'BAD_NPY',
      message: expect.stringContaining(fault),
    });
  });

  it('leaves no unfinished file behind', async () => {
    const folder = join(temporaryFolder(), 'in-the-way');
    mkdirSync(join(folder, 'X_train.npy'), { recursive: true });
    await expect(writeNpyFolder(TRAINING, folder)).rejects.toThrow();
    expect(readdirSync(folder)).toEqual(['X_train.npy']);
  });
});
