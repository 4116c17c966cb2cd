import { createReadStream } from 'node:fs';
import type { Entry } from './entry.ts';
import { CliError } from './errors.ts';
import type { LineFormatName } from './line-formats.ts';
import { lineSchema } from './output-schema.ts';

const ANEW = 'begin anew without --resume';

/**
 * The paths that a finished file of one of the line formats tells of, each once.
 * @param head with which the file must begin
 * @throws CliError `BAD_RESUME`
 */
export async function readPaths(file: string, format: LineFormatName, head: string): Promise<string[]> {
  const paths = new Set<string>();
  if (format === 'ndjson') {
    for await (const line of readLines(file)) paths.add(pathOfLine(line, file));
    return [...paths];
  }
  let column: number | undefined;
  for await (const cells of readRecords(file)) {
    if (column === undefined) column = findColumn(cells, head, file);
    else paths.add(cells[column] ?? '');
  }
  return [...paths];
}

/**
 * The entries of a file of NDJSON.
 * @param name for messages
 * @throws CliError `BAD_RESUME`
 */
export async function* readEntries(file: string, name: string): AsyncGenerator<Entry> {
  for await (const line of readLines(file)) {
    const { data, error } = lineSchema.safeParse(parseLine(line, name));
    if (data === undefined) {
      throw new CliError('BAD_RESUME', `'${name}' has a line that is none of this program`, ANEW, { cause: error });
    }
    yield data;
  }
}

function findColumn(cells: readonly string[], head: string, file: string): number {
  if (`${cells.join(',')}\n` !== head) {
    throw new CliError('BAD_RESUME', `'${file}' has other columns`, ANEW);
  }
  return Math.max(cells.indexOf('path'), cells.indexOf('input'));
}

function pathOfLine(line: string, file: string): string {
  const value = parseLine(line, file);
  return typeof value === 'object' && value !== null && 'path' in value ? String(value.path) : '';
}

function parseLine(line: string, name: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new CliError('BAD_RESUME', `'${name}' has a line that is not JSON`, ANEW, { cause });
  }
}

async function* readLines(file: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(file, 'utf8')) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== '') yield rest;
}

/** Records of CSV (RFC 4180); a quoted field may hold commas, quotes and line breaks. */
export async function* readRecords(file: string): AsyncGenerator<string[]> {
  let record = '';
  for await (const line of readLines(file)) {
    record = record === '' ? line : `${record}\n${line}`;
    if (count(record, '"') % 2 === 1) continue;
    yield splitRecord(record);
    record = '';
  }
}

function splitRecord(record: string): string[] {
  const fields = record.match(/("(?:[^"]|"")*"|[^,]*)(,|$)/g) ?? [];
  const texts = fields.map((field) => field.replace(/,$/, ''));
  if (texts.length > 1 && !record.endsWith(',')) texts.pop(); // the empty match at the end
  return texts.map((text) => (text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text));
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}
