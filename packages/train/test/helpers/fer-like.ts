import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXPRESSIONS } from '@mememoji/vision/expression';
import { onTestFinished } from 'vitest';
import { checkDataset, type Dataset, SPLITS, type Split } from '../../src/dataset.ts';
import { Random } from '../../src/random.ts';

/** One row of a table like FER2013's. */
export interface FerRow {
  emotion: number;
  /** size * size values 0..255. */
  pixels: number[];
  usage: Split;
}

export interface FerLikeOptions {
  rows: number;
  /** Side of the pictures. */
  size: number;
  seed?: number;
  /** Share of the rows in each test split. */
  testShare?: number;
}

/**
 * Rows whose class can be learned: grey noise with a bright bar at a height that the class decides. Classes take turns,
 * splits are in the order of FER2013.
 */
export function ferLikeRows({ rows, size, seed = 1, testShare = 0.2 }: FerLikeOptions): FerRow[] {
  const random = new Random(seed);
  const test = Math.round(rows * testShare);
  return Array.from({ length: rows }, (_, row): FerRow => {
    const emotion = row % EXPRESSIONS.length;
    const usage = row < rows - 2 * test ? 'Training' : row < rows - test ? 'PublicTest' : 'PrivateTest';
    return { emotion, pixels: barPicture(emotion, size, random), usage };
  });
}

function barPicture(emotion: number, size: number, random: Random): number[] {
  const bar = Math.floor(((emotion + 0.5) * size) / EXPRESSIONS.length);
  return Array.from({ length: size * size }, (_, i) =>
    Math.floor(i / size) === bar ? 200 + random.int(56) : random.int(100),
  );
}

/** The text of the table. */
export function ferLikeCsv(rows: readonly FerRow[]): string {
  const lines = rows.map(({ emotion, pixels, usage }) => `${emotion},${pixels.join(' ')},${usage}\n`);
  return `emotion,pixels,Usage\n${lines.join('')}`;
}

/** The text of a FER+ table for the rows: eight votes for the label, one for neutral, one unknown. */
export function ferPlusLikeCsv(rows: readonly FerRow[]): string {
  const order = ['anger', 'disgust', 'fear', 'happiness', 'sadness', 'surprise', 'neutral'];
  const columns = ['neutral', 'happiness', 'surprise', 'sadness', 'anger', 'disgust', 'fear', 'contempt'];
  const lines = rows.map(({ emotion, usage }, row) => {
    const votes = columns.map((column) => (column === order[emotion] ? 8 : 0) + (column === 'neutral' ? 1 : 0));
    return `${usage},fer${String(row).padStart(7, '0')}.png,${votes.join(',')},1,0\n`;
  });
  return `Usage,Image name,${columns.join(',')},unknown,NF\n${lines.join('')}`;
}

/** The rows as a data set in memory. */
export function datasetOf(rows: readonly FerRow[]): Dataset {
  const size = Math.sqrt(rows[0]?.pixels.length ?? 0);
  return checkDataset({
    labels: EXPRESSIONS,
    width: size,
    height: size,
    count: rows.length,
    pixels: Uint8Array.from(rows.flatMap((row) => row.pixels)),
    targets: Uint8Array.from(rows, (row) => row.emotion),
    splits: Uint8Array.from(rows, (row) => SPLITS.indexOf(row.usage)),
    rows: Uint32Array.from(rows, (_, row) => row),
    source: { path: 'memory', sha256: '00' },
  });
}

/** An empty folder that goes when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mememoji-train-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A file with this content in a folder of its own; returns its path. */
export function temporaryFile(name: string, content: string | Uint8Array): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, content);
  return path;
}
