import type { Analysis, FrameAnalysis, Point, TrackedFace } from '@mememoji/vision/result';
import { Tracker, type TrackerOptions } from '@mememoji/vision/tracker';
import type { FrameOptions, TimedFrame } from './frames.ts';
import type { Handed } from './protocol.ts';

export interface WatchOptions extends FrameOptions, Omit<TrackerOptions, 'uncertainBelow'> {
  /** Gives places as in the mirror image, for a webcam that is shown mirrored. Left and right eye stay the person's own. */
  mirrored?: boolean | undefined;
}

/**
 * Analyzes frame after frame and follows the faces. The next frame is asked for only when the last one is done with.
 * @param analyze closes the picture.
 */
export async function* watchFrames(
  frames: AsyncIterable<TimedFrame>,
  analyze: (image: Handed) => Promise<Analysis>,
  { mirrored = false, signal, ...options }: WatchOptions & TrackerOptions,
): AsyncGenerator<FrameAnalysis, void, undefined> {
  const tracker = new Tracker(options);
  for await (const { frame, timestamp, image } of frames) {
    const analysis = await analyze(image);
    if (signal?.aborted) return;
    const faces = tracker.update(timestamp, analysis.faces);
    yield { frame, timestamp, faces: mirrored ? mirrorFaces(faces, analysis.image.width) : faces };
  }
}

/** From left to right again. */
function mirrorFaces(faces: readonly TrackedFace[], width: number): TrackedFace[] {
  return faces.map((face) => mirrorFace(face, width)).reverse();
}

function mirrorFace(face: TrackedFace, width: number): TrackedFace {
  const { box, landmarks } = face;
  const mirror = ({ x, y }: Point): Point => ({ x: width - x, y });
  return {
    ...face,
    box: { ...box, x: width - box.x - box.width },
    landmarks: {
      rightEye: mirror(landmarks.rightEye),
      leftEye: mirror(landmarks.leftEye),
      nose: mirror(landmarks.nose),
      mouth: mirror(landmarks.mouth),
      rightEar: mirror(landmarks.rightEar),
      leftEar: mirror(landmarks.leftEar),
    },
  };
}
