import { basename } from 'node:path';
import { EXPRESSIONS } from '@mememoji/vision/expression';
import { checkDataset, type Dataset, SPLITS, sharedBytes } from './dataset.ts';
import { TrainError } from './error.ts';
import { type LineSink, readLines } from './text-lines.ts';

const COMMA = 44;
const SPACE = 32;
const QUOTE = 34;
const ZERO = 48;
const SPLIT_NAMES: readonly string[] = SPLITS;
const COLUMNS = ['emotion', 'pixels', 'usage'] as const;
/** Rows in one block of the growing pixel store: 2.4 MB at 48x48. */
const BLOCK_ROWS = 1024;

export interface Fer2013Options {
  /** Side of the square pictures in pixels; 48 unless the file was made with another. */
  size?: number;
}

/**
 * Reads `fer2013.csv` of the Kaggle challenge, plain or gzip: a header with emotion, pixels and Usage in any order, then
 * a row per picture: label 0..6, size*size grey values 0..255 separated by spaces, split name.
 * Streams: beside the pixels (twice for a moment, at the end) it holds one chunk.
 * @throws TrainError with the row's number (from 1, header not counted) for any bad row; `TRUNCATED_FILE` where the last row is cut off
 */
export async function readFer2013(path: string, options: Fer2013Options = {}): Promise<Dataset> {
  const size = options.size ?? 48;
  if (!Number.isInteger(size) || size < 1)
    throw new TrainError('BAD_OPTION', `a picture size of ${size} is not possible`);
  const table = new Fer2013Table(basename(path), size);
  const { sha256 } = await readLines(path, table);
  if (table.count === 0) throw new TrainError('EMPTY_FILE', `${basename(path)} has a header but no rows`);
  return table.finish({ path, sha256 });
}

/** Collects the rows of the CSV while its lines come in. */
class Fer2013Table implements LineSink {
  count = 0;
  private readonly name: string;
  private readonly side: number;
  private readonly blocks: Uint8Array[] = [];
  private readonly targets: number[] = [];
  private readonly splits: number[] = [];
  /** Position of emotion, pixels and Usage among the columns. */
  private columns: readonly number[] | undefined;
  private columnCount = 0;

  constructor(name: string, side: number) {
    this.name = name;
    this.side = side;
  }

  line(bytes: Uint8Array, number: number, ended: boolean): void {
    if (this.columns === undefined) {
      this.readHeader(bytes);
      return;
    }
    if (bytes.length === 0) return;
    const fault = this.readRow(bytes, this.columns);
    if (fault === undefined) return;
    const where = `${this.name}, row ${this.count + 1} (line ${number})`;
    if (ended) throw new TrainError('BAD_ROW', `${where}: ${fault}`, 'repair the row or get the file again');
    throw new TrainError(
      'TRUNCATED_FILE',
      `${where}: the file ends in the middle of the row (${fault})`,
      'get the file again',
    );
  }

  finish(source: Dataset['source']): Dataset {
    const { count, side } = this;
    const pixels = sharedBytes(count * side * side);
    this.blocks.forEach((block, i) => {
      const start = i * block.length;
      pixels.set(block.subarray(0, pixels.length - start), start);
    });
    return checkDataset({
      labels: EXPRESSIONS,
      width: side,
      height: side,
      count,
      pixels,
      targets: Uint8Array.from(this.targets),
      splits: Uint8Array.from(this.splits),
      rows: Uint32Array.from({ length: count }, (_, row) => row),
      source,
    });
  }

  private readHeader(bytes: Uint8Array): void {
    const names = parseHeader(bytes);
    const missing = COLUMNS.filter((column) => !names.includes(column));
    if (missing.length > 0) {
      throw new TrainError(
        'BAD_HEADER',
        `${this.name} is not a FER2013 table: its first line lacks the column${missing.length > 1 ? 's' : ''} ${missing.join(', ')}`,
        "the first line must be 'emotion,pixels,Usage'",
      );
    }
    this.columns = COLUMNS.map((column) => names.indexOf(column));
    this.columnCount = names.length;
  }

  /** Takes one row in; returns what is wrong with it, or undefined. */
  private readRow(bytes: Uint8Array, columns: readonly number[]): string | undefined {
    const fields = splitFields(bytes, this.columnCount);
    if (typeof fields === 'string') return fields;
    const [emotion, pixels, usage] = columns.map((column) => fields[column]!);
    const target = parseTarget(text(emotion!));
    if (typeof target === 'string') return target;
    const split = parseUsage(text(usage!));
    if (typeof split === 'string') return split;
    const fault = parsePixels(pixels!, this.nextImage());
    if (fault !== undefined) return fault;
    this.targets.push(target);
    this.splits.push(split);
    this.count++;
    return undefined;
  }

  private nextImage(): Uint8Array {
    const size = this.side * this.side;
    const within = this.count % BLOCK_ROWS;
    if (within === 0) this.blocks[this.count / BLOCK_ROWS] = new Uint8Array(BLOCK_ROWS * size);
    return this.blocks.at(-1)!.subarray(within * size, (within + 1) * size);
  }
}

/** Column names of a header line in lower case, without spaces, quotes and byte-order mark. */
export function parseHeader(bytes: Uint8Array): string[] {
  return text(bytes)
    .replace(/^\uFEFF/, '')
    .split(',')
    .map((name) => name.replaceAll('"', '').trim().toLowerCase());
}

function splitFields(bytes: Uint8Array, expected: number): Uint8Array[] | string {
  const fields: Uint8Array[] = [];
  let start = 0;
  for (let end = bytes.indexOf(COMMA); end >= 0; end = bytes.indexOf(COMMA, start)) {
    fields.push(bytes.subarray(start, end));
    start = end + 1;
  }
  fields.push(bytes.subarray(start));
  return fields.length === expected ? fields : `${fields.length} columns instead of ${expected}`;
}

function parseTarget(field: string): number | string {
  const label = field.replaceAll('"', '').trim();
  return /^[0-6]$/.test(label) ? Number(label) : `the label ${quote(label)} is not in 0 to 6`;
}

function parseUsage(field: string): number | string {
  const usage = field.replaceAll('"', '').trim();
  const split = SPLIT_NAMES.indexOf(usage);
  return split >= 0 ? split : `the Usage ${quote(usage)} is none of ${SPLITS.join(', ')}`;
}

/** Writes the values into `image`, which they must fill exactly; returns what is wrong, or undefined. */
function parsePixels(field: Uint8Array, image: Uint8Array): string | undefined {
  let count = 0;
  let value = -1;
  for (let i = 0; i <= field.length; i++) {
    const byte = i < field.length ? field[i]! : SPACE;
    const digit = byte - ZERO;
    if (digit >= 0 && digit <= 9) {
      value = value < 0 ? digit : value * 10 + digit;
      if (value > 255) return `pixel ${count + 1} is above 255`;
    } else if (byte !== SPACE && byte !== QUOTE) {
      return `pixel ${count + 1} is not a whole number (${quote(String.fromCharCode(byte))} found)`;
    } else if (value >= 0) {
      if (count < image.length) image[count] = value;
      count++;
      value = -1;
    }
  }
  return count === image.length ? undefined : `${count} pixels instead of ${image.length}`;
}

/** A piece of foreign text for a message: short, on one line. */
function quote(piece: string): string {
  return JSON.stringify(piece.length > 20 ? `${piece.slice(0, 20)}...` : piece);
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
