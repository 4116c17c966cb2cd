import { type Detection, decodeBlazeFace, mergePasses, uniteDetections } from '@mememoji/vision/blaze-face';
import type { PixelImage } from '@mememoji/vision/image';
import { letterbox } from '@mememoji/vision/letterbox';
import { shrinkImage } from '@mememoji/vision/shrink';
import { MememojiError } from './error.ts';
import { isEnough, WEAK_SCORE } from './first-look.ts';
import type { Session } from './session.ts';

/** How an image is looked at. */
export interface DetectionPlan {
  /** Long sides, in pixels, of the image in each look, in their order. */
  passes: readonly number[];
  /** Leaves out all looks but the first where that {@link isEnough}. */
  stopsEarly?: boolean;
  /** How many views of each face the classifier is asked about; 1 if left out. */
  views?: 1 | 2;
}

/**
 * A photo gets three looks: the one at 128 finds faces that fill the picture, the one at 768 those of a fiftieth of it. A
 * small photo of a large face is done after the one at 256, unless `thorough` is asked for. A frame of a video gets one
 * look, enough from a tenth on. The faces of a photo are read in two views, those of a video in one, as many frames show the same face.
 */
export const DETECTION_PLANS = {
  photo: { passes: [256, 128, 768], stopsEarly: true, views: 2 },
  thorough: { passes: [256, 128, 768], views: 2 },
  video: { passes: [192] },
} as const satisfies Record<string, DetectionPlan>;

export type DetectionMode = keyof typeof DETECTION_PLANS;

export interface DetectionOptions extends DetectionPlan {
  /** Score that a face must reach, 0..1. */
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
  { minDetection, ...plan }: DetectionOptions,
): Promise<Detection[]> {
  const passes = fitPasses(plan.passes, image);
  // A large photo is read once, and not again for every pass.
  const factor = Math.max(1, Math.floor(longSideOf(image) / Math.max(...passes)));
  const small = shrinkImage(image, factor);
  const lowest = plan.stopsEarly ? Math.min(WEAK_SCORE, minDetection) : minDetection;
  const found: Detection[][] = [];
  for (const longSide of passes) {
    const candidates = await detectAt(session, small, factor, longSide, lowest);
    found.push(uniteDetections(candidates.filter(({ score }) => score >= minDetection)));
    if (plan.stopsEarly && found.length === 1 && isEnough(candidates, longSide, image, minDetection)) break;
  }
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

/** Whatever has at least that score, not yet united. */
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
  return decodeBlazeFace(reg!.data, cls!.data, placement, minScore);
}
