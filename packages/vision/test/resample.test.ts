import { similarityFromSquare } from '@mememoji/vision/geometry';
import type { PixelImage } from '@mememoji/vision/image';
import { cropGrey, mirrorRows } from '@mememoji/vision/resample';
import { describe, expect, it } from 'vitest';

function grey(width: number, height: number, value: (x: number, y: number) => number): PixelImage {
  const data = Uint8Array.from({ length: width * height }, (_, i) => value(i % width, Math.floor(i / width)));
  return { width, height, channels: 1, data };
}

const whole = (size: number, crop: number, angle = 0) =>
  similarityFromSquare({ centre: { x: size / 2, y: size / 2 }, side: size, angle }, crop);

const crop = (image: PixelImage, transform: Parameters<typeof cropGrey>[1], size: number) =>
  Array.from(cropGrey(image, transform, size, size, new Float32Array(size * size)));

describe('cropGrey', () => {
  const ramp = grey(4, 4, (x, y) => 10 * x + 50 * y);

  it('copies pixels exactly at scale 1', () => {
    expect(crop(ramp, whole(4, 4), 4)).toEqual(Array.from(ramp.data));
  });

  it('turns by a right angle without touching values', () => {
    // Crop (x, y) shows the image at (3 - y, x).
    const expected = Array.from({ length: 16 }, (_, i) => 10 * (3 - Math.floor(i / 4)) + 50 * (i % 4));
    crop(ramp, whole(4, 4, Math.PI / 2), 4).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 4);
    });
  });

  it('interpolates linearly between pixel centres and repeats the edge beyond them', () => {
    const pair = grey(2, 2, (x) => 100 * x);
    const values = crop(pair, whole(2, 4), 4).slice(0, 4);
    expect(values).toEqual([0, 25, 75, 100]);
  });

  it('continues the edge pixels far outside the image', () => {
    const left = similarityFromSquare({ centre: { x: -50, y: 2 }, side: 4, angle: 0 }, 4);
    expect(crop(ramp, left, 4)).toEqual([0, 0, 0, 0, 50, 50, 50, 50, 100, 100, 100, 100, 150, 150, 150, 150]);
    const corner = similarityFromSquare({ centre: { x: 90, y: 90 }, side: 30, angle: 1 }, 3);
    for (const value of crop(ramp, corner, 3)) expect(value).toBeCloseTo(180, 4);
  });

  it.each([3, 5, 16, 37])('averages areas when it shrinks by %i, where point samples would alias', (factor) => {
    const size = 6 * factor;
    // Fine stripes of mean 100 everywhere; a bare bilinear sample would see 0, 200 or a moiré.
    const stripes = grey(size, size, (x, y) => ((x + y) % 2) * 200);
    for (const value of crop(stripes, whole(size, 6), 6)) expect(Math.abs(value - 100)).toBeLessThan(12);
    for (const value of crop(stripes, whole(size, 6, 0.4), 6)) expect(Math.abs(value - 100)).toBeLessThan(12);
  });

  it.each([3, 7, 12.5, 40])('keeps a ramp in its place when it shrinks by %d', (factor) => {
    const size = Math.round(factor * 10);
    const image = grey(size, size, (x) => Math.round((255 * (x + 0.5)) / size));
    const values = crop(image, whole(size, 10), 10);
    // The outermost pixels are pulled inwards by the repeated edge.
    for (let i = 1; i < 9; i++) expect(Math.abs(values[50 + i]! - (255 * (i + 0.5)) / 10)).toBeLessThan(0.3);
  });

  it('weighs the channels as BT.601 luma', () => {
    const data = Uint8Array.from([255, 0, 0, 0, 255, 0, 0, 0, 255, 90, 90, 90]);
    const values = crop({ width: 2, height: 2, channels: 3, data }, whole(2, 2), 2);
    [76.245, 149.685, 29.07, 90].forEach((luma, i) => {
      expect(values[i]).toBeCloseTo(luma, 3);
    });
  });

  it('lays transparent pixels over white', () => {
    const data = Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 255, 100, 100, 100, 51, 0, 0, 0, 128]);
    const values = crop({ width: 2, height: 2, channels: 4, data }, whole(2, 2), 2);
    [255, 0, 255 - (155 * 51) / 255, 127].forEach((expected, i) => {
      expect(values[i]).toBeCloseTo(expected, 3);
    });
  });

  it('rounds into bytes', () => {
    const bytes = cropGrey(
      grey(2, 2, (x) => 101 * x),
      whole(2, 4),
      4,
      4,
      new Uint8ClampedArray(16),
    );
    expect(Array.from(bytes.slice(0, 4))).toEqual([0, 25, 76, 101]);
  });
});

describe('mirrorRows', () => {
  it('swaps left and right in place, row by row', () => {
    const pixels = Float32Array.of(1, 2, 3, 4, 5, 6);
    mirrorRows(pixels, 3);
    expect(Array.from(pixels)).toEqual([3, 2, 1, 6, 5, 4]);
  });
});
