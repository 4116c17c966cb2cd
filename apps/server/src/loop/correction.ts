import { createHash } from 'node:crypto';
import type { Expression } from '@mememoji/vision/expression';
import type { Face } from '@mememoji/vision/result';

/** What a person said of one face, with all that retraining needs of it. */
export interface Correction {
  /** Id of the prediction, a UUID. */
  prediction: string;
  /** When the image was analyzed, and by which model (name and version). */
  predictedAt: Date;
  model: string;
  /** Size of the upright image in pixels. */
  image: { width: number; height: number };
  /** The face as it was read; `id` is its index in the image, `dominant` what the model took for likeliest. */
  face: Face;
  /** The true expression, as the person says. */
  expression: Expression;
  /** When it was said. */
  saidAt: Date;
  /** The face as a picture to train on; undefined where nobody allowed to keep one. */
  crop: FaceCrop | undefined;
}

/** A face cut out for training, see `cropForTraining`. */
export interface FaceCrop {
  /** [side, side] grey 0..255. */
  pixels: Uint8Array;
  side: number;
  /** SHA-256 (hex) of the image that it was cut out of. */
  imageSha256: string;
}

/** Share of the corrections that is only to measure on. */
export const HELD_OUT_SHARE = 0.25;

/**
 * Whether the faces of an image are only to measure on, never to learn from. It depends on the image alone, so that no image ever
 * moves from one side to the other, however many corrections come later: a model is never measured on what it, or a model
 * that it was trained from, has learned.
 * @param imageSha256 or anything else that is the same for the same image
 */
export function isHeldOut(imageSha256: string, share = HELD_OUT_SHARE): boolean {
  return createHash('sha256').update(`held out: ${imageSha256}`).digest().readUInt32BE(0) < share * 2 ** 32;
}
