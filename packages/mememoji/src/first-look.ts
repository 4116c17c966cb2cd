import { type Detection, mergePasses, uniteDetections } from '@mememoji/vision/blaze-face';
import { SMALL_BELOW } from '@mememoji/vision/doubts';
import type { PixelImage } from '@mememoji/vision/image';

/**
 * Score from which on something may be a face that a larger look would be sure of. Of ten faces of {@link REACH} pixels
 * beside a large one, two were found at 0.5, and all others left a score of 0.11 or more; docs/faces.md has the table.
 */
export const WEAK_SCORE = 0.1;

/** Height of a face, in pixels of the detector's input, from which on nearly all leave at least a {@link WEAK_SCORE}. */
const REACH = 12;

/**
 * Share of the long side that a face must be high to stand for a picture of that person: with smaller ones, others may be
 * farther away. In the group photos that were measured all faces but that of a selfie are below.
 */
const LARGE_SHARE = 0.15;

/**
 * Whether one look at an image has seen all there is: it found a face, all that it found are large, nothing else might
 * be a face, and what it cannot see at all would be too small to be read.
 * @param candidates of the look, from {@link WEAK_SCORE} on, not yet united.
 * @param longSide that the image had for the look, pixels.
 * @param minDetection score 0..1 that a face must reach.
 */
export function isEnough(
  candidates: readonly Detection[],
  longSide: number,
  { width, height }: Pick<PixelImage, 'width' | 'height'>,
  minDetection: number,
): boolean {
  const imageSide = Math.max(width, height);
  if ((REACH * imageSide) / longSide >= SMALL_BELOW) return false;
  const faces = mergePasses([uniteDetections(candidates.filter(({ score }) => score >= minDetection))]);
  const weak = candidates.filter(({ score }) => score < minDetection);
  const isLarge = ({ box }: Detection): boolean => box.height >= LARGE_SHARE * imageSide;
  return faces.length > 0 && faces.every(isLarge) && mergePasses([faces, weak]).length === faces.length;
}
