import { type Expressions, SIX_EXPRESSIONS } from '@mememoji/vision/expression';
import { allMemes, memeName, memeOf, memePlacement } from '@mememoji/vision/meme';
import type { Box, Landmarks, Point } from '@mememoji/vision/result';
import { describe, expect, it } from 'vitest';

const NONE: Expressions = { angry: 0, disgust: 0, fear: 0, happy: 0, sad: 0, surprise: 0, neutral: 0 };

describe('memeOf', () => {
  it.each([
    ['a pure expression above 0.8', { happy: 0.81, sad: 0.19 }, 'happy'],
    ['a pair at 0.8 exactly', { happy: 0.8, sad: 0.2 }, 'happy-sad'],
    ['the stronger first', { happy: 0.2, sad: 0.7, neutral: 0.1 }, 'sad-happy'],
    ['disgust counted as angry', { angry: 0.3, disgust: 0.3, happy: 0.4 }, 'angry-happy'],
    ['disgust alone as angry', { disgust: 0.9, neutral: 0.1 }, 'angry'],
    ['angry and disgust together above 0.8', { angry: 0.45, disgust: 0.45, sad: 0.1 }, 'angry'],
    ['the earlier of equal ones first', { neutral: 0.5, fear: 0.5 }, 'fear-neutral'],
  ] satisfies [string, Partial<Expressions>, string][])('gives %s', (_, expressions, name) => {
    expect(memeName(memeOf({ ...NONE, ...expressions }))).toBe(name);
  });

  it('reaches all 36, and they have 36 names', () => {
    const reached = SIX_EXPRESSIONS.flatMap((first) =>
      SIX_EXPRESSIONS.map((second) => memeOf({ ...NONE, [second]: 0.3, [first]: first === second ? 1 : 0.7 })),
    );
    expect(reached).toEqual(allMemes());
    expect(new Set(reached.map(memeName)).size).toBe(36);
  });
});

describe('memePlacement', () => {
  /** An upright face of 100 x 100 pixels around (300, 200), turned by `angle` about its middle. */
  function face(angle: number, scale = 1): { box: Box; landmarks: Landmarks } {
    const point = (x: number, y: number): Point => ({
      x: 300 + scale * (x * Math.cos(angle) - y * Math.sin(angle)),
      y: 200 + scale * (x * Math.sin(angle) + y * Math.cos(angle)),
    });
    const [rightEye, leftEye] = [point(-20, -20), point(20, -20)];
    const landmarks = { rightEye, leftEye, nose: point(0, 5), mouth: point(0, 25), rightEar: point(-45, -10) };
    const side = 100 * scale;
    const box = { x: 300 - side / 2, y: 200 - side / 2, width: side, height: side };
    return { box, landmarks: { ...landmarks, leftEar: point(45, -10) } };
  }

  it.each([0, 20, -45, 90, 180])('turns with a face at %i degrees and keeps covering it', (degrees) => {
    const angle = (degrees * Math.PI) / 180;
    const { box, landmarks } = face(angle);
    const placement = memePlacement({ box, landmarks });
    expect(Math.cos(placement.angle)).toBeCloseTo(Math.cos(angle), 10);
    expect(Math.sin(placement.angle)).toBeCloseTo(Math.sin(angle), 10);
    // The disc fills 28 of the 32 units of the artwork.
    const radius = (placement.size * 14) / 32;
    for (const { x, y } of Object.values(landmarks)) {
      expect(Math.hypot(x - placement.center.x, y - placement.center.y)).toBeLessThan(0.9 * radius);
    }
    const forehead = { x: 300 + 55 * Math.sin(angle), y: 200 - 55 * Math.cos(angle) };
    const distance = Math.hypot(forehead.x - placement.center.x, forehead.y - placement.center.y);
    expect(distance).toBeLessThan(radius);
    expect(radius).toBeLessThan(box.width);
  });

  it('grows with the face', () => {
    expect(memePlacement(face(0, 3)).size).toBeCloseTo(3 * memePlacement(face(0)).size, 10);
  });

  it('stays upright where both eyes are one point', () => {
    const { box, landmarks } = face(0);
    const placement = memePlacement({ box, landmarks: { ...landmarks, leftEye: landmarks.rightEye } });
    expect(placement.angle).toBe(0);
  });
});
