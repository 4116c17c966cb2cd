import {
  EXPRESSIONS,
  type Expression,
  mergeDisgust,
  SIX_EXPRESSIONS,
  type SixExpression,
} from '@mememoji/vision/expression';
import type { Analysis, Face } from '@mememoji/vision/result';
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

/** What it says of a picture that it could not read. */
export interface FailedEntry {
  path: string;
  error: { code: string; message: string; hint?: string };
}

export type Entry = AnalyzedEntry | FailedEntry;

export function isFailed(entry: Entry): entry is FailedEntry {
  return 'error' in entry;
}

/** @param sixBelow for the view with six expressions, the confidence below which a face is uncertain */
export function analyzedEntry(path: string, { image, faces }: Analysis, sixBelow: number | undefined): AnalyzedEntry {
  const { width, height } = image;
  return { path, width, height, faces: sixBelow === undefined ? faces : faces.map((face) => toSix(face, sixBelow)) };
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
  return { ...face, expressions, dominant, confidence, uncertain: confidence < uncertainBelow };
}

/** Probabilities by name, in the order of the data set; those that the face has. */
export function probabilitiesOf(face: Face | SixFace): [Expression, number][] {
  const known: Partial<Record<Expression, number>> = face.expressions;
  return EXPRESSIONS.flatMap((name): [Expression, number][] => {
    const probability = known[name];
    return probability === undefined ? [] : [[name, probability]];
  });
}

function hintOf({ hint }: CodedError): { hint?: string } {
  return hint === undefined ? {} : { hint };
}
