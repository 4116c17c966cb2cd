import type { PixelImage } from './image.ts';

/** Numbers in a row of an image without its alpha channel: one or three for each pixel. */
export function rowLength({ width, channels }: PixelImage): number {
  return channels === 1 ? width : 3 * width;
}

/**
 * line += weight * row: the sum of rows, from which averages over areas are made. Transparent pixels stand on white.
 * @param line {@link rowLength} numbers, grey or interleaved RGB.
 */
export function addRow({ width, channels, data }: PixelImage, row: number, weight: number, line: Float64Array): void {
  const start = row * width * channels;
  if (channels !== 4) {
    for (let i = 0; i < line.length; i++) line[i]! += weight * data[start + i]!;
    return;
  }
  for (let x = 0, at = start, to = 0; x < width; x++, at += 4, to += 3) {
    const alpha = (weight * data[at + 3]!) / 255;
    const white = 255 * (weight - alpha);
    line[to]! += white + alpha * data[at]!;
    line[to + 1]! += white + alpha * data[at + 1]!;
    line[to + 2]! += white + alpha * data[at + 2]!;
  }
}
