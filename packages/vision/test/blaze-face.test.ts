import {
  type Detection,
  decodeBlazeFace,
  LANDMARK_NAMES,
  mergePasses,
  uniteDetections,
} from '@mememoji/vision/blaze-face';
import type { Landmarks } from '@mememoji/vision/result';
import { describe, expect, it } from 'vitest';

const logit = (p: number) => Math.log(p / (1 - p));

function detection(score: number, x: number, y: number, size: number): Detection {
  const landmarks = Object.fromEntries(LANDMARK_NAMES.map((name, i) => [name, { x: x + i, y: y - i }]));
  return {
    score,
    box: { x, y, width: size, height: size },
    landmarks: landmarks as Record<keyof Landmarks, { x: number; y: number }>,
  };
}

describe('decodeBlazeFace', () => {
  // A network input of 64x32 has 16x8 anchors.
  const placement = { width: 64, offsetX: 0, offsetY: 0, scaleX: 1, scaleY: 1 };
  const empty = () => ({ reg: new Float32Array(128 * 16), cls: new Float32Array(128).fill(-20) });

  it('reads box and keypoints from the anchor of its cell', () => {
    const { reg, cls } = empty();
    const anchor = 3 * 16 + 5; // row 3, column 5: centre (22, 14)
    cls[anchor] = logit(0.9);
    reg.set([1, -2, 12, 20, -3, -4, 5, -4, 0, 1, 0.5, 6, -7, 0, 8, 0], anchor * 16);
    const [face, ...others] = decodeBlazeFace(reg, cls, placement, 0.5);
    expect(others).toEqual([]);
    expect(face!.score).toBeCloseTo(0.9, 6);
    expect(face!.box).toEqual({ x: 23 - 6, y: 12 - 10, width: 12, height: 20 });
    expect(face!.landmarks).toEqual({
      rightEye: { x: 19, y: 10 },
      leftEye: { x: 27, y: 10 },
      nose: { x: 22, y: 15 },
      mouth: { x: 22.5, y: 20 },
      rightEar: { x: 15, y: 14 },
      leftEar: { x: 30, y: 14 },
    });
  });

  it('undoes the letterbox', () => {
    const { reg, cls } = empty();
    cls[0] = 5;
    reg.set([8, 8, 10, 10, 2, 2], 0);
    const [face] = decodeBlazeFace(reg, cls, { width: 64, offsetX: 4, offsetY: 2, scaleX: 3, scaleY: 2 }, 0.5);
    // Centre (10, 10) of the input is ((10 - 4) * 3, (10 - 2) * 2) of the image.
    expect(face!.box).toEqual({ x: 18 - 15, y: 16 - 10, width: 30, height: 20 });
    expect(face!.landmarks.rightEye).toEqual({ x: 0, y: 4 });
  });

  it('keeps what reaches the threshold and drops the rest', () => {
    const { reg, cls } = empty();
    cls[7] = 0;
    cls[8] = -0.001;
    cls[9] = logit(0.7);
    expect(decodeBlazeFace(reg, cls, placement, 0.5).map(({ score }) => score)).toEqual([0.5, expect.closeTo(0.7, 6)]);
    expect(decodeBlazeFace(reg, cls, placement, 0.6)).toHaveLength(1);
  });
});

describe('uniteDetections', () => {
  it('averages overlapping boxes and keypoints by score and keeps the best score', () => {
    const united = uniteDetections([detection(0.6, 2, 0, 20), detection(0.9, 0, 0, 20), detection(0.8, 100, 100, 20)]);
    expect(united.map(({ score }) => score)).toEqual([0.9, 0.8]);
    expect(united[0]!.box.x).toBeCloseTo((0.6 * 2) / 1.5, 12);
    expect(united[0]!.box.width).toBeCloseTo(20, 12);
    expect(united[0]!.landmarks.mouth.x).toBeCloseTo((0.6 * 2) / 1.5 + 3, 12);
    expect(united[0]!.landmarks.mouth.y).toBeCloseTo(-3, 12);
    expect(united[1]).toEqual(detection(0.8, 100, 100, 20));
  });

  it('unites by overlap with the best one only, not through a chain', () => {
    // 0 and 6 of 20 px share 14/26 of their union, 0 and 12 share 8/32.
    const united = uniteDetections([detection(0.9, 0, 0, 20), detection(0.8, 6, 0, 20), detection(0.7, 12, 0, 20)]);
    expect(united.map(({ score }) => score)).toEqual([0.9, 0.7]);
  });

  it('keeps a detection without area and an empty list as they are', () => {
    expect(uniteDetections([])).toEqual([]);
    expect(uniteDetections([detection(0.9, 5, 5, 0)])).toHaveLength(1);
  });
});

describe('mergePasses', () => {
  it('keeps the better of two that overlap, unchanged', () => {
    const merged = mergePasses([[detection(0.7, 0, 0, 20)], [detection(0.9, 3, 0, 20), detection(0.6, 50, 0, 8)]]);
    expect(merged).toEqual([detection(0.9, 3, 0, 20), detection(0.6, 50, 0, 8)]);
  });

  it('drops a box that lies mostly inside a better one though they share little of their union', () => {
    const merged = mergePasses([[detection(0.9, 0, 0, 100)], [detection(0.8, 40, 40, 20), detection(0.8, 90, 0, 25)]]);
    expect(merged).toEqual([detection(0.9, 0, 0, 100), detection(0.8, 90, 0, 25)]);
  });
});
