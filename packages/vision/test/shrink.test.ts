import { shrinkImage } from '@mememoji/vision/shrink';
import { describe, expect, it } from 'vitest';

describe('shrinkImage', () => {
  it('averages cells, those at the edges over what is left', () => {
    const data = Uint8Array.from([0, 20, 100, 40, 60, 200, 7, 9, 30]);
    const image = shrinkImage({ width: 3, height: 3, channels: 1, data }, 2);
    expect(image).toEqual({ width: 2, height: 2, channels: 1, data: Uint8ClampedArray.from([30, 150, 8, 30]) });
  });

  it('keeps channels apart', () => {
    const data = Uint8Array.from([10, 0, 200, 30, 100, 100]);
    const image = shrinkImage({ width: 2, height: 1, channels: 3, data }, 2);
    expect(image).toEqual({ width: 1, height: 1, channels: 3, data: Uint8ClampedArray.from([20, 50, 150]) });
  });

  it('lays transparent pixels over white before it averages', () => {
    const data = Uint8Array.from([0, 0, 0, 0, 55, 55, 55, 255]);
    const image = shrinkImage({ width: 2, height: 1, channels: 4, data }, 2);
    expect(image).toEqual({ width: 1, height: 1, channels: 3, data: Uint8ClampedArray.from([155, 155, 155]) });
  });

  it('gives the image itself for a factor of 1', () => {
    const image = { width: 1, height: 1, channels: 4 as const, data: Uint8Array.from([1, 2, 3, 4]) };
    expect(shrinkImage(image, 1)).toBe(image);
  });
});
