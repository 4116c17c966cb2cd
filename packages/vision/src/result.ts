import type { Expression, Expressions } from './expression.ts';

/** A rectangle in pixels, origin top left, of the upright image. It may reach beyond the image's edge. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Point {
  x: number;
  y: number;
}

/** Six keypoints of a face in pixels of the upright image. Right and left are the person's own. */
export interface Landmarks {
  rightEye: Point;
  leftEye: Point;
  nose: Point;
  mouth: Point;
  rightEar: Point;
  leftEar: Point;
}

/**
 * Why an answer should not be relied on: the model itself is not sure (`unclear`), the face has too few pixels (`small`),
 * looks too far aside (`turned`) or is out of focus (`blurred`). How each is decided: doubts.ts.
 */
export type Doubt = 'unclear' | 'small' | 'turned' | 'blurred';

/** One face of one image. The same shape in the library, the command line, the REST API and the page. */
export interface Face {
  /** Index within the image, or the id of the track in a video. */
  id: number;
  box: Box;
  /** The detector's score, 0..1. */
  detection: number;
  landmarks: Landmarks;
  /** Calibrated probabilities, 0..1, together 1. */
  expressions: Expressions;
  /** The likeliest expression. */
  dominant: Expression;
  /** Its probability. */
  confidence: number;
  /** Everything that speaks against the answer, in the order of {@link Doubt}; none for a face that can be relied on. */
  doubts: readonly Doubt[];
  /** True where there is any doubt. */
  uncertain: boolean;
}

/** What the analysis of one image gives. No face is a success with an empty list. */
export interface Analysis {
  /** Name and version of the classifier. */
  model: string;
  /** Size of the upright image in pixels. */
  image: { width: number; height: number };
  /** From left to right. */
  faces: Face[];
}

/** A face of a frame of a video: `id` is that of its track, `expressions`, `dominant` and `confidence` are smoothed over time. */
export interface TrackedFace extends Face {
  /** The probabilities as they were read off this frame alone. */
  raw: Expressions;
}

/** What the analysis of one frame of a video gives. */
export interface FrameAnalysis {
  /** Number of the frame in the source, from 0 on. */
  frame: number;
  /** When it is shown, in seconds. */
  timestamp: number;
  /** From left to right. */
  faces: TrackedFace[];
}
