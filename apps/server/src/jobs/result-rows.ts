import { EXPRESSIONS } from '@mememoji/vision/expression';
import type { Face } from '@mememoji/vision/result';
import type { z } from 'zod';
import type { jobResultSchema } from '../schemas/jobs.ts';
import type { ItemResult } from './job-store.ts';

export type PlainResult = z.input<typeof jobResultSchema>;

/** A result as the interface answers it. */
export function plainResult({ item, name, analysis, error }: ItemResult): PlainResult {
  if (error !== null) return { item, name, error };
  // Each row has one of the two.
  return { item, name, ...analysis! };
}

const BOX = ['x', 'y', 'width', 'height'] as const;
const FACE = [
  'face_id',
  ...BOX,
  'detection',
  'success',
  ...EXPRESSIONS,
  'dominant',
  'confidence',
  'uncertain',
  'error',
];

/** Results as CSV, one row a face, with the column names of other tools; what has no face keeps a row with success 0. */
export async function* csvOf(results: AsyncIterable<ItemResult>, isVideo: boolean): AsyncGenerator<string> {
  yield csvLine([...(isVideo ? ['frame', 'timestamp'] : ['item', 'name']), ...FACE]);
  for await (const { item, name, analysis, error } of results) {
    const timestamp = analysis !== null && 'timestamp' in analysis ? analysis.timestamp : '';
    const place = isVideo ? [item, timestamp] : [item, name];
    const faces = analysis?.faces ?? [];
    for (const face of faces) yield csvLine([...place, ...faceFields(face), '']);
    if (faces.length === 0) yield csvLine([...place, ...emptyFields(), error?.code ?? '']);
  }
}

function faceFields({ id, box, detection, expressions, dominant, confidence, uncertain }: Face): (string | number)[] {
  return [
    id,
    ...BOX.map((side) => round(box[side], 2)),
    round(detection, 6),
    1,
    ...EXPRESSIONS.map((name) => round(expressions[name], 6)),
    dominant,
    round(confidence, 6),
    uncertain ? 1 : 0,
  ];
}

function emptyFields(): (string | number)[] {
  return FACE.slice(0, -1).map((column) => (column === 'success' ? 0 : ''));
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** RFC 4180. */
function csvLine(fields: readonly (string | number)[]): string {
  const quoted = fields.map((field) => {
    const text = String(field);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return `${quoted.join(',')}\n`;
}
