import { readFile, stat } from 'node:fs/promises';
import type { PixelImage } from '@mememoji/vision/image';
import sharp from 'sharp';
import { MememojiError } from './error.ts';
import { fileError } from './file-error.ts';
import { decodeHeic, isHeic } from './heic.ts';

/** A picture larger than this in bytes is not read. */
const MAX_FILE_BYTES = 512 * 2 ** 20;

const FORMATS = 'JPEG, PNG, WebP, GIF, TIFF, AVIF and HEIC are read';

/** How the file formats begin that sharp reads; '.' is any byte. SVG, which runs code of its own kind, is not among them. */
const SIGNATURES = [
  /^\xff\xd8\xff/,
  /^\x89PNG/,
  /^GIF8/,
  /^RIFF....WEBP/s,
  /^II[*+]\0/,
  /^MM\0[*+]/,
  /^....ftypavi[fs]/s,
  /^....ftypm(?:if|sf)1.{0,48}avi[fs]/s,
];

/** Whether a file that begins like this is of a format that {@link decodeImage} reads. 64 bytes are enough. */
export function isPicture(head: Uint8Array): boolean {
  const start = String.fromCharCode(...head.subarray(0, 64));
  return SIGNATURES.some((signature) => signature.test(start)) || isHeic(head);
}

/**
 * Decodes a picture to upright 8-bit RGB in sRGB: EXIF orientation applied, of an animation the first frame, transparent
 * pixels laid over white, 16 bits, CMYK and grey converted. HEIC gives RGBA.
 * @param source path or content of a file.
 * @param maxPixels width times height above which a picture is refused before its pixels are read.
 * @throws MememojiError FILE_NOT_FOUND, NOT_A_FILE, UNREADABLE_FILE, EMPTY_FILE, NOT_AN_IMAGE, BROKEN_IMAGE, IMAGE_TOO_LARGE
 */
export async function decodeImage(source: string | Uint8Array, maxPixels: number): Promise<PixelImage> {
  const name = typeof source === 'string' ? source : 'the image';
  const bytes = typeof source === 'string' ? await readImageFile(source) : source;
  checkSignature(bytes, name);
  if (isHeic(bytes)) return decodeHeic(bytes, name, maxPixels);
  try {
    const { data, info } = await sharp(bytes, { autoOrient: true, limitInputPixels: maxPixels, failOn: 'error' })
      .flatten({ background: 'white' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, channels: info.channels === 1 ? 1 : 3, data };
  } catch (cause) {
    throw decodingError(cause, name, maxPixels);
  }
}

async function readImageFile(path: string): Promise<Uint8Array> {
  try {
    const file = await stat(path);
    if (!file.isFile()) throw new MememojiError('NOT_A_FILE', `${path} is not a file`, 'pass the path of a picture');
    if (file.size > MAX_FILE_BYTES) throw new MememojiError('IMAGE_TOO_LARGE', `${path} has ${file.size} bytes`);
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof MememojiError) throw cause;
    throw fileError(cause, path);
  }
}

function checkSignature(bytes: Uint8Array, name: string): void {
  if (bytes.length === 0) throw new MememojiError('EMPTY_FILE', `${name} is empty`, 'it has no bytes at all');
  if (!isPicture(bytes)) throw new MememojiError('NOT_AN_IMAGE', `${name} is not a picture of a known format`, FORMATS);
}

function decodingError(cause: unknown, name: string, maxPixels: number): MememojiError {
  const reason = (cause instanceof Error ? cause.message : String(cause)).split('\n')[0]!;
  if (reason.includes('pixel limit')) {
    const hint = `at most ${maxPixels / 1e6} megapixels are read; raise maxPixels or shrink it`;
    return new MememojiError('IMAGE_TOO_LARGE', `${name} has too many pixels`, hint, { cause });
  }
  return new MememojiError('BROKEN_IMAGE', `${name} is damaged (${reason})`, 'open and save it anew', { cause });
}
