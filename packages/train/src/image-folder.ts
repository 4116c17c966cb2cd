import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXPRESSIONS, type Expression, parseExpression } from '@mememoji/vision/expression';
import sharp from 'sharp';
import {
  checkDataset,
  type Dataset,
  imageSize,
  parseSplit,
  SPLITS,
  type Split,
  sharedBytes,
  takeRows,
} from './dataset.ts';
import { TrainError } from './error.ts';

/** File name endings that are looked at. */
const PICTURES = /\.(?:jpe?g|png|webp|avif|gif|tiff?|bmp)$/i;
/** Larger pictures are refused: no face crop has 50 million pixels, but a decompression bomb does. */
const MOST_PIXELS = 50_000_000;
/** Pictures decoded at once. */
const AT_ONCE = 8;

export interface ImageFolderOptions {
  /** Side of the square pictures that come out, in pixels; 48 if left out. */
  size?: number;
  /** Told of each picture and folder that is left out, and why. */
  onWarning?: (message: string) => void;
}

interface Entry {
  path: string;
  label: Expression;
  split: Split;
}

/**
 * Reads a folder of pictures by class, `angry/1.png`, or by split and class, `train/angry/1.png`. Folder names are taken in
 * any case and with the aliases of other tools (`Anger`, `happiness`). Without split folders all is Training. Pictures
 * become grey squares: the middle of a picture that is not square. Broken files are reported and left out.
 * @throws TrainError `BAD_IMAGE_FOLDER` if there is no class folder, no picture, or none that can be read
 */
export async function readImageFolder(folder: string, options: ImageFolderOptions = {}): Promise<Dataset> {
  const { size = 48, onWarning = () => {} } = options;
  if (!Number.isInteger(size) || size < 1)
    throw new TrainError('BAD_OPTION', `a picture size of ${size} is not possible`);
  const entries = await listEntries(folder, onWarning);
  const labels = EXPRESSIONS.filter((label) => entries.some((entry) => entry.label === label));
  const dataset: Dataset = {
    labels,
    width: size,
    height: size,
    count: entries.length,
    pixels: sharedBytes(entries.length * size * size),
    targets: Uint8Array.from(entries, (entry) => labels.indexOf(entry.label)),
    splits: Uint8Array.from(entries, (entry) => SPLITS.indexOf(entry.split)),
    rows: Uint32Array.from(entries, (_, row) => row),
    source: { path: folder, sha256: '' },
  };
  const { read, sha256 } = await decodeAll(dataset, folder, entries, onWarning);
  const source = { path: folder, sha256 };
  return checkDataset({ ...(read.length === entries.length ? dataset : takeRows(dataset, read)), source });
}

/** True if the folder has a class folder, or a split folder with one. */
export async function isImageFolder(folder: string): Promise<boolean> {
  return (await classFolders(folder, () => {})).length > 0;
}

interface ClassFolder {
  path: string;
  label: Expression;
  split: Split;
}

async function classFolders(folder: string, onWarning: (message: string) => void): Promise<ClassFolder[]> {
  const found: ClassFolder[] = [];
  for (const name of await foldersIn(folder)) {
    const [label, split, path] = [parseExpression(name), parseSplit(name), join(folder, name)];
    if (label !== undefined) found.push({ path, label, split: 'Training' });
    else if (split === undefined) onWarning(`${path} is left out: its name is no expression and no split`);
    else for (const inner of await classFolders(path, onWarning)) found.push({ ...inner, split });
  }
  return found;
}

async function listEntries(folder: string, onWarning: (message: string) => void): Promise<Entry[]> {
  const entries: Entry[] = [];
  const folders = await classFolders(folder, onWarning);
  for (const { path, label, split } of folders) {
    const names = (await readdir(path)).filter((name) => PICTURES.test(name)).sort();
    entries.push(...names.map((name) => ({ path: join(path, name), label, split })));
  }
  if (entries.length > 0) return entries;
  const why = folders.length === 0 ? 'no folder named after an expression' : 'no pictures in its class folders';
  throw new TrainError('BAD_IMAGE_FOLDER', `${folder} has ${why}`, 'lay them out as angry/1.png or train/angry/1.png');
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'));
  return folders.map((entry) => entry.name).sort();
}

/** Decodes into the data set; returns the rows that could be read and the hash of their files. */
async function decodeAll(
  dataset: Dataset,
  folder: string,
  entries: readonly Entry[],
  onWarning: (message: string) => void,
): Promise<{ read: Uint32Array; sha256: string }> {
  const read: number[] = [];
  const hash = createHash('sha256');
  for (let start = 0; start < entries.length; start += AT_ONCE) {
    const decoded = await Promise.all(
      entries.slice(start, start + AT_ONCE).map((entry) => decode(entry.path, dataset.width)),
    );
    decoded.forEach((picture, i) => {
      const { path, label, split } = entries[start + i]!;
      if (picture instanceof Error) {
        onWarning(`${path} is left out: ${picture.message.split('\n')[0]}`);
        return;
      }
      read.push(start + i);
      hash.update(`${split}/${label}\n`).update(picture.file);
      dataset.pixels.set(picture.pixels, (start + i) * imageSize(dataset));
    });
  }
  const broken = entries.length - read.length;
  if (read.length === 0)
    throw new TrainError('BAD_IMAGE_FOLDER', `none of the ${broken} pictures in ${folder} can be read`);
  if (broken > 0) onWarning(`${broken} of ${entries.length} pictures in ${folder} could not be read`);
  return { read: Uint32Array.from(read), sha256: hash.digest('hex') };
}

/** A picture as size x size grey bytes with its file, or why not: what is broken is a finding here, not a failure. */
async function decode(path: string, size: number): Promise<{ file: Buffer; pixels: Buffer } | Error> {
  try {
    const file = await readFile(path);
    const upright = sharp(file, { limitInputPixels: MOST_PIXELS, failOn: 'error' }).autoOrient().removeAlpha();
    const pixels = await upright
      .resize(size, size, { fit: 'cover' })
      .toColourspace('b-w')
      .extractChannel(0)
      .raw()
      .toBuffer();
    if (pixels.length !== size * size) return new Error(`it gave ${pixels.length} bytes`);
    return { file, pixels };
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
