/** Pictures with transparency that are laid over an image, turned and scaled. */
import {
  applySimilarity,
  invertSimilarity,
  type Similarity,
  similarityFromSquare,
  type TurnedSquare,
} from '@mememoji/vision/geometry';
import type { Raster } from './annotate-raster.ts';

/**
 * A square of RGBA, 0..255, within a transparent border of one pixel, so that four neighbours are there at the edge as well.
 * Colours are times opacity: a mean of such pixels never shows the colour of what is transparent.
 */
interface Level {
  /** Without the border. */
  side: number;
  data: Float32Array;
}

/** A square picture in all sizes that it is drawn from, each half as large as the one before. */
export type Sprite = readonly Level[];

/** A level is enlarged by at most this, where there is a larger one. */
const LARGEST_SCALE = 1.33;

/** @param rgba a square of `side` x `side` pixels, colours not yet times opacity */
export function createSprite(rgba: Uint8Array, side: number): Sprite {
  const first = fillLevel(side, (x, y, channel) => {
    const at = 4 * (y * side + x);
    return channel === 3 ? rgba[at + 3]! : (rgba[at + channel]! * rgba[at + 3]!) / 255;
  });
  const levels = [first];
  for (let last = first; last.side % 2 === 0; levels.push(last)) last = halve(last);
  return levels;
}

function fillLevel(side: number, value: (x: number, y: number, channel: number) => number): Level {
  const data = new Float32Array(4 * (side + 2) * (side + 2));
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const at = indexOf(side, x, y);
      for (let channel = 0; channel < 4; channel++) data[at + channel] = value(x, y, channel);
    }
  }
  return { side, data };
}

/** Of the first number of a pixel; -1 and `side` are the border. */
function indexOf(side: number, x: number, y: number): number {
  return 4 * ((y + 1) * (side + 2) + x + 1);
}

function halve({ side, data }: Level): Level {
  const below = 4 * (side + 2);
  return fillLevel(side / 2, (x, y, channel) => {
    const at = indexOf(side, 2 * x, 2 * y) + channel;
    return (data[at]! + data[at + 4]! + data[at + below]! + data[at + below + 4]!) / 4;
  });
}

/** Lays a sprite over a square of the image, which may reach beyond the image's edge. */
export function drawSprite(raster: Raster, sprite: Sprite, square: TurnedSquare): void {
  const level = sprite.findLast(({ side }) => side * LARGEST_SCALE >= square.side) ?? sprite[0]!;
  const toImage = similarityFromSquare(square, level.side);
  const corners = [
    { x: 0, y: 0 },
    { x: level.side, y: 0 },
    { x: 0, y: level.side },
    { x: level.side, y: level.side },
  ].map((corner) => applySimilarity(toImage, corner));
  const columns = clip(
    corners.map(({ x }) => x),
    raster.width,
  );
  const rows = clip(
    corners.map(({ y }) => y),
    raster.height,
  );
  const toSprite = invertSimilarity(toImage);
  for (let y = rows[0]; y < rows[1]; y++) blendRow(raster, level, toSprite, y, columns);
}

/** Whole pixels of 0..size that the values lie between. */
function clip(values: readonly number[], size: number): [from: number, to: number] {
  return [Math.max(0, Math.floor(Math.min(...values))), Math.min(size, Math.ceil(Math.max(...values)))];
}

/** One row of the image: each pixel is bilinear between four of the sprite, and lies over what was there. */
function blendRow(
  { width, data: out }: Raster,
  { side, data }: Level,
  { a, b, tx, ty }: Similarity,
  row: number,
  [from, to]: readonly [number, number],
): void {
  const below = 4 * (side + 2);
  // In pixels of the sprite, with whole numbers at their middles.
  const startX = -b * (row + 0.5) + tx - 0.5;
  const startY = a * (row + 0.5) + ty - 0.5;
  for (let column = from, at = 3 * (row * width + from); column < to; column++, at += 3) {
    const x = a * (column + 0.5) + startX;
    const y = b * (column + 0.5) + startY;
    if (x <= -1 || y <= -1 || x >= side || y >= side) continue;
    const left = Math.floor(x);
    const top = Math.floor(y);
    const i = indexOf(side, left, top);
    const j = i + below;
    const [fx, fy] = [x - left, y - top];
    const [p, q, r, s] = [(1 - fx) * (1 - fy), fx * (1 - fy), (1 - fx) * fy, fx * fy];
    const opacity = p * data[i + 3]! + q * data[i + 7]! + r * data[j + 3]! + s * data[j + 7]!;
    if (opacity === 0) continue;
    const keep = 1 - opacity / 255;
    out[at] = p * data[i]! + q * data[i + 4]! + r * data[j]! + s * data[j + 4]! + keep * out[at]!;
    out[at + 1] = p * data[i + 1]! + q * data[i + 5]! + r * data[j + 1]! + s * data[j + 5]! + keep * out[at + 1]!;
    out[at + 2] = p * data[i + 2]! + q * data[i + 6]! + r * data[j + 2]! + s * data[j + 6]! + keep * out[at + 2]!;
  }
}
