import type { PixelImage } from '@mememoji/vision/image';
import { describe, expect, it } from 'vitest';
import { cropFace } from '../../src/explain/face-crop.ts';
import { specOf } from '../helpers/tiny-classifier.ts';

const point = { x: 0, y: 0 };
/** Upright, since the eyes are level. */
const landmarks = {
  rightEye: { x: 30, y: 30 },
  leftEye: { x: 50, y: 30 },
  nose: point,
  mouth: point,
  rightEar: point,
  leftEar: point,
};

/** Red grows to the right, green downwards, blue stays; each pixel tells where it is. */
function gradient(channels: 3 | 4, size = 100): PixelImage {
  const data = new Uint8Array(size * size * channels);
  for (let i = 0; i < size * size; i++) {
    data.set([(2 * i) % (2 * size), 2 * Math.floor(i / size), 77, 255].slice(0, channels), i * channels);
  }
  return { width: size, height: size, channels, data };
}

describe('cropFace', () => {
  const face = { box: { x: 20, y: 30, width: 40, height: 40 }, landmarks };

  it.each([3, 4] as const)('shows the same square in grey and in colour, of %i channels', (channels) => {
    const { pixels, photo } = cropFace(gradient(channels), face, specOf(8), 8);
    expect(photo).toMatchObject({ width: 8, height: 8, channels: 3 });
    for (let i = 0; i < 64; i++) {
      const [red, green, blue] = [0, 1, 2].map((channel) => photo.data[i * 3 + channel]!) as [number, number, number];
      expect(Math.abs(0.299 * red + 0.587 * green + 0.114 * blue - pixels[i]!)).toBeLessThan(1);
    }
    // The middle of the upper left pixel of 8 lies at 20 + 2.5, 30 + 2.5; that pixel of the image is 22, 32.
    expect(photo.data[0]).toBeCloseTo(2 * 22, -0.5);
    expect(photo.data[1]).toBeCloseTo(2 * 32, -0.5);
    expect(photo.data[2]).toBe(77);
  });

  it('repeats the edge where the face reaches beyond the image', () => {
    const { photo } = cropFace(
      gradient(3),
      { ...face, box: { x: -200, y: -200, width: 50, height: 50 } },
      specOf(8),
      8,
    );
    expect([...photo.data.subarray(0, 3)]).toEqual([0, 0, 77]);
  });

  it('puts transparent pixels on white, and takes grey images', () => {
    const clear: PixelImage = { width: 100, height: 100, channels: 4, data: new Uint8Array(40000) };
    expect([...cropFace(clear, face, specOf(8), 8).photo.data.subarray(0, 3)]).toEqual([255, 255, 255]);
    const grey: PixelImage = { width: 100, height: 100, channels: 1, data: new Uint8Array(10000).fill(9) };
    expect([...cropFace(grey, face, specOf(8), 8).photo.data.subarray(0, 3)]).toEqual([9, 9, 9]);
  });
});
