import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { TrainError } from './error.ts';
import { writeWhole } from './files.ts';
import { asTrainError } from './text-lines.ts';

/** An array of NumPy's .npy format, C order (last axis fastest). */
export type NpyArray =
  | { dtype: 'uint8' | 'bool'; shape: number[]; data: Uint8Array }
  | { dtype: 'int32'; shape: number[]; data: Int32Array }
  | { dtype: 'int64'; shape: number[]; data: BigInt64Array }
  | { dtype: 'float32'; shape: number[]; data: Float32Array }
  | { dtype: 'float64'; shape: number[]; data: Float64Array };

type NpyType = NpyArray['dtype'];

const MAGIC = Buffer.from('\x93NUMPY', 'latin1');
/** NumPy's names of the element types, little-endian where that matters. */
const DESCRIPTIONS: Readonly<Record<NpyType, string>> = {
  uint8: '|u1',
  bool: '|b1',
  int32: '<i4',
  int64: '<i8',
  float32: '<f4',
  float64: '<f8',
};
const SIZES: Readonly<Record<NpyType, number>> = { uint8: 1, bool: 1, int32: 4, int64: 8, float32: 4, float64: 8 };
const TYPES: readonly NpyType[] = ['uint8', 'bool', 'int32', 'int64', 'float32', 'float64'];

/** Reads a .npy file whole. @throws TrainError `FILE_NOT_FOUND`, `UNREADABLE_FILE`, `BAD_NPY` */
export async function readNpy(path: string): Promise<NpyArray> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw asTrainError(path, cause);
  });
  return decodeNpy(bytes, basename(path));
}

/** Writes a .npy file of version 1. */
export async function writeNpy(path: string, array: NpyArray): Promise<void> {
  const { buffer, byteOffset, byteLength } = array.data;
  await writeWhole(path, [encodeHeader(array), new Uint8Array(buffer, byteOffset, byteLength)]);
}

/** A .npy file as bytes; `name` is what messages call it. Formats 1 to 3. @throws TrainError `BAD_NPY` */
export function decodeNpy(bytes: Buffer, name: string): NpyArray {
  const refuse = (what: string): never => {
    throw new TrainError('BAD_NPY', `${name} ${what}`, 'write it with numpy.save(name, numpy.ascontiguousarray(a))');
  };
  if (bytes.length < 12 || !bytes.subarray(0, 6).equals(MAGIC)) refuse('is not a .npy file');
  const wide = bytes[6]! >= 2;
  const start = wide ? 12 : 10;
  const end = start + (wide ? bytes.readUInt32LE(8) : bytes.readUInt16LE(8));
  if (end > bytes.length) refuse('ends within its header');
  const header = bytes.toString('latin1', start, end);
  const dtype = TYPES.find((type) => header.includes(`'${DESCRIPTIONS[type]}'`));
  const dimensions = /'shape':\s*\(([\d,\sL]*)\)/.exec(header)?.[1];
  if (dtype === undefined || dimensions === undefined)
    return refuse(`has elements or a shape that are not read (${header.trim()})`);
  if (!header.includes("'fortran_order': False")) refuse('is in Fortran order');
  const shape = dimensions
    .split(',')
    .filter((size) => size.trim() !== '')
    .map((size) => Number.parseInt(size, 10));
  const count = shape.reduce((product, size) => product * size, 1);
  if (bytes.length - end !== count * SIZES[dtype]) {
    refuse(
      `holds ${bytes.length - end} bytes where its shape (${shape.join(', ')}) of ${dtype} needs ${count * SIZES[dtype]}`,
    );
  }
  return viewAs(dtype, shape, aligned(bytes.subarray(end), SIZES[dtype]), count);
}

/** Typed arrays must begin at a multiple of their element's size; bytes that do not are copied. */
function aligned(bytes: Uint8Array, size: number): Uint8Array {
  return bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
}

function viewAs(dtype: NpyType, shape: number[], { buffer, byteOffset }: Uint8Array, count: number): NpyArray {
  switch (dtype) {
    case 'uint8':
    case 'bool':
      return { dtype, shape, data: new Uint8Array(buffer, byteOffset, count) };
    case 'int32':
      return { dtype, shape, data: new Int32Array(buffer, byteOffset, count) };
    case 'int64':
      return { dtype, shape, data: new BigInt64Array(buffer, byteOffset, count) };
    case 'float32':
      return { dtype, shape, data: new Float32Array(buffer, byteOffset, count) };
    case 'float64':
      return { dtype, shape, data: new Float64Array(buffer, byteOffset, count) };
  }
}

/** Magic, version 1.0, length, and a Python dictionary padded so that the data begins at a multiple of 64. */
function encodeHeader({ dtype, shape }: NpyArray): Buffer {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const dictionary = `{'descr': '${DESCRIPTIONS[dtype]}', 'fortran_order': False, 'shape': (${tuple}), }`;
  const padded = `${dictionary.padEnd(64 * Math.ceil((10 + dictionary.length + 1) / 64) - 11)}\n`;
  const prefix = Buffer.concat([MAGIC, Buffer.from([1, 0, 0, 0])]);
  prefix.writeUInt16LE(padded.length, 8);
  return Buffer.concat([prefix, Buffer.from(padded, 'latin1')]);
}
