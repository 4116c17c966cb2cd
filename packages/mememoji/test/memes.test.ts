import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { allMemes, memeName } from '@mememoji/vision/meme';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { drawMemes } from '../scripts/draw-memes.ts';

const FOLDER = join(import.meta.dirname, '../memes');
const NAMES = allMemes().map(memeName);

interface Picture {
  width: number;
  height: number;
  data: Buffer;
}

async function decode(png: Buffer): Promise<Picture> {
  const { data, info } = await sharp(png).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
}

/** Mean difference of a number of a pixel, 0..255. */
function difference(a: Picture, b: Picture): number {
  return a.data.reduce((sum, value, i) => sum + Math.abs(value - b.data[i]!), 0) / a.data.length;
}

describe('the pictures of the memes', () => {
  const committed = new Map(NAMES.map((name) => [name, readFileSync(join(FOLDER, `${name}.png`))]));

  it('are one for each meme, and no others', () => {
    expect(readdirSync(FOLDER).sort()).toEqual(['LICENSE.txt', ...NAMES.map((name) => `${name}.png`)].sort());
  });

  it('are small enough to be shipped, all together', () => {
    const bytes = NAMES.reduce((sum, name) => sum + statSync(join(FOLDER, `${name}.png`)).size, 0);
    expect(bytes).toBeLessThan(400_000);
  });

  it('are what the script draws', async () => {
    const drawn = await drawMemes();
    expect(drawn.map(({ name }) => name)).toEqual(NAMES);
    for (const { name, png } of drawn) {
      const [now, then] = [await decode(png), await decode(committed.get(name)!)];
      expect([now.width, now.height]).toEqual([then.width, then.height]);
      // Not to the bit: the drawing of SVG may differ in a shade from machine to machine.
      expect(difference(now, then), name).toBeLessThan(0.5);
    }
  });

  it('all differ visibly', async () => {
    const pictures = await Promise.all(
      NAMES.map(async (name) => ({
        name,
        picture: await decode(await sharp(committed.get(name)!).resize(64).png().toBuffer()),
      })),
    );
    pictures.forEach((one, i) => {
      for (const other of pictures.slice(i + 1)) {
        expect(difference(one.picture, other.picture), `${one.name} and ${other.name}`).toBeGreaterThan(1);
      }
    });
  });

  it('are square, transparent in the corners and opaque in the middle', async () => {
    for (const [name, png] of committed) {
      const { width, height, data } = await decode(png);
      expect(width, name).toBe(height);
      const opacity = (x: number, y: number): number => data[4 * (y * width + x) + 3]!;
      expect([opacity(0, 0), opacity(width - 1, height - 1), opacity(0, height - 1)], name).toEqual([0, 0, 0]);
      expect(opacity(width / 2, height / 2), name).toBe(255);
    }
  });

  it('name their artist, licence and version', () => {
    const icons = JSON.parse(
      readFileSync(new URL(import.meta.resolve('@iconify-json/fluent-emoji-flat/package.json')), 'utf8'),
    );
    const root = join(import.meta.dirname, '../../..');
    for (const file of [join(root, 'NOTICE'), join(FOLDER, 'LICENSE.txt')]) {
      const text = readFileSync(file, 'utf8').replaceAll(/\s+/g, ' ');
      expect(text).toContain(`${icons.name} ${icons.version}`);
      expect(text).toContain('Microsoft Corporation');
      expect(text).toContain(`${icons.license} License`);
    }
  });
});
