import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT, run } from './run.ts';
import { makeFolder } from './stand-in.ts';

const PHOTO = join(ROOT, 'test/fixtures/astronaut.png');

describe('mememoji meme', () => {
  let folder: string;
  let model: string;
  const meme = (args: string[], input?: Uint8Array): ReturnType<typeof run> =>
    run(['meme', ...args, '--model', model, '--threads', '1'], { cwd: folder, ...(input && { input }) });

  beforeAll(async () => {
    ({ folder, model } = makeFolder());
    mkdirSync(join(folder, 'photos/deep'), { recursive: true });
    copyFileSync(PHOTO, join(folder, 'photos/one.png'));
    await sharp(PHOTO).jpeg().toFile(join(folder, 'photos/two.jpg'));
    await sharp(PHOTO).tiff().toFile(join(folder, 'photos/deep/one.tiff'));
    writeFileSync(join(folder, 'photos/bad.png'), 'no picture');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Share of pixels that were changed, within the face and outside it. */
  async function changesIn(file: string): Promise<{ face: number; elsewhere: number }> {
    const raw = (path: string) => sharp(path).removeAlpha().raw().toBuffer();
    const [before, after] = [await raw(PHOTO), await raw(join(folder, file))];
    const count = { face: 0, elsewhere: 0 };
    for (let i = 0; i < before.length; i += 3) {
      const [x, y] = [(i / 3) % 512, Math.floor(i / 3 / 512)];
      if (before[i] === after[i] && before[i + 1] === after[i + 1] && before[i + 2] === after[i + 2]) continue;
      // Where the face is, by eye: 110 pixels around (224, 118).
      if (Math.abs(x - 224) < 55 && Math.abs(y - 118) < 55) count.face++;
      else count.elsewhere++;
    }
    return { face: count.face / 110 ** 2, elsewhere: count.elsewhere / (512 ** 2 - 110 ** 2) };
  }

  it('covers the face, and nothing far from it, with the emoji of the two likeliest', async () => {
    const { code, stdout, stderr } = await meme([PHOTO, '-o', 'out.png']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    // The stand-in says angry 0.2, disgust 0.15, happy 0.3: with disgust, angry is the likeliest.
    expect(stdout.split('\n').slice(0, 2)).toEqual([
      expect.stringMatching(/^picture +faces +drawn +file$/),
      expect.stringMatching(/astronaut\.png +1 +angry-happy +out\.png$/),
    ]);
    const { face, elsewhere } = await changesIn('out.png');
    expect(face).toBeGreaterThan(0.95);
    expect(elsewhere).toBeLessThan(0.06);
  });

  it('draws boxes with --style, and bars with --bars', async () => {
    const { stdout } = await meme([PHOTO, '-o', 'boxes.png', '--style', 'boxes']);
    await meme([PHOTO, '-o', 'bars.png', '--style', 'boxes', '--bars']);
    expect(stdout).toMatch(/astronaut\.png +1 +happy +boxes\.png/);
    const [boxes, bars] = [await changesIn('boxes.png'), await changesIn('bars.png')];
    expect(boxes.face).toBeLessThan(0.2);
    expect(boxes.elsewhere).toBeGreaterThan(0);
    expect(bars.elsewhere).toBeGreaterThan(2 * boxes.elsewhere);
  });

  it('writes several pictures into a folder, in the format of each, and goes on after a bad one', async () => {
    const { code, stdout, stderr } = await meme(['photos', '-o', 'drawn', '--recursive']);
    expect(readdirSync(join(folder, 'drawn')).sort()).toEqual(['one.png', 'one-2.png', 'two.jpg'].sort());
    expect((await sharp(join(folder, 'drawn/two.jpg')).metadata()).format).toBe('jpeg');
    expect(stdout.trim().split('\n')).toHaveLength(4);
    expect(stderr).toMatch(
      /^mememoji: photos\/bad\.png is not a picture.*\nmememoji: 1 of 4 pictures could not be read\n$/,
    );
    expect(code).toBe(1);
  });

  it('writes one picture into a folder that is there, and as JPEG or WebP by the name', async () => {
    mkdirSync(join(folder, 'there'));
    await meme([PHOTO, '-o', 'there']);
    await meme([PHOTO, '-o', 'new/deep/out.webp']);
    expect(existsSync(join(folder, 'there/astronaut.png'))).toBe(true);
    expect((await sharp(join(folder, 'new/deep/out.webp')).metadata()).format).toBe('webp');
  });

  it('reads standard input', async () => {
    const { code, stdout } = await meme(['-', '-o', 'stdin.png'], readFileSync(PHOTO));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^- +1 +angry-happy +stdin\.png$/m);
  });

  it('leaves a picture without a face as it is', async () => {
    const plain = { create: { width: 300, height: 200, channels: 3 as const, background: '#406080' } };
    await sharp(plain).png().toFile(join(folder, 'plain.png'));
    const { code, stdout } = await meme(['plain.png', '-o', 'same.png']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/plain\.png +0 +nothing +same\.png/);
    const [before, after] = await Promise.all(
      ['plain.png', 'same.png'].map((name) => sharp(join(folder, name)).raw().toBuffer()),
    );
    expect(after).toEqual(before);
  });

  it.each([
    ['by its own name', ['photos/one.png', '-o', 'photos/one.png']],
    ['in its own folder', ['photos', '-o', 'photos']],
    ['through a link', ['photos/one.png', '-o', 'link.png']],
  ])('refuses to overwrite a picture that it reads, %s', async (_, args) => {
    if (!existsSync(join(folder, 'link.png'))) symlinkSync(join(folder, 'photos/one.png'), join(folder, 'link.png'));
    const { code, stdout, stderr } = await meme(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/is one of the pictures to read\. Choose another --output\n$/);
    expect(readFileSync(join(folder, 'photos/one.png'))).toEqual(readFileSync(PHOTO));
  });

  it.each([
    ['without an output', [PHOTO], 2, /option '-o, --output <path>' not specified/],
    ['with an ending that is no format', [PHOTO, '-o', 'out.gif'], 2, /'out\.gif' tells no format/],
    ['with a style that is none', [PHOTO, '-o', 'x.png', '--style', 'hats'], 2, /'hats' is invalid/],
    ['for a picture that is not there', ['gone.png', '-o', 'x.png'], 1, /gone\.png does not exist/],
    ['for a picture that is none', ['photos/bad.png', '-o', 'x.png'], 1, /photos\/bad\.png is not a picture/],
    ['where a file is in the way', ['photos', '-o', 'stand-in.onnx'], 1, /cannot write 'stand-in\.onnx/],
  ])('fails %s', async (_, args, expected, message) => {
    const { code, stderr } = await meme(args);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n').at(-1)).toMatch(/^mememoji: /);
    expect(code).toBe(expected);
    expect(existsSync(join(folder, 'x.png'))).toBe(false);
  });
});
