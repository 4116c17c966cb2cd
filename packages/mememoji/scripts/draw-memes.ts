/**
 * Draws the emoji of all 36 memes into `memes/`, and a sheet of them for the documentation.
 * Run: node --conditions=source packages/mememoji/scripts/draw-memes.ts
 */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SIX_EXPRESSIONS } from '@mememoji/vision/expression';
import { allMemes, memeName } from '@mememoji/vision/meme';
import sharp from 'sharp';
import { textWidth } from '../src/annotate-font.ts';
import { drawText, type Raster } from '../src/annotate-raster.ts';
import { createSprite, drawSprite } from '../src/annotate-sprite.ts';
import { drawMeme, readIcons } from './meme-artwork.ts';

const MEMES = join(import.meta.dirname, '../memes');
const SHEET = join(import.meta.dirname, '../../../docs/images/memes.png');

/** Side of the pictures in pixels; a power of two times three, so that they can be halved often. */
const SIDE = 384;

/** A meme with its picture. */
export interface DrawnMeme {
  name: string;
  png: Buffer;
}

/** All pictures, the same on each run. */
export async function drawMemes(): Promise<DrawnMeme[]> {
  // Whoever decodes pictures of strangers blocks SVG in the whole process; these are our own.
  sharp.unblock({ operation: ['VipsForeignLoadSvg'] });
  const icons = readIcons();
  const drawn: DrawnMeme[] = [];
  for (const meme of allMemes()) {
    const name = memeName(meme);
    const picture = sharp(Buffer.from(drawMeme(name, icons, SIDE)));
    drawn.push({ name, png: await picture.png({ palette: true, colours: 64, dither: 0, effort: 10 }).toBuffer() });
  }
  return drawn;
}

const CELL = 128;
const MARGIN = { left: 110, top: 44 };
const FONT = 20;

/** A table of all memes: a row for each stronger expression, a column for each weaker one. */
export async function drawSheet(drawn: readonly DrawnMeme[]): Promise<Buffer> {
  const [width, height] = [MARGIN.left + 6 * CELL + 8, MARGIN.top + 6 * CELL + 8];
  const raster: Raster = { width, height, channels: 3, data: new Uint8ClampedArray(3 * width * height).fill(255) };
  SIX_EXPRESSIONS.forEach((expression, i) => {
    const middle = MARGIN.left + (i + 0.5) * CELL - textWidth(expression, FONT) / 2;
    drawText(raster, expression, { x: middle, y: 30 }, FONT, [26, 32, 44]);
    drawText(raster, expression, { x: 12, y: MARGIN.top + (i + 0.5) * CELL + 5 }, FONT, [26, 32, 44]);
  });
  for (const [i, { png }] of drawn.entries()) {
    const { data, info } = await sharp(png).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
    const centre = { x: MARGIN.left + ((i % 6) + 0.5) * CELL, y: MARGIN.top + (Math.floor(i / 6) + 0.5) * CELL };
    drawSprite(raster, createSprite(data, info.width), { centre, side: CELL - 16, angle: 0 });
  }
  return sharp(raster.data, { raw: { width, height, channels: 3 } })
    .png({ palette: true, effort: 10 })
    .toBuffer();
}

function writeWhole(file: string, content: Uint8Array): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.tmp`, content);
  renameSync(`${file}.tmp`, file);
}

if (import.meta.main) {
  const drawn = await drawMemes();
  for (const { name, png } of drawn) writeWhole(join(MEMES, `${name}.png`), png);
  writeWhole(SHEET, await drawSheet(drawn));
}
