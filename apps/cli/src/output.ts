import type { Writable } from 'node:stream';
import type { Context } from './context.ts';
import { writeFileWhole } from './whole-files.ts';

export type Format = 'json' | 'ndjson' | 'csv' | 'table';

/**
 * Writes a command's data, piece by piece, to standard output, or to `file`, which appears only when it is whole: it is
 * written beside and then renamed.
 * @throws CliError `BAD_OUTPUT` if the file cannot be written; whatever `pieces` throws.
 */
export async function writeOutput(
  pieces: AsyncIterable<string> | Iterable<string>,
  file: string | undefined,
  context: Context,
): Promise<void> {
  if (file !== undefined) return writeFileWhole(file, pieces);
  for await (const piece of pieces) await writePiece(context.stdout, piece);
}

/** Waits while the reader is slower than the writer. */
function writePiece(stream: Writable, piece: string): Promise<void> {
  return new Promise((resolve) => {
    if (stream.write(piece)) resolve();
    else stream.once('drain', resolve);
  });
}

/** One line of CSV (RFC 4180) with its end; undefined is an empty field. */
export function csvLine(fields: readonly (string | number | undefined)[]): string {
  return `${fields.map(csvField).join(',')}\n`;
}

function csvField(field: string | number | undefined): string {
  const text = String(field ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A table of text in columns that line up; those of numbers to the right. The first row is the head. */
export function alignColumns(rows: readonly (readonly (string | number)[])[]): string {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, String(cell).length);
    });
  const line = (row: readonly (string | number)[]): string =>
    row
      .map((cell, i) => pad(cell, widths[i] ?? 0, isNumeric(rows, i)))
      .join('  ')
      .trimEnd();
  return `${rows.map(line).join('\n')}\n`;
}

function pad(cell: string | number, width: number, right: boolean): string {
  return right ? String(cell).padStart(width) : String(cell).padEnd(width);
}

function isNumeric(rows: readonly (readonly (string | number)[])[], column: number): boolean {
  return rows.slice(1).every((row) => typeof row[column] === 'number');
}

/** Whether to use colour on a stream: only on a terminal, and never against NO_COLOR (https://no-color.org). */
export function hasColour(stream: { isTTY?: boolean }, env: Context['env']): boolean {
  return stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
}
