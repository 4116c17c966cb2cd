import {
  applySimilarity,
  intersectionArea,
  intersectionOverSmaller,
  intersectionOverUnion,
  invertSimilarity,
  similarityFromEyes,
  similarityFromSquare,
  similarityScale,
} from '@mememoji/vision/geometry';
import { describe, expect, it } from 'vitest';

const expectPoint = (actual: { x: number; y: number }, x: number, y: number) => {
  expect(actual.x).toBeCloseTo(x, 10);
  expect(actual.y).toBeCloseTo(y, 10);
};

describe('similarityFromSquare', () => {
  it('maps the corners of the crop onto the corners of an upright square', () => {
    const t = similarityFromSquare({ centre: { x: 100, y: 50 }, side: 40, angle: 0 }, 10);
    expectPoint(applySimilarity(t, { x: 0, y: 0 }), 80, 30);
    expectPoint(applySimilarity(t, { x: 10, y: 0 }), 120, 30);
    expectPoint(applySimilarity(t, { x: 0, y: 10 }), 80, 70);
    expect(similarityScale(t)).toBeCloseTo(4, 12);
  });

  it('turns from x towards y about the centre', () => {
    const t = similarityFromSquare({ centre: { x: 100, y: 50 }, side: 40, angle: Math.PI / 2 }, 10);
    expectPoint(applySimilarity(t, { x: 5, y: 5 }), 100, 50);
    // The crop's right edge points down, hence its top edge is the image's right one.
    expectPoint(applySimilarity(t, { x: 10, y: 5 }), 100, 70);
    expectPoint(applySimilarity(t, { x: 5, y: 0 }), 120, 50);
  });
});

describe('similarityFromEyes', () => {
  it('carries both eyes to their targets and keeps angles', () => {
    const from = [
      { x: 3, y: 7 },
      { x: 9, y: -2 },
    ] as const;
    const to = [
      { x: 16, y: 20 },
      { x: 32, y: 20 },
    ] as const;
    const t = similarityFromEyes(from, to);
    expectPoint(applySimilarity(t, from[0]), 16, 20);
    expectPoint(applySimilarity(t, from[1]), 32, 20);
    expect(similarityScale(t)).toBeCloseTo(16 / Math.hypot(6, 9), 12);
    // A right angle to the left of the first line is one to the left of the second, no mirror image.
    expectPoint(applySimilarity(t, { x: 3 - 9, y: 7 - 6 }), 16, 20 - 16);
  });
});

describe('invertSimilarity', () => {
  it('leads back', () => {
    const t = similarityFromSquare({ centre: { x: -3, y: 8.5 }, side: 17, angle: 0.7 }, 48);
    const back = invertSimilarity(t);
    expectPoint(applySimilarity(back, applySimilarity(t, { x: 12.25, y: -4 })), 12.25, -4);
    expect(similarityScale(back) * similarityScale(t)).toBeCloseTo(1, 12);
  });
});

describe('overlap of boxes', () => {
  const big = { x: 0, y: 0, width: 10, height: 10 };

  it('is measured in pixels, over the union and over the smaller box', () => {
    const other = { x: 5, y: 5, width: 10, height: 20 };
    expect(intersectionArea(big, other)).toBe(25);
    expect(intersectionOverUnion(big, other)).toBeCloseTo(25 / (100 + 200 - 25), 12);
    expect(intersectionOverSmaller(big, other)).toBeCloseTo(25 / 100, 12);
  });

  it('is 1 over the smaller of a box inside another', () => {
    const inside = { x: 2, y: 2, width: 4, height: 5 };
    expect(intersectionOverUnion(big, inside)).toBeCloseTo(0.2, 12);
    expect(intersectionOverSmaller(inside, big)).toBe(1);
  });

  it('is 0 for boxes that only touch, lie apart diagonally, or have no area', () => {
    for (const apart of [
      { x: 10, y: 0, width: 5, height: 5 },
      { x: 20, y: 20, width: 5, height: 5 },
      { x: 3, y: 3, width: 0, height: 0 },
    ]) {
      expect(intersectionArea(big, apart)).toBe(0);
      expect(intersectionOverUnion(big, apart)).toBe(0);
      expect(intersectionOverSmaller(big, apart)).toBe(0);
    }
  });
});
