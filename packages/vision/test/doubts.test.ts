import {
  BLURRED_BELOW,
  findDoubts,
  type GreyCrop,
  noseShift,
  SMALL_BELOW,
  sharpnessOf,
  TURNED_ABOVE,
  withConfidence,
} from '@mememoji/vision/doubts';
import type { Landmarks, Point } from '@mememoji/vision/result';
import { describe, expect, it } from 'vitest';
import { faceAt, landmarksAt, randomNumbers } from './faces.ts';

const SIDE = 40;

/** A picture of soft spots, blurred by a Gaussian of `sigma` pixels. */
function spots(sigma: number, contrast = 1): GreyCrop {
  const random = randomNumbers(3);
  const centres = Array.from({ length: 60 }, () => ({
    x: SIDE * random(),
    y: SIDE * random(),
    bright: random() - 0.5,
  }));
  const spread = 2 * (1 + sigma * sigma);
  const data = Float32Array.from({ length: SIDE * SIDE }, (_, i) => {
    const x = i % SIDE;
    const y = Math.floor(i / SIDE);
    // A spot of variance 1 blurred by sigma is one of variance 1 + sigma², and paler by that.
    const light = centres.map((c) => (c.bright * Math.exp(-((x - c.x) ** 2 + (y - c.y) ** 2) / spread) * 2) / spread);
    return 128 + contrast * 100 * light.reduce((a, b) => a + b);
  });
  return { width: SIDE, height: SIDE, data };
}

function turnedBy(landmarks: Landmarks, angle: number): Landmarks {
  const turn = ({ x, y }: Point): Point => ({
    x: x * Math.cos(angle) - y * Math.sin(angle),
    y: x * Math.sin(angle) + y * Math.cos(angle),
  });
  return {
    rightEye: turn(landmarks.rightEye),
    leftEye: turn(landmarks.leftEye),
    nose: turn(landmarks.nose),
    mouth: turn(landmarks.mouth),
    rightEar: turn(landmarks.rightEar),
    leftEar: turn(landmarks.leftEar),
  };
}

describe('findDoubts', () => {
  const good = { ...faceAt(100, 100, 100), confidence: 0.9 };

  it('has nothing against a large, sharp, frontal face with a clear answer', () => {
    expect(findDoubts(good, spots(0), 0.5)).toEqual([]);
  });

  it('names each doubt, and all of them in one order', () => {
    const small = faceAt(100, 100, SMALL_BELOW - 0.5).box;
    const turned = landmarksAt(100, 100, 100, 0.31);
    expect(findDoubts({ ...good, confidence: 0.49 }, spots(0), 0.5)).toEqual(['unclear']);
    expect(findDoubts({ ...good, box: small }, spots(0), 0.5)).toEqual(['small']);
    expect(findDoubts({ ...good, landmarks: turned }, spots(0), 0.5)).toEqual(['turned']);
    expect(findDoubts(good, spots(4), 0.5)).toEqual(['blurred']);
    const worst = { box: small, landmarks: turned, confidence: 0.3 };
    expect(findDoubts(worst, spots(4), 0.5)).toEqual(['unclear', 'small', 'turned', 'blurred']);
  });

  it('measures a face by its longer side', () => {
    const narrow = { ...good.box, width: SMALL_BELOW / 2, height: SMALL_BELOW };
    expect(findDoubts({ ...good, box: narrow }, spots(0), 0.5)).toEqual([]);
  });
});

describe('withConfidence', () => {
  it('decides only about unclear', () => {
    expect(withConfidence(['unclear', 'small'], 0.6, 0.5)).toEqual(['small']);
    expect(withConfidence(['small'], 0.4, 0.5)).toEqual(['unclear', 'small']);
    expect(withConfidence(['unclear'], 0.4, 0.5)).toEqual(['unclear']);
  });
});

describe('noseShift', () => {
  it('is the same for a tilted head, and for one that looks to the other side', () => {
    for (const shift of [0, 0.1, -0.1, 0.4]) {
      // The eyes of these faces are half a size apart.
      for (const angle of [0, 0.5, -2, 3]) {
        expect(noseShift(turnedBy(landmarksAt(20, 30, 80, shift), angle))).toBeCloseTo(2 * Math.abs(shift), 9);
      }
    }
  });

  it('is beyond all bounds where the eyes fall together', () => {
    const { rightEye, ...rest } = landmarksAt(0, 0, 100);
    expect(noseShift({ ...rest, rightEye, leftEye: rightEye })).toBeGreaterThan(TURNED_ABOVE);
  });
});

describe('sharpnessOf', () => {
  it('is what the definition gives for a chequerboard', () => {
    const data = Float32Array.from({ length: 64 }, (_, i) => ((i + Math.floor(i / 8)) % 2 === 0 ? 0 : 2));
    // Each neighbour differs by 2: the Laplacian is 8 or -8, its variance 64, that of the pixels 1.
    expect(sharpnessOf({ width: 8, height: 8, data })).toBeCloseTo(64, 6);
  });

  it('falls with blur and does not change with contrast and brightness', () => {
    const levels = [0, 0.5, 1, 2, 4].map((sigma) => sharpnessOf(spots(sigma)));
    expect(levels).toEqual([...levels].sort((a, b) => b - a));
    expect(levels[0]).toBeGreaterThan(BLURRED_BELOW);
    expect(levels.at(-1)).toBeLessThan(BLURRED_BELOW);
    expect(sharpnessOf(spots(1, 0.1))).toBeCloseTo(sharpnessOf(spots(1)), 4);
  });

  it('is 0 for an even surface', () => {
    expect(sharpnessOf({ width: 8, height: 8, data: new Uint8Array(64).fill(90) })).toBe(0);
  });
});
