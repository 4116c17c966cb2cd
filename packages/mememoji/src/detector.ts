import { type Detection, decodeBlazeFace, mergePasses, uniteDetections } from '@mememoji/vision/blaze-face';
import type { PixelImage } from '@mememoji/vision/image';
import { letterbox } from '@mememoji/vision/letterbox';
import { shrinkImage } from '@mememoji/vision/shrink';
import { MememojiError } from './error.ts';
import type { Session } from './session.ts';

/**
 * Long sides, in pixels, at which the detector looks at an image. Photos get three looks: the small one finds faces that
 * fill the picture, the large one those of a fiftieth of it. A frame of a video gets one, enough from a tenth on.
 */
export const DETECTION_PASSES = { photo: [128, 256, 768], video: [192] } as const;

export type DetectionMode = keyof typeof DETECTION_PASSES;

export interface DetectionOptions {
  passes: readonly number[];
  /** Score 0..1 that a face must reach. */
  minDetection: number;
}

/** Throws `BAD_MODEL` unless the session has the inputs and outputs of the face detector. */
export function checkDetector({ inputNames, outputNames }: Session): void {
  const fits = inputNames.length === 1 && outputNames.includes('reg') && outputNames.includes('cls');
  if (fits) return;
  throw new MememojiError('BAD_MODEL', `the detector has no outputs 'reg' and 'cls'`, 'use models/face-detector.onnx');
}

/** The faces of an image, from left to right, in its pixels. */
export async function detectFaces(
  session: Session,
  image: PixelImage,
  options: DetectionOptions,
): Promise<Detection[]> {
  const passes = fitPasses(options.passes, image);
  // A large photo is read once, and not again for every pass.
  const factor = Math.max(1, Math.floor(longSideOf(image) / Math.max(...passes)));
  const small = shrinkImage(image, factor);
  const found: Detection[][] = [];
  for (const longSide of passes) found.push(await detectAt(session, small, factor, longSide, options.minDetection));
  return mergePasses(found).sort((a, b) => a.box.x + a.box.width / 2 - (b.box.x + b.box.width / 2));
}

/** Passes that would enlarge the image become one at its own size; only the smallest may enlarge it. */
function fitPasses(passes: readonly number[], image: PixelImage): Set<number> {
  const largest = Math.max(Math.ceil(longSideOf(image) / 32) * 32, Math.min(...passes));
  return new Set(passes.map((longSide) => Math.min(longSide, largest)));
}

function longSideOf({ width, height }: PixelImage): number {
  return Math.max(width, height);
}

async function detectAt(
  session: Session,
  image: PixelImage,
  factor: number,
  longSide: number,
  minScore: number,
): Promise<Detection[]> {
  const { data, ...box } = letterbox(image, longSide);
  const { reg, cls } = await session.run({ [session.inputNames[0]!]: { data, dims: [1, 3, box.height, box.width] } });
  const placement = { ...box, scaleX: factor * box.scaleX, scaleY: factor * box.scaleY };
  return uniteDetections(decodeBlazeFace(reg!.data, cls!.data, placement, minScore));
}
