import { type AnalyzedEntry, type Entry, isFailed, probabilitiesOf } from './entry.ts';
import { type FaceSummary, type MediaSummary, summarizeVideos } from './summary.ts';

type Face = AnalyzedEntry['faces'][number];

/** How a table may stress what matters. */
export interface TableStyle {
  bold: (text: string) => string;
  dim: (text: string) => string;
}

export const PLAIN: TableStyle = { bold: (text) => text, dim: (text) => text };
export const COLOURED: TableStyle = {
  bold: (text) => `\u001b[1m${text}\u001b[22m`,
  dim: (text) => `\u001b[2m${text}\u001b[22m`,
};

/** Characters that a bar of probability 1 takes. */
const BAR = 24;
/** A character's width in eighths, 0 to 7. */
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/**
 * One block a picture, with a bar for each expression of each face, the likeliest first; of a video, a bar for the share
 * of the time in which each expression was the likeliest. What could not be read is told of on standard error only.
 */
export async function* renderTable(entries: AsyncIterable<Entry>, style: TableStyle): AsyncGenerator<string> {
  let separator = '';
  for await (const one of summarizeVideos(entries)) {
    if (!('kind' in one) && isFailed(one)) continue;
    yield separator + ('kind' in one ? renderVideo(one, style) : renderEntry(one, style));
    separator = '\n';
  }
}

function renderVideo({ path, width, height, frames, seconds, faces }: MediaSummary, style: TableStyle): string {
  const head = `${style.bold(path)}  ${width} x ${height}, ${seconds.toFixed(1)} s, ${frames} frames, ${countFaces(faces)}\n`;
  return head + faces.map((face) => `\n${renderTrack(face, style)}`).join('');
}

function renderTrack(face: FaceSummary, style: TableStyle): string {
  const time = `${face.first.toFixed(1)} s to ${face.last.toFixed(1)} s`;
  const changes = `${face.changesPerMinute.toFixed(1)} changes a minute, ${percent(face.uncertain)} uncertain`;
  const head = `  face ${face.id}: ${style.bold(`mostly ${face.dominant}`)}  ${style.dim(`${time}  ${changes}`)}\n`;
  const ranked = probabilitiesOf({ expressions: face.share }).sort(([, a], [, b]) => b - a);
  return head + ranked.map(([name, share]) => renderBar(name, share, name === face.dominant, style)).join('');
}

function countFaces({ length }: readonly unknown[]): string {
  return length === 0 ? 'no face' : length === 1 ? '1 face' : `${length} faces`;
}

function renderEntry({ path, width, height, faces }: AnalyzedEntry, style: TableStyle): string {
  const blocks = faces.map((face) => `\n${renderFace(face, style)}`);
  return `${style.bold(path)}  ${width} x ${height}, ${countFaces(faces)}\n${blocks.join('')}`;
}

function renderFace(face: Face, style: TableStyle): string {
  const { x, y, width, height } = face.box;
  const place = `at ${Math.round(x)},${Math.round(y)}  size ${Math.round(width)} x ${Math.round(height)}`;
  const verdict = face.uncertain ? `uncertain (${face.doubts.join(', ')}), perhaps ${face.dominant}` : face.dominant;
  const head = `  face ${face.id}: ${style.bold(verdict)}  ${style.dim(`${place}  detection ${percent(face.detection)}`)}\n`;
  const ranked = probabilitiesOf(face).sort(([, a], [, b]) => b - a);
  return (
    head + ranked.map(([name, probability]) => renderBar(name, probability, name === face.dominant, style)).join('')
  );
}

function renderBar(name: string, probability: number, isDominant: boolean, style: TableStyle): string {
  const line = `    ${name.padEnd(8)}  ${bar(probability).padEnd(BAR)}  ${percent(probability).padStart(4)}`;
  return isDominant ? `${style.bold(`${line}  ◂`)}\n` : `${line}\n`;
}

/** Unicode blocks in steps of an eighth of a character. */
function bar(probability: number): string {
  const eighths = Math.round(probability * BAR * 8);
  return '█'.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8];
}

function percent(probability: number): string {
  return `${(probability * 100).toFixed(0)}%`;
}
