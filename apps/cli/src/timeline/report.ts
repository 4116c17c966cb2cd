import { readFile, stat } from 'node:fs/promises';
import { dirname, extname, relative, resolve, sep } from 'node:path';
import { decodeImage } from 'mememoji/decode';
import sharp from 'sharp';
import type { FailedEntry } from '../entry.ts';
import { STANDARD_INPUT } from '../inputs.ts';
import { isAddress } from '../media.ts';
import { writeFileWhole } from '../whole-files.ts';
import type { MediaTimeline } from './collector.ts';
import { type ReportItem, renderReport } from './report-page.ts';

export interface ReportOptions {
  /** Name and version of the classifier. */
  model: string;
  /** Whether pictures and videos go into the page. */
  embed: boolean;
}

/** Types of the videos that browsers play. */
const VIDEO_TYPES: Readonly<Record<string, string>> = {
  '.mp4': 'video/mp4',
  '.m4v': 'video/mp4',
  '.mov': 'video/quicktime',
  '.webm': 'video/webm',
  '.mkv': 'video/x-matroska',
  '.ogv': 'video/ogg',
};

/** Pictures that browsers show; of others a small copy goes into the page. */
const SHOWN = /\.(?:jpe?g|png|webp|gif|avif)$/i;

/** A page is one string, and no string of JavaScript is longer than half a gigabyte. */
const MOST_EMBEDDED_BYTES = 256 * 2 ** 20;
/** Longer side in pixels of a picture in the page. */
const THUMBNAIL = 480;
/** Those that have been analyzed have no more. */
const MAX_PIXELS = 100e6;

/**
 * Writes one page that loads nothing but the pictures and videos that it tells of, or with `embed` nothing at all.
 * @throws CliError `BAD_OUTPUT`
 */
export async function writeReport(
  file: string,
  media: readonly (MediaTimeline | FailedEntry)[],
  { model, embed }: ReportOptions,
): Promise<void> {
  const items: ReportItem[] = [];
  for (const one of media) items.push(isAnalyzed(one) ? { ...one, source: await sourceOf(one, file, embed) } : one);
  await writeFileWhole(file, [renderReport(items, model)]);
}

function isAnalyzed(one: MediaTimeline | FailedEntry): one is MediaTimeline {
  return 'summary' in one;
}

/** What the page shows a picture or video from; undefined where there is no file to show. */
async function sourceOf({ summary }: MediaTimeline, file: string, embed: boolean): Promise<string | undefined> {
  const { path, kind } = summary;
  if (isAddress(path)) return path;
  const found = path === STANDARD_INPUT ? undefined : await stat(path).catch(() => undefined);
  if (!found?.isFile()) return undefined;
  if (kind === 'picture' && (embed || !SHOWN.test(path))) return thumbnail(path);
  if (embed && found.size <= MOST_EMBEDDED_BYTES) return embedVideo(path);
  return addressFrom(file, path);
}

/** As an address relative to the page, so that both may be moved together. */
function addressFrom(file: string, path: string): string {
  const way = relative(dirname(resolve(file)), resolve(path));
  return way.split(sep).map(encodeURIComponent).join('/');
}

async function embedVideo(path: string): Promise<string> {
  const type = VIDEO_TYPES[extname(path).toLowerCase()] ?? 'video/mp4';
  return `data:${type};base64,${(await readFile(path)).toString('base64')}`;
}

/** A small copy. */
async function thumbnail(path: string): Promise<string> {
  const { width, height, channels, data } = await decodeImage(path, MAX_PIXELS);
  const picture = sharp(data, { raw: { width, height, channels } }).flatten({ background: 'white' });
  const size = { width: THUMBNAIL, height: THUMBNAIL, fit: 'inside', withoutEnlargement: true } as const;
  const bytes = await picture.resize(size).jpeg({ quality: 80 }).toBuffer();
  return `data:image/jpeg;base64,${bytes.toString('base64')}`;
}
