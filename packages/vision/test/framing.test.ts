import { eyeAngle, frameFace, frameTwice } from '@mememoji/vision/framing';
import type { Landmarks } from '@mememoji/vision/result';
import { describe, expect, it } from 'vitest';

const nowhere = { x: 0, y: 0 };
const withEyes = (rightEye: { x: number; y: number }, leftEye: { x: number; y: number }): Landmarks => ({
  rightEye,
  leftEye,
  nose: nowhere,
  mouth: nowhere,
  rightEar: nowhere,
  leftEar: nowhere,
});
const box = { x: 100, y: 200, width: 60, height: 80 };

describe('eyeAngle', () => {
  it('is 0 where the eyes are level and a right angle where the left eye is straight below', () => {
    expect(eyeAngle(withEyes({ x: 10, y: 5 }, { x: 30, y: 5 }))).toBe(0);
    expect(eyeAngle(withEyes({ x: 10, y: 5 }, { x: 10, y: 25 }))).toBeCloseTo(Math.PI / 2, 12);
  });
});

describe('frameFace', () => {
  const level = withEyes({ x: 110, y: 220 }, { x: 140, y: 220 });
  const turned = withEyes({ x: 110, y: 220 }, { x: 110, y: 250 });

  it('takes the longer side of the box times the scale and shifts by a share of that side', () => {
    const square = frameFace({ box, landmarks: level }, { scale: 1.5, shiftY: 0.1, rotate: true });
    expect(square).toEqual({ centre: { x: 130, y: 248 }, side: 120, angle: 0 });
  });

  it('shifts along the face, not along the image, when it turns', () => {
    const square = frameFace({ box, landmarks: turned }, { scale: 1, shiftY: 0.1, rotate: true });
    expect(square.angle).toBeCloseTo(Math.PI / 2, 12);
    expect(square.centre.x).toBeCloseTo(130 - 8, 12);
    expect(square.centre.y).toBeCloseTo(240, 12);
  });

  it('stays upright without rotate', () => {
    const square = frameFace({ box, landmarks: turned }, { scale: 1, shiftY: 0, rotate: false });
    expect(square).toEqual({ centre: { x: 130, y: 240 }, side: 80, angle: 0 });
  });
});

describe('frameTwice', () => {
  const framing = { scale: 1, shiftY: 0.1, rotate: true };
  const turnedBy = (degrees: number) => {
    const angle = (degrees * Math.PI) / 180;
    return withEyes({ x: 110, y: 220 }, { x: 110 + 30 * Math.cos(angle), y: 220 + 30 * Math.sin(angle) });
  };
  /** Degrees by which the face lies turned in a view. */
  const left = (degrees: number, view: { square: { angle: number } }) => degrees - (view.square.angle * 180) / Math.PI;

  it('shows a face levelled and, mirrored, as it lies, at one place and in one size', () => {
    for (const degrees of [-15, 0, 8]) {
      const face = { box, landmarks: turnedBy(degrees) };
      const [level, lying] = frameTwice(face, framing);
      expect(level).toEqual({ square: frameFace(face, framing), mirrored: false });
      expect(lying.mirrored).toBe(true);
      expect(lying.square).toMatchObject({ centre: level.square.centre, side: level.square.side });
      expect(left(degrees, level)).toBeCloseTo(0, 10);
      expect(left(degrees, lying)).toBeCloseTo(degrees, 10);
    }
  });

  it('leaves a face that lies on its side no further turned than by 20 degrees', () => {
    for (const [degrees, most] of [
      [90, 20],
      [-60, -20],
    ] as const) {
      expect(left(degrees, frameTwice({ box, landmarks: turnedBy(degrees) }, framing)[1])).toBeCloseTo(most, 10);
    }
  });

  it('only mirrors where the framing does not turn', () => {
    const face = { box, landmarks: turnedBy(30) };
    const [first, second] = frameTwice(face, { ...framing, rotate: false });
    expect(second).toEqual({ square: first.square, mirrored: true });
  });
});
