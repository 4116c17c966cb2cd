import { execFileSync } from 'node:child_process';
import { createReadStream, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Context, processContext } from '../src/context.ts';
import { alignColumns, csvLine, hasColour, writeOutput } from '../src/output.ts';

describe('writeOutput', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mememoji-output-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('writes piece by piece to standard output, however slow the reader', async () => {
    const stdout = new PassThrough({ highWaterMark: 4 });
    const context: Context = { ...processContext(), stdout };
    const read = text(stdout);
    await writeOutput(['hello ', 'slow ', 'world'], undefined, context);
    stdout.end();
    expect(await read).toBe('hello slow world');
  });

  it('leaves the old file alone where the data breaks off', async () => {
    const file = join(folder, 'data.csv');
    writeFileSync(file, 'old');
    async function* breaking(): AsyncGenerator<string> {
      yield 'new';
      throw new Error('broke off');
    }
    await expect(writeOutput(breaking(), file, processContext())).rejects.toThrow('broke off');
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['data.csv']);
    await writeOutput(['new'], file, processContext());
    expect(readFileSync(file, 'utf8')).toBe('new');
    expect(readdirSync(folder)).toEqual(['data.csv']);
  });

  it('does not replace a folder', async () => {
    await expect(writeOutput(['x'], folder, processContext())).rejects.toMatchObject({ code: 'BAD_OUTPUT' });
  });
});

describe.skipIf(process.platform === 'win32')('writeOutput to what is no file', () => {
  it('writes into it and leaves it what it is', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mememoji-pipe-'));
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const read = text(createReadStream(pipe));
    await writeOutput(['through ', 'a pipe'], pipe, processContext());
    expect(await read).toBe('through a pipe');
    expect(statSync(pipe).isFIFO()).toBe(true);
    rmSync(folder, { recursive: true });
  });
});

describe('csvLine', () => {
  it('quotes what would be misread', () => {
    expect(csvLine(['a', 1.5, undefined, 'b,c', 'd"e', 'f\ng'])).toBe('a,1.5,,"b,c","d""e","f\ng"\n');
  });
});

describe('alignColumns', () => {
  it('lines up text to the left and numbers to the right', () => {
    expect(
      alignColumns([
        ['name', 'count'],
        ['cnn9', 7],
        ['a', 1200],
      ]),
    ).toBe('name  count\ncnn9      7\na      1200\n');
  });
});

describe('hasColour', () => {
  it('is for terminals whose user does not mind', () => {
    expect(hasColour({ isTTY: true }, {})).toBe(true);
    expect(hasColour({}, {})).toBe(false);
    expect(hasColour({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
    expect(hasColour({ isTTY: true }, { TERM: 'dumb' })).toBe(false);
  });
});
