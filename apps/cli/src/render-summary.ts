import { EXPRESSIONS, SIX_EXPRESSIONS } from '@mememoji/vision/expression';
import { type Entry, type FailedEntry, isFailed } from './entry.ts';
import { alignColumns, csvLine, type Format } from './output.ts';
import { type FaceSummary, type MediaSummary, summarize } from './summary.ts';

/** Forms that a summary may have. */
export function isSummaryFormat(format: string): format is Format {
  return format === 'table' || format === 'json' || format === 'ndjson' || format === 'csv';
}

/** Turns entries into their summaries, as text. */
export async function* renderSummary(
  entries: AsyncIterable<Entry>,
  format: Format,
  { six }: { six: boolean },
): AsyncGenerator<string> {
  const names = six ? SIX_EXPRESSIONS : EXPRESSIONS;
  if (format === 'ndjson') {
    for await (const summary of summarize(entries)) yield `${JSON.stringify(summary)}\n`;
    return;
  }
  const summaries: (MediaSummary | FailedEntry)[] = [];
  for await (const summary of summarize(entries)) summaries.push(summary);
  if (format === 'json') yield `${JSON.stringify(summaries, undefined, 2)}\n`;
  else if (format === 'csv') yield* renderCsv(summaries, names);
  else yield renderTable(summaries, names);
}

type Names = readonly (typeof EXPRESSIONS)[number][];

/** One row a face: shares and means of each expression have columns of their own. */
function* renderCsv(summaries: readonly (MediaSummary | FailedEntry)[], names: Names): Generator<string> {
  yield csvLine([
    ...['path', 'kind', 'face_id', 'frames', 'first', 'last', 'seconds', 'dominant'],
    ...['changes_per_minute', 'uncertain', ...names.map((name) => `share_${name}`)],
    ...[...names.map((name) => `mean_${name}`), 'error'],
  ]);
  const gap = Array.from({ length: 2 * names.length }, () => undefined);
  for (const summary of summaries) {
    if (isFailed(summary)) {
      yield csvLine([summary.path, ...Array.from({ length: 9 }, () => undefined), ...gap, summary.error.code]);
      continue;
    }
    const { path, kind, frames } = summary;
    if (summary.faces.length === 0) {
      yield csvLine([path, kind, undefined, frames, ...Array.from({ length: 6 }, () => undefined), ...gap, undefined]);
    }
    for (const face of summary.faces) yield csvLine([path, kind, ...faceCells(face, names), undefined]);
  }
}

function faceCells(face: FaceSummary, names: Names): (string | number)[] {
  const { id, frames, first, last, seconds, dominant, changesPerMinute, uncertain, share, mean } = face;
  const numbers = [changesPerMinute, uncertain, ...names.map((name) => share[name] ?? 0)];
  return [
    ...[id, frames, round(first), round(last), round(seconds), dominant],
    ...[...numbers, ...names.map((name) => mean[name] ?? 0)].map(round),
  ];
}

/** One line a face: the share of the time in which each expression was the likeliest. */
function renderTable(summaries: readonly (MediaSummary | FailedEntry)[], names: Names): string {
  const rows = summaries.flatMap((summary): (string | number)[][] => {
    if (isFailed(summary)) return [];
    const { path, faces } = summary;
    const blank = ['', '', ...names.map(() => ''), '', ''];
    if (faces.length === 0) return [[path, 'no face', ...blank.slice(1)]];
    return faces.map((face) => [path, face.id, ...lineOf(face, summary.kind, names)]);
  });
  return alignColumns([['file', 'face', 'seconds', ...names, 'uncertain', 'changes/min'], ...rows]);
}

function lineOf(face: FaceSummary, kind: MediaSummary['kind'], names: Names): string[] {
  const isVideo = kind === 'video';
  return [
    isVideo ? face.seconds.toFixed(1) : '-',
    ...names.map((name) => percent(face.share[name] ?? 0)),
    percent(face.uncertain),
    isVideo ? face.changesPerMinute.toFixed(1) : '-',
  ];
}

function percent(share: number): string {
  return share === 0 ? '-' : `${(100 * share).toFixed(0)}%`;
}

function round(value: number): number {
  return Number(value.toFixed(6));
}
