import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mapAhead } from '../src/analysis/map-ahead.ts';
import { PicturePool } from '../src/analysis/picture-pool.ts';
import { findInputs } from '../src/inputs.ts';
import { kindByContent, kindByName, kindOf } from '../src/media.ts';
import { timeOption } from '../src/time-options.ts';
import { ROOT } from './run.ts';
import { makeFolder } from './stand-in.ts';

const PHOTO = join(ROOT, 'test/fixtures/astronaut.png');

describe('mapAhead', () => {
  it('keeps the order, whichever is ready first, and never has more under way than told', async () => {
    let [running, most] = [0, 0];
    const work = async (item: number): Promise<number> => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 10 - 2 * (item % 5)));
      running -= 1;
      return item * item;
    };
    const items = Array.from({ length: 20 }, (_, i) => i);
    const results: number[] = [];
    for await (const result of mapAhead(items, work, 3)) results.push(result);
    expect(results).toEqual(items.map((item) => item * item));
    expect(most).toBe(3);
  });

  it('does one after the other if told so', async () => {
    const seen: string[] = [];
    const work = async (item: number) => seen.push(`start ${item}`);
    for await (const _ of mapAhead([1, 2], work, 1)) seen.push('used');
    expect(seen).toEqual(['start 1', 'used', 'start 2', 'used']);
  });

  it('throws what the work throws, when its turn comes', async () => {
    const results: number[] = [];
    const work = (item: number) => (item === 2 ? Promise.reject(new Error('two')) : Promise.resolve(item));
    const run = async () => {
      for await (const result of mapAhead([1, 2, 3], work, 3)) results.push(result);
    };
    await expect(run()).rejects.toThrow('two');
    expect(results).toEqual([1]);
  });
});

describe('timeOption', () => {
  it.each([
    ['0', 0],
    ['12.5', 12.5],
    ['1:30', 90],
    ['0:00:01.25', 1.25],
    ['2:03:04', 7384],
    ['90:00', 5400],
  ])('reads %s as %d seconds', (text, seconds) => expect(timeOption(text)).toBe(seconds));

  it.each(['', 'x', '-1', '1:60', '1:2:3:4', '1.5:00', '1:', '1e3'])('refuses %j', (text) => {
    expect(() => timeOption(text)).toThrow('It must be seconds');
  });
});

describe('the kind of a file', () => {
  it.each([
    ['\xff\xd8\xff\xe0', 'picture'],
    ['\0\0\0\x18ftypheic', 'picture'],
    ['\0\0\0\x20ftypavif', 'picture'],
    ['\0\0\0\x18ftypmif1\0\0\0\0mif1avif', 'picture'],
    ['\0\0\0\x18ftypisom', 'video'],
    ['\x1a\x45\xdf\xa3\x01', 'video'],
    ['RIFF1234AVI LIST', 'video'],
    ['RIFF1234WAVEfmt ', undefined],
    [`G${'x'.repeat(187)}G${'x'.repeat(187)}G`, 'video'],
    ['Good morning', undefined],
    ['', undefined],
  ])('by its first bytes %j is %s', (bytes, kind) => {
    expect(kindByContent(Buffer.from(bytes, 'latin1'))).toBe(kind);
  });

  it('is told by the name where the content does not', () => {
    expect(['a.JPG', 'b.heic', 'c.MP4', 'd.webm', 'e.ts', 'f.txt'].map(kindByName)).toEqual([
      ...['picture', 'picture', 'video', 'video', undefined, undefined],
    ]);
  });

  it('of what is nothing known is left to the reader of pictures', async () => {
    expect(await kindOf(PHOTO)).toBe('picture');
    expect(await kindOf(join(ROOT, 'nowhere'))).toBe('picture');
    expect(await kindOf('https://example.org/film')).toBe('video');
  });
});

describe('inputs', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'mememoji-media-'));
    for (const name of ['b.png', 'a.mp4', 'notes.txt', 'program.ts']) writeFileSync(join(folder, name), '');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('of a folder are pictures, and videos where they are wanted', async () => {
    const names = async (kinds: ('picture' | 'video')[]) =>
      (await findInputs([folder], false, { kinds })).map(({ path }) => path.slice(folder.length + 1));
    expect(await names(['picture'])).toEqual(['b.png']);
    expect(await names(['picture', 'video'])).toEqual(['a.mp4', 'b.png']);
  });

  it('may be a folder of frames, or an address', async () => {
    const found = await findInputs([folder, 'https://example.org/a?*.mp4'], false, {
      kinds: ['picture'],
      frames: true,
    });
    expect(found).toEqual([{ path: folder, kind: 'video' }, { path: 'https://example.org/a?*.mp4' }]);
  });
});

describe('PicturePool', () => {
  let folder: string;
  let model: string;
  beforeAll(() => {
    ({ folder, model } = makeFolder());
    cpSync(PHOTO, join(folder, 'photo.png'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('reads in threads what the analyzer reads, and passes faults on', async () => {
    const pool = new PicturePool({ model }, 2);
    const paths = ['photo.png', 'gone.png', 'photo.png'].map((name) => join(folder, name));
    const [first, gone, second] = await Promise.allSettled(paths.map((path) => pool.analyze(path)));
    expect(first).toMatchObject({
      status: 'fulfilled',
      value: { image: { width: 512, height: 512 }, faces: [{ id: 0 }] },
    });
    expect(second).toEqual(first);
    expect(gone).toMatchObject({ status: 'rejected', reason: { code: 'FILE_NOT_FOUND', hint: 'check the path' } });
    await pool.close();
    await pool.close();
  });

  it('refuses everything if a thread cannot begin', async () => {
    writeFileSync(join(folder, 'no-model.onnx'), 'x');
    const pool = new PicturePool({ model: join(folder, 'no-model.onnx') }, 2);
    await expect(pool.analyze(join(folder, 'photo.png'))).rejects.toMatchObject({ code: 'BAD_MODEL' });
    await pool.close();
  });
});
