import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findInputs } from '../src/inputs.ts';

describe('findInputs', () => {
  let folder: string;
  const find = async (paths: string[], recursive = false): Promise<string[]> => {
    const inputs = await findInputs(
      paths.map((path) => join(folder, path)),
      recursive,
    );
    return inputs.map(({ path, error }) => `${path.slice(folder.length + 1)}${error === undefined ? '' : ' error'}`);
  };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'mememoji-inputs-'));
    mkdirSync(join(folder, 'deep/deeper'), { recursive: true });
    for (const name of ['img10.JPG', 'img2.jpg', 'notes.txt', 'x[1].png', 'deep/a.webp', 'deep/deeper/b.tiff']) {
      writeFileSync(join(folder, name), '');
    }
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('takes the pictures of a folder by name, numbers by size', async () => {
    expect(await find(['.'])).toEqual(['img2.jpg', 'img10.JPG', 'x[1].png']);
  });

  it('looks deeper if asked', async () => {
    expect(await find(['.'], true)).toEqual(['deep/a.webp', 'deep/deeper/b.tiff', 'img2.jpg', 'img10.JPG', 'x[1].png']);
    expect(await find(['deep'])).toEqual(['deep/a.webp']);
  });

  it('keeps the order of the arguments, and files whatever their name', async () => {
    expect(await find(['notes.txt', 'img10.JPG', 'deep'])).toEqual(['notes.txt', 'img10.JPG', 'deep/a.webp']);
  });

  it('expands patterns, and takes a file for a file where its name looks like one', async () => {
    expect(await find(['**/*.{webp,tiff}'])).toEqual(['deep/a.webp', 'deep/deeper/b.tiff']);
    expect(await find(['x[1].png'])).toEqual(['x[1].png']);
  });

  it('tells what leads nowhere, and leaves a missing file to its reader', async () => {
    expect(await find(['*.gif', 'deep/deeper', 'gone.png'])).toEqual(['*.gif error', 'deep/deeper/b.tiff', 'gone.png']);
    expect((await findInputs(['-'], false)).map(({ path }) => path)).toEqual(['-']);
  });
});
