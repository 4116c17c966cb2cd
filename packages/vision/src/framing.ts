import type { Framing } from './classifier-spec.ts';
import { boxCentre, type TurnedSquare } from './geometry.ts';
import type { Box, Landmarks } from './result.ts';

/** The angle of the line from the person's right eye to the left one, radians; 0 for an upright face. */
export function eyeAngle({ rightEye, leftEye }: Landmarks): number {
  return Math.atan2(leftEye.y - rightEye.y, leftEye.x - rightEye.x);
}

/**
 * The square of the image that a classifier wants to see of a face; see {@link Framing}. Down is the face's own down: a
 * face that lies on its side gets the same square as an upright one, turned with it.
 */
export function frameFace(face: { box: Box; landmarks: Landmarks }, framing: Framing): TurnedSquare {
  const angle = framing.rotate ? eyeAngle(face.landmarks) : 0;
  const boxSide = Math.max(face.box.width, face.box.height);
  const shift = framing.shiftY * boxSide;
  const { x, y } = boxCentre(face.box);
  return {
    centre: { x: x - shift * Math.sin(angle), y: y + shift * Math.cos(angle) },
    side: framing.scale * boxSide,
    angle,
  };
}

/** How far a face may stay turned in its second view, radians: nine in ten of FER2013's faces, which nobody levelled, are turned less. */
const MOST_TURN = Math.PI / 9;

/** A square of the image as a classifier is shown it. */
export interface FaceView {
  square: TurnedSquare;
  /** Whether left and right are swapped once it is cut out. */
  mirrored: boolean;
}

/**
 * Two ways to see a face, whose answers have errors of their own: levelled, as {@link frameFace} has it, and mirrored as it
 * lies, or with 20 degrees of its turn where it lies further. What the mean of both is worth: docs/framing.md.
 */
export function frameTwice(face: { box: Box; landmarks: Landmarks }, framing: Framing): [FaceView, FaceView] {
  const square = frameFace(face, framing);
  const turn = Math.min(Math.max(square.angle, -MOST_TURN), MOST_TURN);
  return [
    { square, mirrored: false },
    { square: { ...square, angle: square.angle - turn }, mirrored: true },
  ];
}
