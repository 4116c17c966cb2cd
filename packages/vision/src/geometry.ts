/**
 * Boxes and similarity transforms.
 *
 * Coordinates are continuous: the pixel in column i covers [i, i + 1) and its centre is i + 0.5, so that a box and a
 * transform mean the same at every resolution. x runs to the right, y down, angles from x towards y (clockwise to the eye).
 */
import type { Box, Point } from './result.ts';

/** Rotation, uniform scale and shift: (x, y) becomes (a x - b y + tx, b x + a y + ty). */
export interface Similarity {
  /** Scale times the cosine of the angle. */
  a: number;
  /** Scale times the sine of the angle. */
  b: number;
  tx: number;
  ty: number;
}

/** A square anywhere in an image: `side` in pixels, turned by `angle` radians about its centre. */
export interface TurnedSquare {
  centre: Point;
  side: number;
  angle: number;
}

/**
 * The transform from a crop of `size` x `size` pixels onto a square of the image: the crop's centre falls on the
 * square's centre and the crop's top edge on its top edge.
 */
export function similarityFromSquare(square: TurnedSquare, size: number): Similarity {
  const scale = square.side / size;
  const a = scale * Math.cos(square.angle);
  const b = scale * Math.sin(square.angle);
  const half = size / 2;
  return { a, b, tx: square.centre.x - half * (a - b), ty: square.centre.y - half * (a + b) };
}

/**
 * The one similarity that carries two points, for example the eyes, onto two others. The points of `from` must differ:
 * equal ones give numbers that are not finite.
 */
export function similarityFromEyes(from: readonly [Point, Point], to: readonly [Point, Point]): Similarity {
  const fromX = from[1].x - from[0].x;
  const fromY = from[1].y - from[0].y;
  const toX = to[1].x - to[0].x;
  const toY = to[1].y - to[0].y;
  const square = fromX * fromX + fromY * fromY;
  const a = (toX * fromX + toY * fromY) / square;
  const b = (toY * fromX - toX * fromY) / square;
  return { a, b, tx: to[0].x - a * from[0].x + b * from[0].y, ty: to[0].y - b * from[0].x - a * from[0].y };
}

export function applySimilarity(transform: Similarity, point: Point): Point {
  const { a, b, tx, ty } = transform;
  return { x: a * point.x - b * point.y + tx, y: b * point.x + a * point.y + ty };
}

/** The transform back. The scale must not be 0. */
export function invertSimilarity({ a, b, tx, ty }: Similarity): Similarity {
  const square = a * a + b * b;
  return {
    a: a / square,
    b: -b / square,
    tx: -(a * tx + b * ty) / square,
    ty: (b * tx - a * ty) / square,
  };
}

/** How much longer a line becomes. */
export function similarityScale({ a, b }: Similarity): number {
  return Math.hypot(a, b);
}

export function boxCentre({ x, y, width, height }: Box): Point {
  return { x: x + width / 2, y: y + height / 2 };
}

/** Area that two boxes share; 0 if they do not meet. */
export function intersectionArea(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return Math.max(0, width) * Math.max(0, height);
}

/** Intersection over union, 0..1; 0 for boxes without area. */
export function intersectionOverUnion(a: Box, b: Box): number {
  const shared = intersectionArea(a, b);
  return shared === 0 ? 0 : shared / (a.width * a.height + b.width * b.height - shared);
}

/** Share of the smaller box that lies in the other, 0..1: 1 where one box holds the other; 0 for boxes without area. */
export function intersectionOverSmaller(a: Box, b: Box): number {
  const shared = intersectionArea(a, b);
  return shared === 0 ? 0 : shared / Math.min(a.width * a.height, b.width * b.height);
}
