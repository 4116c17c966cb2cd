import { EXPRESSIONS, type Expression, SIX_EXPRESSIONS } from '@mememoji/vision/expression';
import { type AnalyzedEntry, type Entry, type FrameEntry, isFailed, isFrame, probabilitiesOf } from './entry.ts';
import { csvLine } from './output.ts';

/** A form of data whose lines do not depend on each other, so that a file of it can be continued. */
export interface LineFormat {
  /** What the file begins with. */
  head: string;
  /** The lines of one entry, each with its end. */
  lines(entry: Entry): string;
}

export const LINE_FORMATS = ['ndjson', 'csv', 'openface', 'py-feat'] as const;
export type LineFormatName = (typeof LINE_FORMATS)[number];

export interface LineOptions {
  /** The six expressions of the original instead of seven. */
  six: boolean;
  /** In CSV, also the probabilities as they were before smoothing. */
  raw: boolean;
}

type Cell = string | number | undefined;
type SeenFace = AnalyzedEntry['faces'][number] | FrameEntry['faces'][number];

export function lineFormat(name: LineFormatName, options: LineOptions): LineFormat {
  switch (name) {
    case 'ndjson':
      return { head: '', lines: (entry) => `${JSON.stringify(entry)}\n` };
    case 'csv':
      return csvFormat(options);
    case 'openface':
      return openFaceFormat(options);
    case 'py-feat':
      return PY_FEAT;
  }
}

const BOX = ['x', 'y', 'width', 'height'] as const;

/**
 * One row a face and frame. A picture counts as frame 0 at 0 seconds. Where there is no face one row stays with success 0,
 * as for what could not be read, with its error code in the last column.
 */
function csvFormat({ six, raw }: LineOptions): LineFormat {
  const names = six ? SIX_EXPRESSIONS : EXPRESSIONS;
  const rawNames = raw ? names.map((name) => `raw_${name}`) : [];
  const columns = [
    ...['path', 'frame', 'timestamp', 'face_id', ...BOX, 'detection', 'success', ...names],
    ...['dominant', 'confidence', 'uncertain', 'doubts', 'error', ...rawNames],
  ];
  const row = (cells: Partial<Record<string, Cell>>): string => csvLine(columns.map((column) => cells[column]));
  return {
    head: csvLine(columns),
    lines: (entry) => {
      if (isFailed(entry)) return row({ path: entry.path, success: 0, error: entry.error.code });
      const when = { path: entry.path, ...momentOf(entry) };
      if (entry.faces.length === 0) return row({ ...when, success: 0 });
      return entry.faces.map((face) => row({ ...when, success: 1, ...csvFace(face, raw) })).join('');
    },
  };
}

function csvFace(face: SeenFace, raw: boolean): Record<string, Cell> {
  const before = raw ? { expressions: 'raw' in face ? face.raw : face.expressions } : { expressions: {} };
  return {
    face_id: face.id,
    ...boxOf(face),
    detection: round(face.detection, 6),
    ...cellsOf(probabilitiesOf(face), (name) => name),
    dominant: face.dominant,
    confidence: round(face.confidence, 6),
    uncertain: face.uncertain ? 1 : 0,
    doubts: face.doubts.join(' '),
    ...cellsOf(probabilitiesOf(before), (name) => `raw_${name}`),
  };
}

/**
 * The columns with which FaceLandmarkVidMulti of OpenFace 2 begins its rows, by the same names, frames counted from 1 as
 * there, and what it does not have after them: names are what its readers go by. `confidence` is the detector's score.
 * Source: RecorderCSV.cpp of OpenFace, `frame, face_id, timestamp, confidence, success`.
 */
function openFaceFormat({ six }: LineOptions): LineFormat {
  const names = six ? SIX_EXPRESSIONS : EXPRESSIONS;
  const columns = [
    ...['frame', 'face_id', 'timestamp', 'confidence', 'success'],
    ...[...BOX, ...names, 'dominant', 'uncertain', 'input'],
  ];
  const row = (cells: Partial<Record<string, Cell>>): string => csvLine(columns.map((column) => cells[column]));
  return {
    head: csvLine(columns),
    lines: (entry) => {
      if (isFailed(entry)) return '';
      const { frame, timestamp } = momentOf(entry);
      const when = { input: entry.path, frame: frame + 1, timestamp };
      if (entry.faces.length === 0) return row({ ...when, face_id: 0, confidence: 0, success: 0 });
      return entry.faces.map((face) => row({ ...when, ...openFaceFace(face) })).join('');
    },
  };
}

function openFaceFace(face: SeenFace): Record<string, Cell> {
  return {
    face_id: face.id,
    confidence: round(face.detection, 6),
    success: 1,
    ...boxOf(face),
    ...cellsOf(probabilitiesOf(face), (name) => name),
    dominant: face.dominant,
    uncertain: face.uncertain ? 1 : 0,
  };
}

/** What py-feat calls the expressions. */
const PY_FEAT_NAMES: Readonly<Record<Expression, string>> = {
  angry: 'anger',
  disgust: 'disgust',
  fear: 'fear',
  happy: 'happiness',
  sad: 'sadness',
  surprise: 'surprise',
  neutral: 'neutral',
};

const PY_FEAT_COLUMNS = [
  ...['FaceRectX', 'FaceRectY', 'FaceRectWidth', 'FaceRectHeight', 'FaceScore'],
  ...['anger', 'disgust', 'fear', 'happiness', 'sadness', 'surprise', 'neutral'],
  ...['input', 'frame', 'approx_time', 'Identity'],
];

/**
 * The columns of py-feat's class Fex, which `feat.utils.io.read_feat` reads. A frame without a face keeps a row with
 * FaceScore 0 and nothing else, as there. Source: FEAT_FACEBOX_COLUMNS, FEAT_EMOTION_COLUMNS and FEAT_TIME_COLUMNS in
 * feat/utils/__init__.py of py-feat 0.6.
 */
const PY_FEAT: LineFormat = {
  head: csvLine(PY_FEAT_COLUMNS),
  lines: (entry) => {
    if (isFailed(entry)) return '';
    const { frame, timestamp } = momentOf(entry);
    const when = { input: entry.path, frame, approx_time: minutesAndSeconds(timestamp) };
    if (entry.faces.length === 0) return pyFeatRow({ ...when, FaceScore: 0 });
    return entry.faces.map((face) => pyFeatRow({ ...when, ...pyFeatFace(face) })).join('');
  },
};

function pyFeatRow(cells: Partial<Record<string, Cell>>): string {
  return csvLine(PY_FEAT_COLUMNS.map((column) => cells[column]));
}

function pyFeatFace(face: SeenFace): Record<string, Cell> {
  const { x, y, width, height } = boxOf(face);
  return {
    FaceRectX: x,
    FaceRectY: y,
    FaceRectWidth: width,
    FaceRectHeight: height,
    FaceScore: round(face.detection, 6),
    ...cellsOf(probabilitiesOf(face), (name) => PY_FEAT_NAMES[name]),
    Identity: `Person_${face.id}`,
  };
}

/** As py-feat writes `approx_time`: "01:05". */
function minutesAndSeconds(seconds: number): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  return `${two(seconds / 60)}:${two(seconds % 60)}`;
}

/** A picture is a video of a single frame. */
function momentOf(entry: AnalyzedEntry | FrameEntry): { frame: number; timestamp: number } {
  return isFrame(entry) ? { frame: entry.frame, timestamp: round(entry.timestamp, 6) } : { frame: 0, timestamp: 0 };
}

function boxOf({ box }: SeenFace): Record<(typeof BOX)[number], number> {
  const { x, y, width, height } = box;
  return { x: round(x, 2), y: round(y, 2), width: round(width, 2), height: round(height, 2) };
}

function cellsOf(
  probabilities: readonly [Expression, number][],
  columnOf: (name: Expression) => string,
): Record<string, number> {
  return Object.fromEntries(probabilities.map(([name, value]) => [columnOf(name), round(value, 6)]));
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
