import { type Entry, type FrameEntry, isFailed, isFrame, isOfSameVideo } from './entry.ts';
import { LINE_FORMATS, type LineFormat, type LineFormatName, type LineOptions, lineFormat } from './line-formats.ts';
import { renderTable, type TableStyle } from './render-table.ts';

/** Forms of what `analyze` says; the first is the default. */
export const ENTRY_FORMATS = ['table', 'json', ...LINE_FORMATS] as const;
export type EntryFormat = (typeof ENTRY_FORMATS)[number];

type Pieces = AsyncGenerator<string>;

/** Whether a file of this form can be continued, line by line. */
export function isLineFormat(format: EntryFormat): format is LineFormatName {
  return format !== 'table' && format !== 'json';
}

/** Turns entries into text as they come. */
export function renderEntries(
  entries: AsyncIterable<Entry>,
  format: EntryFormat,
  { style, ...options }: LineOptions & { style: TableStyle },
): Pieces {
  if (format === 'json') return renderJson(entries);
  if (format === 'table') return renderTable(entries, style);
  return renderLines(entries, lineFormat(format, options));
}

async function* renderLines(entries: AsyncIterable<Entry>, format: LineFormat): Pieces {
  if (format.head !== '') yield format.head;
  for await (const entry of entries) {
    const lines = format.lines(entry);
    if (lines !== '') yield lines;
  }
}

/**
 * One array. A picture is an object on a line; a video is one whose `frames` have a line each, with an `error` after them
 * if it broke off.
 */
async function* renderJson(entries: AsyncIterable<Entry>): Pieces {
  let separator = '[\n';
  let video: FrameEntry | undefined;
  for await (const entry of entries) {
    const frame = !isFailed(entry) && isFrame(entry) ? entry : undefined;
    if (video !== undefined && frame !== undefined && isOfSameVideo(video, frame)) {
      yield `,\n    ${frameJson(frame)}`;
    } else if (video !== undefined && isFailed(entry) && entry.path === video.path) {
      yield `\n  ],"error":${JSON.stringify(entry.error)}}`;
    } else {
      if (video !== undefined) yield '\n  ]}';
      yield `${separator}  ${frame === undefined ? JSON.stringify(entry) : openVideo(frame)}`;
      separator = ',\n';
    }
    video = frame;
  }
  if (video !== undefined) yield '\n  ]}';
  yield separator === '[\n' ? '[]\n' : '\n]\n';
}

/** A video's object up to its first frame. */
function openVideo(frame: FrameEntry): string {
  const { path, width, height } = frame;
  return `${JSON.stringify({ path, width, height }).slice(0, -1)},"frames":[\n    ${frameJson(frame)}`;
}

function frameJson({ frame, timestamp, faces }: FrameEntry): string {
  return JSON.stringify({ frame, timestamp, faces });
}
