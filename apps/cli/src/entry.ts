import { withConfidence } from '@mememoji/vision/doubts';
import {
  EXPRESSIONS,
  type Expression,
  mergeDisgust,
  SIX_EXPRESSIONS,
  type SixExpression,
} from '@mememoji/vision/expression';
import type { Analysis, Face, FrameAnalysis, TrackedFace } from '@mememoji/vision/result';
import { type CodedError, describeSystemError, isCodedError } from './errors.ts';

/** Face whose expressions are the original's six: disgust is counted as angry. */
export type SixFace = Omit<Face, 'expressions' | 'dominant'> & {
  expressions: Record<SixExpression, number>;
  dominant: SixExpression;
};

/** What `analyze` says of one picture. */
export interface AnalyzedEntry {
  path: string;
  /** Size of the upright picture in pixels. */
  width: number;
  height: number;
  faces: (Face | SixFace)[];
}

/** A tracked face whose expressions, smoothed and raw, are the original's six. */
export type SixTrackedFace = SixFace & { raw: Record<SixExpression, number> };

/** What `analyze` says of one frame of a video. */
export interface FrameEntry extends AnalyzedEntry {
  /** Number of the frame in the video, from 0 on. */
  frame: number;
  /** When it is shown, in seconds. */
  timestamp: number;
  faces: (TrackedFace | SixTrackedFace)[];
}

/** What it says of a picture or video that it could not read, or not to its end. */
export interface FailedEntry {
  path: string;
  error: { code: string; message: string; hint?: string | undefined };
}

export type Entry = AnalyzedEntry | FrameEntry | FailedEntry;

export function isFailed(entry: object): entry is FailedEntry {
  return 'error' in entry;
}

export function isFrame(entry: Entry): entry is FrameEntry {
  return 'frame' in entry;
}

/** Whether a frame belongs to the same video as the one before it. The same video may be named twice. */
export function isOfSameVideo(previous: FrameEntry | undefined, entry: FrameEntry): boolean {
  return previous !== undefined && previous.path === entry.path && previous.frame < entry.frame;
}

/** @param sixBelow for the view with six expressions, the confidence below which a face is uncertain */
export function analyzedEntry(path: string, { image, faces }: Analysis, sixBelow: number | undefined): AnalyzedEntry {
  const { width, height } = image;
  return { path, width, height, faces: sixBelow === undefined ? faces : faces.map((face) => toSix(face, sixBelow)) };
}

/**
 * @param size of the video in pixels
 * @param sixBelow as for a picture
 */
export function frameEntry(
  path: string,
  { width, height }: { width: number; height: number },
  { frame, timestamp, faces }: FrameAnalysis,
  sixBelow: number | undefined,
): FrameEntry {
  const seen = sixBelow === undefined ? faces : faces.map((face) => toSixTracked(face, sixBelow));
  return { path, frame, timestamp, width, height, faces: seen };
}

/** @throws the error itself if it tells of a fault of this program and not of the picture. */
export function failedEntry(path: string, error: unknown): FailedEntry {
  if (isCodedError(error)) return { path, error: { code: error.code, message: error.message, ...hintOf(error) } };
  const message = describeSystemError(error);
  if (message === undefined) throw error;
  return { path, error: { code: 'UNREADABLE_FILE', message } };
}

/** The likeliest of the six may be another than that of the seven. */
export function toSix(face: Face, uncertainBelow: number): SixFace {
  const expressions = mergeDisgust(face.expressions);
  const dominant = SIX_EXPRESSIONS.reduce((best, name) => (expressions[name] > expressions[best] ? name : best));
  const confidence = expressions[dominant];
  const doubts = withConfidence(face.doubts, confidence, uncertainBelow);
  return { ...face, expressions, dominant, confidence, doubts, uncertain: doubts.length > 0 };
}

function toSixTracked(face: TrackedFace, uncertainBelow: number): SixTrackedFace {
  return { ...toSix(face, uncertainBelow), raw: mergeDisgust(face.raw) };
}

/** Probabilities by name, in the order of the data set; those that the face has. */
export function probabilitiesOf({
  expressions: known,
}: {
  expressions: Partial<Record<Expression, number>>;
}): [Expression, number][] {
  return EXPRESSIONS.flatMap((name): [Expression, number][] => {
    const probability = known[name];
    return probability === undefined ? [] : [[name, probability]];
  });
}

function hintOf({ hint }: CodedError): { hint?: string } {
  return hint === undefined ? {} : { hint };
}
