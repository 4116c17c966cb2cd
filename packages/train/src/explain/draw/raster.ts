import type { PixelImage } from '@mememoji/vision/image';
import type { Heatmap } from '../explanation.ts';
import type { Colour } from './colour-map.ts';

/** A picture in which each pixel is computed by itself; x and y are whole numbers. */
export function paint(width: number, height: number, colour: (x: number, y: number) => Colour): PixelImage {
  const data = new Uint8ClampedArray(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) data.set(colour(x, y), at);
  }
  return { width, height, channels: 3, data };
}

/** A map as large as `width` x `height`, each of its numbers a block of one colour. */
export function paintBlocks(
  map: Heatmap,
  width: number,
  height: number,
  colour: (value: number) => Colour,
): PixelImage {
  return paint(width, height, (x, y) => {
    const column = Math.floor(((x + 0.5) * map.width) / width);
    const row = Math.floor(((y + 0.5) * map.height) / height);
    return colour(map.data[row * map.width + column]!);
  });
}

/** The value of a map at a point of it, 0..1 to the right and down: bilinear between the middles of its cells. */
export function sample({ width, height, data }: Heatmap, x: number, y: number): number {
  const column = Math.min(Math.max(x * width - 0.5, 0), width - 1);
  const row = Math.min(Math.max(y * height - 0.5, 0), height - 1);
  const [left, top] = [Math.floor(column), Math.floor(row)];
  const [right, below] = [Math.min(left + 1, width - 1), Math.min(top + 1, height - 1)];
  const along = (line: number): number => {
    const a = data[line * width + left]!;
    return a + (column - left) * (data[line * width + right]! - a);
  };
  return along(top) + (row - top) * (along(below) - along(top));
}

/** A photo in another size. */
export function scaleImage(image: PixelImage, width: number, height: number): PixelImage {
  const planes = [0, 1, 2].map((channel) => planeOf(image, channel));
  return paint(width, height, (x, y) => {
    const at = (channel: 0 | 1 | 2): number => sample(planes[channel]!, (x + 0.5) / width, (y + 0.5) / height);
    return [at(0), at(1), at(2)];
  });
}

function planeOf({ width, height, channels, data }: PixelImage, channel: number): Heatmap {
  const offset = channels === 1 ? 0 : channel;
  return { width, height, data: Float32Array.from({ length: width * height }, (_, i) => data[i * channels + offset]!) };
}

/** BT.601 luma of a pixel. */
export function luma([red, green, blue]: Colour): number {
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}
