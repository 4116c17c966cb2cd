/** Faces for the tests of tracking and doubts. */
import { EXPRESSIONS, type Expression, type Expressions, rankExpressions } from '@mememoji/vision/expression';
import type { Face, Landmarks } from '@mememoji/vision/result';

/** `probability` for one expression, the rest for the others evenly. */
export function expressionsOf(name: Expression, probability: number): Expressions {
  const rest = (1 - probability) / (EXPRESSIONS.length - 1);
  const expressions = { angry: rest, disgust: rest, fear: rest, happy: rest, sad: rest, surprise: rest, neutral: rest };
  return { ...expressions, [name]: probability };
}

/** An upright frontal face of `size` pixels, eyes a quarter of it to each side of the centre. */
export function landmarksAt(x: number, y: number, size: number, noseShift = 0): Landmarks {
  const point = (dx: number, dy: number) => ({ x: x + dx * size, y: y + dy * size });
  return {
    rightEye: point(-0.25, -0.15),
    leftEye: point(0.25, -0.15),
    nose: point(noseShift, 0.1),
    mouth: point(0, 0.3),
    rightEar: point(-0.5, -0.05),
    leftEar: point(0.5, -0.05),
  };
}

/** A face with its centre at (x, y). */
export function faceAt(x: number, y: number, size = 100, expressions = expressionsOf('neutral', 0.7)): Face {
  const [dominant, confidence] = rankExpressions(expressions)[0]!;
  return {
    id: 0,
    box: { x: x - size / 2, y: y - size / 2, width: size, height: size },
    detection: 0.9,
    landmarks: landmarksAt(x, y, size),
    expressions,
    dominant,
    confidence,
    doubts: [],
    uncertain: false,
  };
}

/** Numbers 0..1, the same on every run. */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
