import { EXPRESSIONS } from '@mememoji/vision/expression';
import type { Face } from '@mememoji/vision/result';

/** The faces of one picture or frame, as they stand in the rows of a table. */
export interface Moment {
  /** Name of the picture; of a video, its file. */
  source: string;
  /** Number of the frame from 0 on; of a picture 0. */
  frame: number;
  /** Seconds from the beginning; undefined for a picture. */
  timestamp: number | undefined;
  faces: readonly Face[];
  /** Notes of the person. */
  marks?: readonly string[];
}

const COLUMNS: readonly string[] = [
  ...['source', 'frame', 'timestamp', 'face_id', 'x', 'y', 'width', 'height', 'detection', 'success'],
  ...EXPRESSIONS,
  ...['dominant', 'confidence', 'uncertain', 'doubts'],
];

/**
 * One row per face and frame; a frame without a face keeps a row with `success` 0. Where there are notes, they are the last
 * column. Lines end in CRLF, fields are quoted where they must be (RFC 4180).
 */
export function toCsv(moments: readonly Moment[]): string {
  const marked = moments.some(({ marks }) => marks !== undefined);
  const lines = [(marked ? [...COLUMNS, 'marks'] : COLUMNS).join(',')];
  for (const moment of moments) {
    const end = marked ? [moment.marks?.join('; ')] : [];
    for (const row of rowsOf(moment)) lines.push([...row, ...end].map(toField).join(','));
  }
  return `${lines.join('\r\n')}\r\n`;
}

type Field = string | number | undefined;

function rowsOf({ source, frame, timestamp, faces }: Moment): Field[][] {
  const start = [source, frame, timestamp === undefined ? undefined : round(timestamp, 6)];
  if (faces.length === 0) return [[...start, ...Array(6).fill(undefined), 0, ...Array(11).fill(undefined)]];
  return faces.map((face) => [...start, ...fieldsOf(face)]);
}

function fieldsOf({ id, box, detection, expressions, dominant, confidence, uncertain, doubts }: Face): Field[] {
  return [
    id,
    ...[box.x, box.y, box.width, box.height].map((value) => round(value, 2)),
    round(detection, 4),
    1,
    ...EXPRESSIONS.map((name) => round(expressions[name], 4)),
    dominant,
    round(confidence, 4),
    uncertain ? 1 : 0,
    doubts.join(' '),
  ];
}

function toField(value: Field): string {
  const text = String(value ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
