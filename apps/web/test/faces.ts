import type { Expression, Expressions } from '@mememoji/vision/expression';
import type { TrackedFace } from '@mememoji/vision/result';

/** A face of 100x100 pixels at (x, y) whose eyes are level, showing one expression with probability 0.7. */
export function faceAt(id: number, x: number, y: number, dominant: Expression = 'happy'): TrackedFace {
  const expressions = showing(dominant, 0.7);
  return {
    ...{ id, box: { x, y, width: 100, height: 100 }, detection: 0.9, expressions, raw: expressions, dominant },
    landmarks: {
      rightEye: { x: x + 30, y: y + 40 },
      leftEye: { x: x + 70, y: y + 40 },
      nose: { x: x + 50, y: y + 60 },
      mouth: { x: x + 50, y: y + 80 },
      rightEar: { x: x + 5, y: y + 50 },
      leftEar: { x: x + 95, y: y + 50 },
    },
    ...{ confidence: 0.7, doubts: [], uncertain: false },
  };
}

/** One expression with a probability, the others alike. */
export function showing(name: Expression, probability: number): Expressions {
  const rest = (1 - probability) / 6;
  const all = { angry: rest, disgust: rest, fear: rest, happy: rest, sad: rest, surprise: rest, neutral: rest };
  return { ...all, [name]: probability };
}
