import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import { frameFace } from '@mememoji/vision/framing';
import { similarityFromSquare } from '@mememoji/vision/geometry';
import type { PixelImage } from '@mememoji/vision/image';
import { cropGrey } from '@mememoji/vision/resample';
import type { Face } from '@mememoji/vision/result';

/** FER2013's pictures have 48 pixels where the shipped net sees the middle 40: so much room has augmentation to move in. */
const MARGIN = 48 / 40;

/** Side of the pictures to train a classifier on, in pixels: FER2013's 48, or more for a net that sees more. */
export function trainingSide({ input }: Pick<ClassifierSpec, 'input'>): number {
  return Math.max(48, Math.round(MARGIN * Math.max(input.width, input.height)));
}

/**
 * A face as a picture to train on, [side, side] grey 0..255: its middle is pixel for pixel what the classifier sees of it,
 * with a margin around.
 * @param image the upright picture that the face's box and landmarks are of
 */
export function cropForTraining(
  image: PixelImage,
  face: Pick<Face, 'box' | 'landmarks'>,
  spec: Pick<ClassifierSpec, 'input' | 'framing'>,
): Uint8Array {
  const side = trainingSide(spec);
  const scale = (spec.framing.scale * side) / spec.input.width;
  // `shiftY` is in terms of the box, not of the square, and stays.
  const square = frameFace(face, { ...spec.framing, scale });
  const pixels = new Uint8ClampedArray(side * side);
  cropGrey(image, similarityFromSquare(square, side), side, side, pixels);
  return new Uint8Array(pixels.buffer);
}
