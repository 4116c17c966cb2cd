import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BIN, ROOT, run } from './run.ts';
import { makeFolder, STAND_IN_ANSWER } from './stand-in.ts';

const PHOTO = join(ROOT, 'test/fixtures/astronaut.png');

describe('mememoji analyze', () => {
  let folder: string;
  let model: string;
  const analyze = (args: string[], input?: Uint8Array): ReturnType<typeof run> =>
    run(['analyze', ...args, '--model', model, '--threads', '1'], { cwd: folder, ...(input && { input }) });

  beforeAll(() => {
    ({ folder, model } = makeFolder());
    mkdirSync(join(folder, 'photos/deep'), { recursive: true });
    cpSync(PHOTO, join(folder, 'photos/one.png'));
    cpSync(PHOTO, join(folder, 'photos/deep/two.png'));
    writeFileSync(join(folder, 'photos/bad.png'), 'no picture');
    writeFileSync(join(folder, 'photos/notes.txt'), 'no picture, and not taken for one');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('prints an array with one entry for each picture, as JSON', async () => {
    const { code, stdout, stderr } = await analyze([PHOTO, '--format', 'json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const entries = JSON.parse(stdout);
    expect(entries).toHaveLength(1);
    const [{ faces, ...rest }] = entries;
    expect(rest).toEqual({ path: PHOTO, width: 512, height: 512 });
    expect(faces).toHaveLength(1);
    expect(Object.keys(faces[0]).sort()).toEqual(
      ['box', 'confidence', 'detection', 'dominant', 'doubts', 'expressions', 'id', 'landmarks', 'uncertain'].sort(),
    );
    // Where the face of the photo is, judged by eye.
    const { x, y, width, height } = faces[0].box;
    expect(Math.abs(x + width / 2 - 225)).toBeLessThan(20);
    expect(Math.abs(y + height / 2 - 120)).toBeLessThan(20);
    for (const [name, probability] of Object.entries(STAND_IN_ANSWER)) {
      expect(faces[0].expressions[name]).toBeCloseTo(probability, 5);
    }
    expect(faces[0]).toMatchObject({ id: 0, dominant: 'happy', doubts: ['unclear'], uncertain: true });
  });

  it('counts disgust as angry with --six', async () => {
    const { stdout } = await analyze([PHOTO, '--six', '--format', 'ndjson']);
    const { faces } = JSON.parse(stdout);
    expect(Object.keys(faces[0].expressions)).toEqual(['angry', 'fear', 'happy', 'sad', 'surprise', 'neutral']);
    expect(faces[0]).toMatchObject({ dominant: 'angry', doubts: [], uncertain: false });
    expect(faces[0].confidence).toBeCloseTo(0.35, 5);
  });

  it('looks for faces as often as --detection says', async () => {
    const small = await sharp(PHOTO).resize(180).toBuffer();
    const scene = sharp({ create: { width: 1280, height: 960, channels: 3, background: '#808080' } });
    await scene
      .composite([{ input: small, left: 900, top: 500 }])
      .png()
      .toFile(join(folder, 'far.png'));
    const faces = async (...args: string[]): Promise<number> => {
      const { stdout } = await analyze([join(folder, 'far.png'), '--format', 'ndjson', ...args]);
      return JSON.parse(stdout).faces.length;
    };
    // A face of 38 pixels: too small for one look at 192, and found by the one at 768.
    expect(await faces('--detection', 'video')).toBe(0);
    expect(await faces('--detection', 'thorough')).toBe(1);
    expect(await faces()).toBe(1);
  });

  it('reads standard input', async () => {
    const { code, stdout } = await analyze(['-', '--format', 'json'], readFileSync(PHOTO));
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([{ path: '-', width: 512, height: 512, faces: [{ id: 0 }] }]);
  });

  it('goes on after a bad picture, and fails at the end', async () => {
    const { code, stdout, stderr } = await analyze(['photos', 'gone.png', PHOTO, '--format', 'json']);
    const paths = ['photos/bad.png', 'photos/one.png', 'gone.png', PHOTO];
    const entries: { path: string; faces?: unknown[]; error?: { code: string } }[] = JSON.parse(stdout);
    expect(entries.map((entry) => entry.path)).toEqual(paths);
    expect(entries.map((entry) => entry.error?.code)).toEqual(['NOT_AN_IMAGE', undefined, 'FILE_NOT_FOUND', undefined]);
    expect(entries.map((entry) => entry.faces?.length)).toEqual([undefined, 1, undefined, 1]);
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^mememoji: photos\/bad\.png is not a picture/),
      expect.stringMatching(/^mememoji: gone\.png does not exist/),
      'mememoji: 2 of 4 files could not be read',
    ]);
    expect(code).toBe(1);
  });

  it('keeps a row for a picture that could not be read, in CSV', async () => {
    const { stdout } = await analyze(['photos', '--recursive', '--format', 'csv']);
    const rows = stdout
      .trim()
      .split('\n')
      .map((row) => row.split(','));
    const column = (name: string): (string | undefined)[] => rows.slice(1).map((row) => row[rows[0]!.indexOf(name)]);
    expect(column('path')).toEqual(['photos/bad.png', 'photos/deep/two.png', 'photos/one.png']);
    expect(column('success')).toEqual(['0', '1', '1']);
    expect(column('happy')).toEqual(['', '0.3', '0.3']);
    expect(column('error')).toEqual(['NOT_AN_IMAGE', '', '']);
  });

  it('writes the table without colour where nobody looks', async () => {
    const { stdout } = await analyze([PHOTO]);
    expect(stdout).toMatch(/astronaut\.png {2}512 x 512, 1 face\n/);
    expect(stdout).toMatch(/happy {5}███████/);
    expect(stdout).not.toContain('\u001b');
  });

  it('writes a whole file with --output', async () => {
    const { code, stdout } = await analyze([PHOTO, '--format', 'json', '--output', 'faces.json']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(JSON.parse(readFileSync(join(folder, 'faces.json'), 'utf8'))).toHaveLength(1);
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('ends quietly where the reader leaves', async () => {
    const child = spawn(process.execPath, ['--conditions=source', BIN, 'analyze', PHOTO, '--model', model]);
    let stderr = '';
    child.stderr.on('data', (text) => {
      stderr += text;
    });
    child.stdout.destroy();
    const [code] = await once(child, 'close');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('ends with 130 on Ctrl-C', async () => {
    const child = spawn(process.execPath, ['--conditions=source', BIN, 'analyze', '-', '--model', model]);
    child.stdin.on('error', () => undefined);
    // More than a pipe holds: when it has gone through, the command is reading.
    await new Promise((resolve) => child.stdin.write(Buffer.alloc(2 ** 20), resolve));
    child.kill('SIGINT');
    const [code] = await once(child, 'close');
    expect(code).toBe(130);
  });
});
