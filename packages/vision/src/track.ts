/** The life of one followed face: where it is expected, how well a face fits it, what it learns from being seen. */
import type { Expression, Expressions } from './expression.ts';
import { boxCentre, intersectionOverUnion } from './geometry.ts';
import type { Box, Face, Point } from './result.ts';

/** What is remembered of a face. Plain JSON. */
export interface Track {
  readonly id: number;
  /** Seconds at which it was last seen. */
  readonly seen: number;
  readonly box: Readonly<Box>;
  /** Pixels a second of the box's centre. */
  readonly velocity: Readonly<Point>;
  /** Smoothed. */
  readonly expressions: Readonly<Expressions>;
  /** With hysteresis. */
  readonly dominant: Expression;
}

/** Time constant in seconds by which the velocity follows what is measured; the detector's boxes tremble by a few percent. */
const VELOCITY_TAU = 0.15;

/** Time constant in seconds by which an unseen face is thought to come to rest. */
const REST_TAU = 0.5;

/** How far from where it is expected a face may be, in sides of its box, at once and for each second that went by. */
const REACH = 0.6;
const REACH_PER_SECOND = 2;
const LARGEST_REACH = 2;

/** Sizes that differ by more than this factor are not those of one face. */
const LARGEST_GROWTH = 2;

/** What it costs to call a face new; above every cost of one that fits a track. */
export const COST_OF_A_NEW_FACE = 1.01;

/** The cost of what cannot be: no choice for the best sum of all faces ever takes it. */
const IMPOSSIBLE = 1e6;

/** Where the box of a track is expected: it moves on at its velocity and slowly comes to rest. */
export function predictBox({ box, velocity, seen }: Track, timestamp: number): Box {
  const path = REST_TAU * (1 - Math.exp(-(timestamp - seen) / REST_TAU));
  return { ...box, x: box.x + velocity.x * path, y: box.y + velocity.y * path };
}

/**
 * How badly a face fits a track, 0 for a face that is where and as large as it was expected: the mean of what is missing
 * of the overlap and of the distance of the centres as a share of the reach. {@link IMPOSSIBLE} if it cannot be that face.
 */
export function costOf(track: Track, face: Face, timestamp: number): number {
  const expected = predictBox(track, timestamp);
  const side = Math.sqrt(sideOf(expected) * sideOf(face.box));
  const growth = sideOf(face.box) / sideOf(expected);
  const reach = Math.min(REACH + REACH_PER_SECOND * (timestamp - track.seen), LARGEST_REACH);
  const distance = distanceOf(boxCentre(expected), boxCentre(face.box)) / (side * reach);
  // Asked this way, a box without area, for which these are no numbers, fits nothing.
  const fits = distance <= 1 && Math.max(growth, 1 / growth) <= LARGEST_GROWTH;
  if (!fits) return IMPOSSIBLE;
  return (distance + 1 - intersectionOverUnion(expected, face.box)) / 2;
}

/** Velocity of a track after a face was seen. Follows the measured one the more, the more time has gone by. */
export function nextVelocity({ box, velocity, seen }: Track, face: Face, timestamp: number): Point {
  const seconds = timestamp - seen;
  const from = boxCentre(box);
  const to = boxCentre(face.box);
  const share = 1 - Math.exp(-seconds / VELOCITY_TAU);
  return {
    x: velocity.x + share * ((to.x - from.x) / seconds - velocity.x),
    y: velocity.y + share * ((to.y - from.y) / seconds - velocity.y),
  };
}

function sideOf({ width, height }: Box): number {
  return Math.sqrt(width * height);
}

function distanceOf(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
