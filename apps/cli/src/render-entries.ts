import { EXPRESSIONS, SIX_EXPRESSIONS } from '@mememoji/vision/expression';
import { type AnalyzedEntry, type Entry, isFailed, probabilitiesOf } from './entry.ts';
import { csvLine, type Format } from './output.ts';
import { renderTable, type TableStyle } from './render-table.ts';

type Face = AnalyzedEntry['faces'][number];
type Pieces = AsyncGenerator<string>;

/** Turns entries into text as they come. */
export function renderEntries(
  entries: AsyncIterable<Entry>,
  format: Format,
  { six, style }: { six: boolean; style: TableStyle },
): Pieces {
  switch (format) {
    case 'json':
      return renderJson(entries);
    case 'ndjson':
      return renderNdjson(entries);
    case 'csv':
      return renderCsv(entries, six);
    case 'table':
      return renderTable(entries, style);
  }
}

/** One array, an entry a line. */
async function* renderJson(entries: AsyncIterable<Entry>): Pieces {
  let separator = '[\n';
  for await (const entry of entries) {
    yield `${separator}  ${JSON.stringify(entry)}`;
    separator = ',\n';
  }
  yield separator === '[\n' ? '[]\n' : '\n]\n';
}

async function* renderNdjson(entries: AsyncIterable<Entry>): Pieces {
  for await (const entry of entries) yield `${JSON.stringify(entry)}\n`;
}

/**
 * One row a face, with the column names of other tools. A picture without a face, and one that could not be read, keeps
 * one row with success 0; the latter has its error code in the last column.
 */
async function* renderCsv(entries: AsyncIterable<Entry>, six: boolean): Pieces {
  const names = six ? SIX_EXPRESSIONS : EXPRESSIONS;
  const box = ['x', 'y', 'width', 'height'];
  yield csvLine([
    'path',
    'face_id',
    ...box,
    'detection',
    'success',
    ...names,
    'dominant',
    'confidence',
    'uncertain',
    'error',
  ]);
  const empty = Array.from({ length: names.length + 3 }, () => undefined);
  for await (const entry of entries) {
    const faces = isFailed(entry) ? [] : entry.faces;
    for (const face of faces) yield csvLine([entry.path, ...faceFields(face), undefined]);
    if (faces.length > 0) continue;
    const error = isFailed(entry) ? entry.error.code : undefined;
    yield csvLine([entry.path, ...Array.from({ length: 6 }, () => undefined), 0, ...empty, error]);
  }
}

function faceFields(face: Face): (string | number)[] {
  const { x, y, width, height } = face.box;
  const probabilities = probabilitiesOf(face).map(([, probability]) => round(probability, 6));
  const box = [x, y, width, height].map((value) => round(value, 2));
  const verdict = [face.dominant, round(face.confidence, 6), face.uncertain ? 1 : 0];
  return [face.id, ...box, round(face.detection, 6), 1, ...probabilities, ...verdict];
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
