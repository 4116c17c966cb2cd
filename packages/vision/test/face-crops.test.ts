import { cropViews } from '@mememoji/vision/face-crops';
import type { PixelImage } from '@mememoji/vision/image';
import { describe, expect, it } from 'vitest';

describe('cropViews', () => {
  const image: PixelImage = { width: 4, height: 2, channels: 1, data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) };
  const square = (x: number) => ({ centre: { x, y: 1 }, side: 2, angle: 0 });
  const views = [
    { square: square(1), mirrored: false },
    { square: square(3), mirrored: true },
  ];

  it('cuts the views out one after the other, and mirrors those that are to be mirrored', () => {
    const crops = cropViews(image, views, { width: 2, height: 2 });
    expect(Array.from(crops)).toEqual([1, 2, 5, 6, 4, 3, 8, 7]);
  });

  it('is empty where there is no face', () => {
    expect(cropViews(image, [], { width: 2, height: 2 })).toHaveLength(0);
  });
});
