import { open } from 'node:fs/promises';
import { isPicture } from 'mememoji/decode';

/** What is analyzed as one picture, or frame by frame. */
export type MediaKind = 'picture' | 'video';

/** Bytes at the beginning of a file that tell its kind. */
export const HEAD_BYTES = 512;

const PICTURE_NAMES = /\.(?:jpe?g|png|webp|avif|gif|tiff?|heic|heif)$/i;
const VIDEO_NAMES =
  /\.(?:mp4|m4v|mov|mkv|webm|avi|mpe?g|m2ts|mts|vob|ogv|flv|wmv|asf|3gp|3g2|mxf|y4m|mjpe?g|h26[45])$/i;

/** Bytes, as Latin-1, and where they stand. */
type Mark = readonly [at: number, bytes: string];

/** How containers and streams of video begin; what ffmpeg reads beyond these is known by the name of its file. */
const VIDEO_SIGNATURES: readonly (readonly Mark[])[] = [
  ...['ftyp', 'moov', 'mdat', 'wide', 'free', 'skip'].map((box): Mark[] => [[4, box]]), // MP4, QuickTime
  [[0, '\x1a\x45\xdf\xa3']], // Matroska, WebM
  [
    [0, 'RIFF'],
    [8, 'AVI '],
  ],
  [[0, '\x00\x00\x01\xba']], // MPEG program stream
  [[0, '\x00\x00\x01\xb3']], // MPEG elementary stream
  [
    [0, 'G'],
    [188, 'G'],
    [376, 'G'],
  ], // MPEG transport stream
  [[0, 'OggS']],
  [[0, 'FLV\x01']],
  [[0, '\x30\x26\xb2\x75\x8e\x66\xcf\x11']], // ASF, WMV
  [[0, 'YUV4MPEG2 ']],
];

/** What a folder is searched for. */
export function kindByName(name: string): MediaKind | undefined {
  if (PICTURE_NAMES.test(name)) return 'picture';
  return VIDEO_NAMES.test(name) ? 'video' : undefined;
}

/** The kind by content; undefined where it tells nothing. */
export function kindByContent(head: Uint8Array): MediaKind | undefined {
  if (isPicture(head)) return 'picture';
  const start = String.fromCharCode(...head.subarray(0, HEAD_BYTES));
  const fits = (marks: readonly Mark[]): boolean => marks.every(([at, bytes]) => start.startsWith(bytes, at));
  return VIDEO_SIGNATURES.some(fits) ? 'video' : undefined;
}

/** An address, which ffmpeg opens. */
export function isAddress(path: string): boolean {
  return /^https?:\/\//i.test(path);
}

/** The kind of a file: what it holds counts more than what it is called. What is neither is left to the reader of pictures. */
export async function kindOf(path: string): Promise<MediaKind> {
  if (isAddress(path)) return 'video';
  return kindByContent(await readHead(path)) ?? kindByName(path) ?? 'picture';
}

/** The first bytes of a file; none where it cannot be read, which its reader will tell. */
async function readHead(path: string): Promise<Uint8Array> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return new Uint8Array(0);
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } catch {
    return new Uint8Array(0); // a folder, or a pipe, which has no beginning to come back to
  } finally {
    await file.close();
  }
}
