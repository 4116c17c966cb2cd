import type { PixelImage } from './image.ts';
import { addRow, rowLength } from './image-rows.ts';

/**
 * An image with a pixel for each `factor` x `factor` of the pixels of another, their mean; at the right and lower edge of
 * those that are left. What lies at (x, y) then lies at (x, y) / factor. Transparent pixels stand on white, and the alpha
 * channel is gone; a factor of 1 gives the image itself.
 */
export function shrinkImage(image: PixelImage, factor: number): PixelImage {
  if (factor === 1) return image;
  const width = Math.ceil(image.width / factor);
  const height = Math.ceil(image.height / factor);
  const channels = image.channels === 1 ? 1 : 3;
  const data = new Uint8ClampedArray(width * height * channels);
  const line = new Float64Array(rowLength(image));
  for (let row = 0; row < height; row++) {
    const end = Math.min((row + 1) * factor, image.height);
    const rows = end - row * factor;
    line.fill(0);
    for (let imageRow = row * factor; imageRow < end; imageRow++) addRow(image, imageRow, 1 / rows, line);
    averageCells(line, channels, factor, data.subarray(row * width * channels, (row + 1) * width * channels));
  }
  return { width, height, channels, data };
}

/** Each pixel of `out` becomes the mean of `factor` pixels of the line, the last one of those that are left. */
function averageCells(line: Float64Array, channels: number, factor: number, out: Uint8ClampedArray): void {
  for (let i = 0; i < out.length; i++) {
    const channel = i % channels;
    const from = ((i - channel) / channels) * factor * channels + channel;
    const to = Math.min(from + factor * channels, line.length);
    let sum = 0;
    let count = 0;
    for (let at = from; at < to; at += channels, count++) sum += line[at]!;
    out[i] = sum / count;
  }
}
