/** What speaks against an answer, found from the face's geometry and from the very pixels that the classifier sees. */
import { eyeAngle } from './framing.ts';
import type { Box, Doubt, Landmarks, Point } from './result.ts';

/*
 * The thresholds are chosen on FER2013's PublicTest with the shipped model; `benchmarks/doubts.ts` prints the tables. There it is
 * right in 0.700 of 898 faces as they are (every fourth; +- 0.015). Photos were read with the generation before.
 */

/**
 * Pixels of the longer side of the box below which a face is `small`. Scaled down to 32 pixels 0.682 of those faces are read
 * rightly, 0.665 at 28, 0.637 at 24, 0.612 at 20; of 25 faces of photos 24 kept their answer at 32 pixels, 22 at 28, 18 at 20.
 */
export const SMALL_BELOW = 32;

/**
 * {@link noseShift} above which a face is `turned`; at 0.5 the nose stands below an eye. Of the 3443 faces that the detector
 * finds, the model is right in 0.72 of those below 0.1, in 0.59 of the 90 above 0.6. 25 faces of photos, three-quarter views
 * among them, reach 0.31.
 */
export const TURNED_ABOVE = 0.6;

/**
 * {@link sharpnessOf} below which a face is `blurred`. Over all levels of blur together, the model is right in 0.57 of the faces
 * from 0.05 to 0.06, in 0.59 from 0.06 to 0.08, in 0.69 from 0.08 on; blurred by a Gaussian of 0.02 sides of the box the median is
 * 0.12 and 0.664 are right, at 0.03 it is 0.046 and 0.573. Less than one untouched face in a thousand lies below 0.06.
 */
export const BLURRED_BELOW = 0.06;

/** A face cut out for the classifier: grey 0..255, row by row. */
export interface GreyCrop {
  width: number;
  height: number;
  data: Float32Array | Uint8Array | Uint8ClampedArray;
}

/**
 * All doubts about a face, in the order of {@link Doubt}.
 * @param crop what the classifier saw of it.
 * @param uncertainBelow the threshold of the model for `confidence`.
 */
export function findDoubts(
  face: { box: Box; landmarks: Landmarks; confidence: number },
  crop: GreyCrop,
  uncertainBelow: number,
): Doubt[] {
  const doubts: Doubt[] = [];
  if (face.confidence < uncertainBelow) doubts.push('unclear');
  if (Math.max(face.box.width, face.box.height) < SMALL_BELOW) doubts.push('small');
  if (noseShift(face.landmarks) > TURNED_ABOVE) doubts.push('turned');
  if (sharpnessOf(crop) < BLURRED_BELOW) doubts.push('blurred');
  return doubts;
}

/** The same doubts but for `unclear`, which is decided anew for another confidence, for example a smoothed one. */
export function withConfidence(doubts: readonly Doubt[], confidence: number, uncertainBelow: number): Doubt[] {
  const others = doubts.filter((doubt) => doubt !== 'unclear');
  return confidence < uncertainBelow ? ['unclear', ...others] : others;
}

/**
 * How far a head is turned aside: the nose's distance from the middle between the eyes, along the line of the eyes, as a
 * share of the distance of the eyes. 0 for a frontal face, whatever its tilt; infinite where the eyes fall together.
 */
export function noseShift(landmarks: Landmarks): number {
  const { rightEye, leftEye, nose } = landmarks;
  const angle = eyeAngle(landmarks);
  const along = ({ x, y }: Point): number => x * Math.cos(angle) + y * Math.sin(angle);
  const distance = along(leftEye) - along(rightEye);
  const shift = Math.abs(along(nose) - (along(rightEye) + along(leftEye)) / 2);
  return distance > 0 ? shift / distance : Number.POSITIVE_INFINITY;
}

/**
 * Variance of the Laplacian as a share of the variance of the pixels themselves, so that a pale picture is not taken for a
 * blurred one; 0 where all pixels are equal.
 */
export function sharpnessOf(crop: GreyCrop): number {
  const contrast = variance(crop.data);
  return contrast > 0 ? variance(laplacian(crop)) / contrast : 0;
}

/** The sum of the four neighbours less four times the pixel, for all pixels but those at the edge. */
function laplacian({ width, height, data }: GreyCrop): Float32Array {
  const out = new Float32Array((width - 2) * (height - 2));
  let to = 0;
  for (let row = 1; row < height - 1; row++) {
    for (let at = row * width + 1; at < (row + 1) * width - 1; at++) {
      out[to++] = data[at - 1]! + data[at + 1]! + data[at - width]! + data[at + width]! - 4 * data[at]!;
    }
  }
  return out;
}

function variance(values: ArrayLike<number>): number {
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    sum += values[i]!;
    squares += values[i]! ** 2;
  }
  const mean = sum / values.length;
  return squares / values.length - mean * mean;
}
