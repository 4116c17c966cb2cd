/** The meme overlay of the original Mememoji: which emoji a face gets, and where it lies. */
import { type Expressions, mergeDisgust, SIX_EXPRESSIONS, type SixExpression } from './expression.ts';
import { eyeAngle } from './framing.ts';
import { boxCentre } from './geometry.ts';
import type { Box, Landmarks, Point } from './result.ts';

/** A pure expression (`first` is `second`) or the two likeliest, the stronger first: 6 + 30 in all. */
export interface Meme {
  first: SixExpression;
  second: SixExpression;
}

/** A square picture of an emoji over a face. */
export interface MemePlacement {
  /** In pixels of the image. */
  center: Point;
  /** Side of the square in pixels. */
  size: number;
  /** By how much it is turned, radians, clockwise to the eye; 0 for an upright face. */
  angle: number;
}

/** The likeliest expression stands alone where its probability is above this. */
const PURE_ABOVE = 0.8;

/** Side of the emoji over the longer side of the face's box: its disc, which fills 7/8 of it, hides brow, ears and chin. */
const SIZE = 1.56;

/** How far above the middle of the box the emoji's middle lies, over the longer side: the box begins below the forehead. */
const RISE = 0.07;

/** All 36 in a fixed order: by the stronger expression, the pure one among its pairs. */
export function allMemes(): Meme[] {
  return SIX_EXPRESSIONS.flatMap((first) => SIX_EXPRESSIONS.map((second) => ({ first, second })));
}

/**
 * The emoji of a face by the rule of the original, over its six expressions (disgust is counted as angry): the dominant
 * one alone where its probability is above 0.8, else the ordered pair of the two likeliest. Of equal ones the earlier in
 * {@link SIX_EXPRESSIONS} counts as likelier.
 */
export function memeOf(expressions: Expressions): Meme {
  const six = mergeDisgust(expressions);
  const [first, second] = SIX_EXPRESSIONS.toSorted((a, b) => six[b] - six[a]);
  return six[first!] > PURE_ABOVE ? { first: first!, second: first! } : { first: first!, second: second! };
}

/** `happy` for a pure expression, `happy-sad` for a pair: the name of its picture without the ending. */
export function memeName({ first, second }: Meme): string {
  return first === second ? first : `${first}-${second}`;
}

/** Where the emoji lies so that it covers the face and turns with it; up is the face's own up. */
export function memePlacement({ box, landmarks }: { box: Box; landmarks: Landmarks }): MemePlacement {
  const side = Math.max(box.width, box.height);
  const angle = eyeAngle(landmarks);
  const { x, y } = boxCentre(box);
  const rise = RISE * side;
  return { center: { x: x + rise * Math.sin(angle), y: y - rise * Math.cos(angle) }, size: SIZE * side, angle };
}
