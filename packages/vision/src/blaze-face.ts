/**
 * From the raw outputs of BlazeFace full-range to faces. One anchor for each cell of 4x4 input pixels, row by row; boxes
 * and keypoints are offsets in input pixels from the cell's centre, at any input size.
 * Bazarevsky et al., BlazeFace, 2019; weights of `@mediapipe/face_detection`.
 */
import { intersectionOverSmaller, intersectionOverUnion } from './geometry.ts';
import type { Letterbox } from './letterbox.ts';
import type { Box, Landmarks, Point } from './result.ts';

/** Keypoints in the order of the network's output. */
export const LANDMARK_NAMES = ['rightEye', 'leftEye', 'nose', 'mouth', 'rightEar', 'leftEar'] as const;

/** A face as the detector sees it: pixels of the upright image, score 0..1. */
export interface Detection {
  box: Box;
  score: number;
  landmarks: Landmarks;
}

/** What places the network's pixels in the image; a {@link Letterbox} without its data. */
export type Placement = Omit<Letterbox, 'data' | 'height'>;

const STRIDE = 4;
/** Numbers per anchor: centre offset, width, height, six keypoints. */
const VALUES = 4 + 2 * LANDMARK_NAMES.length;
const SAME_FACE_IOU = 0.3;
const INSIDE_SHARE = 0.6;

/**
 * Decodes one pass.
 * @param reg float32 [1, N, 16], anchors row by row.
 * @param cls float32 [1, N, 1], logits.
 * @param placement of the input that was given to the network.
 * @param minScore probability 0..1 below which an anchor holds no face.
 * @returns one detection for every anchor at or above `minScore`, overlapping ones not yet united, in pixels of the image.
 */
export function decodeBlazeFace(
  reg: Float32Array,
  cls: Float32Array,
  placement: Placement,
  minScore: number,
): Detection[] {
  const cellsPerRow = placement.width / STRIDE;
  const detections: Detection[] = [];
  for (let anchor = 0; anchor < cls.length; anchor++) {
    const score = 1 / (1 + Math.exp(-cls[anchor]!));
    if (score < minScore) continue;
    const x = ((anchor % cellsPerRow) + 0.5) * STRIDE;
    const y = (Math.floor(anchor / cellsPerRow) + 0.5) * STRIDE;
    detections.push({ score, ...decodeAnchor(reg, anchor * VALUES, x, y, placement) });
  }
  return detections;
}

function decodeAnchor(
  reg: Float32Array,
  at: number,
  x: number,
  y: number,
  placement: Placement,
): Omit<Detection, 'score'> {
  const point = (offset: number): Point => ({
    x: (x + reg[at + offset]! - placement.offsetX) * placement.scaleX,
    y: (y + reg[at + offset + 1]! - placement.offsetY) * placement.scaleY,
  });
  const width = reg[at + 2]! * placement.scaleX;
  const height = reg[at + 3]! * placement.scaleY;
  const centre = point(0);
  return {
    box: { x: centre.x - width / 2, y: centre.y - height / 2, width, height },
    landmarks: landmarksFrom((_, i) => point(4 + 2 * i)),
  };
}

function landmarksFrom(pointOf: (name: keyof Landmarks, index: number) => Point): Landmarks {
  const [rightEye, leftEye, nose, mouth, rightEar, leftEar] = LANDMARK_NAMES;
  return {
    rightEye: pointOf(rightEye, 0),
    leftEye: pointOf(leftEye, 1),
    nose: pointOf(nose, 2),
    mouth: pointOf(mouth, 3),
    rightEar: pointOf(rightEar, 4),
    leftEar: pointOf(leftEar, 5),
  };
}

/**
 * Weighted non-maximum suppression within one pass: the detections that overlap the best one become a single detection at
 * their mean, weighted by score, with the best score; then the same with what is left.
 * @returns the best first.
 */
export function uniteDetections(detections: readonly Detection[]): Detection[] {
  let rest = sortByScore(detections);
  const united: Detection[] = [];
  while (rest.length > 0) {
    const best = rest[0]!;
    const same = rest.filter((other) => other === best || intersectionOverUnion(best.box, other.box) > SAME_FACE_IOU);
    united.push(same.length === 1 ? best : meanDetection(same));
    rest = rest.filter((other) => !same.includes(other));
  }
  return united;
}

/**
 * Makes one list of the faces of several passes over the same image: of two that overlap, or of which one lies mostly
 * inside the other, the one with the higher score stays.
 * @returns the best first.
 */
export function mergePasses(passes: readonly (readonly Detection[])[]): Detection[] {
  const kept: Detection[] = [];
  for (const detection of sortByScore(passes.flat())) {
    if (kept.every((other) => !isSameFace(detection.box, other.box))) kept.push(detection);
  }
  return kept;
}

function isSameFace(a: Box, b: Box): boolean {
  return intersectionOverUnion(a, b) > SAME_FACE_IOU || intersectionOverSmaller(a, b) > INSIDE_SHARE;
}

function sortByScore(detections: readonly Detection[]): Detection[] {
  return [...detections].sort((a, b) => b.score - a.score);
}

function meanDetection(same: readonly Detection[]): Detection {
  const total = same.reduce((sum, { score }) => sum + score, 0);
  const mean = (value: (detection: Detection) => number): number =>
    same.reduce((sum, detection) => sum + detection.score * value(detection), 0) / total;
  return {
    score: same[0]!.score,
    box: {
      x: mean(({ box }) => box.x),
      y: mean(({ box }) => box.y),
      width: mean(({ box }) => box.width),
      height: mean(({ box }) => box.height),
    },
    landmarks: landmarksFrom((name) => ({
      x: mean(({ landmarks }) => landmarks[name].x),
      y: mean(({ landmarks }) => landmarks[name].y),
    })),
  };
}
