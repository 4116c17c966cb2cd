import { EXPRESSIONS, type Expressions } from '@mememoji/vision/expression';
import type { Box, FrameAnalysis, Landmarks, Point, TrackedFace } from '@mememoji/vision/result';

/**
 * The faces at any time between two frames that were analyzed: places and probabilities in proportion, for each track
 * that is in both; near the frame, those of one alone.
 * @param longestGap seconds between two frames beyond which nothing is said of the time between.
 */
export function facesAt(frames: readonly FrameAnalysis[], time: number, longestGap: number): TrackedFace[] {
  const next = firstAfter(frames, time);
  const before = frames[next - 1];
  const after = frames[next];
  if (before === undefined) return after && after.timestamp - time < longestGap / 2 ? after.faces : [];
  if (after === undefined || after.timestamp - before.timestamp > longestGap) {
    return time - before.timestamp < longestGap ? before.faces : [];
  }
  const share = (time - before.timestamp) / (after.timestamp - before.timestamp);
  return blendFrames(before, after, share);
}

function blendFrames(before: FrameAnalysis, after: FrameAnalysis, share: number): TrackedFace[] {
  const nearer = share < 0.5 ? before : after;
  return nearer.faces.map((face) => {
    const a = before.faces.find(({ id }) => id === face.id);
    const b = after.faces.find(({ id }) => id === face.id);
    if (a === undefined || b === undefined) return face;
    return {
      ...face,
      box: blendBox(a.box, b.box, share),
      landmarks: blendLandmarks(a.landmarks, b.landmarks, share),
      expressions: blendExpressions(a.expressions, b.expressions, share),
    };
  });
}

/** Position of the first frame that is later than `time`. */
export function firstAfter(frames: readonly FrameAnalysis[], time: number): number {
  let low = 0;
  let high = frames.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (frames[middle]!.timestamp <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

const blend = (a: number, b: number, share: number): number => a + share * (b - a);

function blendPoint(a: Point, b: Point, share: number): Point {
  return { x: blend(a.x, b.x, share), y: blend(a.y, b.y, share) };
}

function blendBox(a: Box, b: Box, share: number): Box {
  return {
    ...blendPoint(a, b, share),
    width: blend(a.width, b.width, share),
    height: blend(a.height, b.height, share),
  };
}

function blendLandmarks(a: Landmarks, b: Landmarks, share: number): Landmarks {
  return {
    rightEye: blendPoint(a.rightEye, b.rightEye, share),
    leftEye: blendPoint(a.leftEye, b.leftEye, share),
    nose: blendPoint(a.nose, b.nose, share),
    mouth: blendPoint(a.mouth, b.mouth, share),
    rightEar: blendPoint(a.rightEar, b.rightEar, share),
    leftEar: blendPoint(a.leftEar, b.leftEar, share),
  };
}

function blendExpressions(a: Expressions, b: Expressions, share: number): Expressions {
  const mixed = { ...a };
  for (const name of EXPRESSIONS) mixed[name] = blend(a[name], b[name], share);
  return mixed;
}
