import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeImage } from 'mememoji/decode';
import type { MememojiError } from 'mememoji/error';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const LIMIT = 1e6;
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mememoji-decode-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Left half red, right half blue; so that turning and mirroring show. */
function redBlue(width = 40, height = 20): Sharp {
  const data = Buffer.alloc(width * height * 3);
  for (let i = 0; i < width * height; i++) data[3 * i + (i % width < width / 2 ? 0 : 2)] = 255;
  return sharp(data, { raw: { width, height, channels: 3 } });
}

function pixel(
  image: { width: number; channels: number; data: Uint8Array | Uint8ClampedArray },
  x: number,
  y: number,
): number[] {
  const at = (y * image.width + x) * image.channels;
  return Array.from(image.data.subarray(at, at + image.channels));
}

async function failure(promise: Promise<unknown>): Promise<MememojiError> {
  return promise.then(
    () => expect.unreachable('it did not fail'),
    (error: MememojiError) => error,
  );
}

describe('decodeImage', () => {
  it.each(['png', 'jpeg', 'webp', 'gif', 'tiff', 'avif'] as const)('reads %s', async (format) => {
    const image = await decodeImage(await redBlue().toFormat(format).toBuffer(), LIMIT);
    expect([image.width, image.height, image.channels]).toEqual([40, 20, 3]);
    const [red, , blue] = pixel(image, 3, 3);
    expect(red).toBeGreaterThan(200);
    expect(blue).toBeLessThan(40);
  });

  it('reads a file by its path', async () => {
    const path = join(folder, 'red-blue.png');
    await redBlue().png().toFile(path);
    const image = await decodeImage(path, LIMIT);
    expect(pixel(image, 0, 0)).toEqual([255, 0, 0]);
    expect(pixel(image, 39, 19)).toEqual([0, 0, 255]);
  });

  it('turns a photo upright as its EXIF orientation says', async () => {
    // 6: the row 0 of the pixels is the right side of the picture.
    const bytes = await redBlue().withMetadata({ orientation: 6 }).jpeg({ quality: 100 }).toBuffer();
    const image = await decodeImage(bytes, LIMIT);
    expect([image.width, image.height]).toEqual([20, 40]);
    expect(pixel(image, 10, 3)[0]).toBeGreaterThan(200);
    expect(pixel(image, 10, 36)[2]).toBeGreaterThan(200);
  });

  it('lays transparent pixels over white', async () => {
    const data = Buffer.from([0, 0, 0, 0, 0, 0, 0, 255, 0, 0, 0, 128]);
    const bytes = await sharp(data, { raw: { width: 3, height: 1, channels: 4 } })
      .png()
      .toBuffer();
    const image = await decodeImage(bytes, LIMIT);
    expect([image.channels, pixel(image, 0, 0), pixel(image, 1, 0)]).toEqual([3, [255, 255, 255], [0, 0, 0]]);
    expect(Math.abs(pixel(image, 2, 0)[0]! - 127)).toBeLessThanOrEqual(1);
  });

  it('brings 16 bits a channel to 8', async () => {
    const rgb = sharp(Uint16Array.from([65535, 32896, 257]), { raw: { width: 1, height: 1, channels: 3 } });
    const bytes = await rgb.toColourspace('rgb16').png().toBuffer();
    expect((await sharp(bytes).metadata()).depth).toBe('ushort');
    pixel(await decodeImage(bytes, LIMIT), 0, 0).forEach((value, i) => {
      expect(Math.abs(value - [255, 128, 1][i]!)).toBeLessThanOrEqual(1);
    });
    const grey = sharp(Uint16Array.from([32896]), { raw: { width: 1, height: 1, channels: 1 } });
    const image = await decodeImage(await grey.toColourspace('grey16').png().toBuffer(), LIMIT);
    for (const value of pixel(image, 0, 0)) expect(Math.abs(value - 128)).toBeLessThanOrEqual(1);
  });

  it('reads grey, grey with transparency, and CMYK', async () => {
    const grey = await redBlue().greyscale().png().toBuffer();
    const values = pixel(await decodeImage(grey, LIMIT), 3, 3);
    expect(new Set(values).size).toBe(1);
    const glass = await sharp(grey).ensureAlpha(0).png().toBuffer();
    expect(new Set(pixel(await decodeImage(glass, LIMIT), 3, 3))).toEqual(new Set([255]));
    const cmyk = await decodeImage(await redBlue().toColourspace('cmyk').jpeg().toBuffer(), LIMIT);
    expect(cmyk.channels).toBe(3);
    const [red, , blue] = pixel(cmyk, 3, 3);
    expect(red).toBeGreaterThan(blue! + 100);
  });

  it('takes the first frame of an animation', async () => {
    const frames = [Buffer.alloc(300, 10), Buffer.alloc(300, 240)];
    const raw = { width: 10, height: 10, channels: 3 as const };
    const bytes = await sharp(await Promise.all(frames.map((frame) => sharp(frame, { raw }).png().toBuffer())), {
      join: { animated: true },
    })
      .gif()
      .toBuffer();
    expect((await sharp(bytes).metadata()).pages).toBe(2);
    const image = await decodeImage(bytes, LIMIT);
    expect([image.height, pixel(image, 5, 5)[0]]).toEqual([10, 10]);
  });
});

describe('decodeImage refuses', () => {
  it('a missing file', async () => {
    const error = await failure(decodeImage(join(folder, 'none.jpg'), LIMIT));
    expect([error.name, error.code]).toEqual(['MememojiError', 'FILE_NOT_FOUND']);
    expect(error.message).toContain('none.jpg does not exist');
  });

  it('a folder', async () => {
    const path = join(folder, 'photos.jpg');
    await mkdir(path);
    expect((await failure(decodeImage(path, LIMIT))).code).toBe('NOT_A_FILE');
  });

  it('nothing at all', async () => {
    const path = join(folder, 'empty.png');
    await writeFile(path, '');
    expect((await failure(decodeImage(path, LIMIT))).code).toBe('EMPTY_FILE');
    expect((await failure(decodeImage(new Uint8Array(0), LIMIT))).code).toBe('EMPTY_FILE');
  });

  it.each([
    ['text', 'emotion,pixels,Usage\n'],
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'],
    ['SVG with a declaration', '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'],
    ['PDF', '%PDF-1.7\n'],
    ['one byte', 'x'],
  ])('%s, which is not an image', async (_, content) => {
    const error = await failure(decodeImage(Buffer.from(content), LIMIT));
    expect(error.code).toBe('NOT_AN_IMAGE');
    expect(error.hint).toContain('JPEG, PNG, WebP');
  });

  it('HEIC that is only a beginning', async () => {
    const error = await failure(decodeImage(Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic'), LIMIT));
    expect([error.code, error.hint]).toEqual(['BROKEN_IMAGE', 'open and save it anew']);
  });

  it('a truncated or garbled picture', async () => {
    const photo = await redBlue(400, 300).jpeg().toBuffer();
    for (const bytes of [photo.subarray(0, photo.length >> 1), photo.subarray(0, 20)]) {
      const error = await failure(decodeImage(bytes, LIMIT));
      expect(error.code).toBe('BROKEN_IMAGE');
      expect(error.message).not.toContain('\n');
      expect(error.cause).toBeInstanceOf(Error);
    }
    const png = await redBlue(400, 300).png().toBuffer();
    png.fill(0, 60, 200);
    expect((await failure(decodeImage(png, LIMIT))).code).toBe('BROKEN_IMAGE');
  });

  it('more pixels than allowed, before it reads them', async () => {
    const bytes = await sharp({ create: { width: 5000, height: 5000, channels: 3, background: 'black' } })
      .png()
      .toBuffer();
    const error = await failure(decodeImage(bytes, LIMIT));
    expect(error.code).toBe('IMAGE_TOO_LARGE');
    expect(error.hint).toContain('1 megapixel');
  });
});
