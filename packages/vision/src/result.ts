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
  /** True where `confidence` lies below the threshold that the model file carries. */
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
