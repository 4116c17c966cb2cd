import { MememojiError } from '../error.ts';
import type { Frame, Handed } from './protocol.ts';

/** What a page can have analyzed; a string is the address of a picture. */
export type WebImageSource =
  | Blob
  | ImageBitmap
  | ImageData
  | HTMLImageElement
  | HTMLCanvasElement
  | OffscreenCanvas
  | HTMLVideoElement
  | VideoFrame
  | string;

/** Pictures one after the other, which whoever takes them closes. */
export type FrameStream = AsyncIterable<Handed> | ReadableStream<Handed>;

/** Kinds by the name that every object carries, which is the same in other frames of the page. */
interface Kinds {
  Blob: Blob;
  File: Blob;
  ImageBitmap: ImageBitmap;
  ImageData: ImageData;
  HTMLImageElement: HTMLImageElement;
  HTMLCanvasElement: HTMLCanvasElement;
  OffscreenCanvas: OffscreenCanvas;
  HTMLVideoElement: HTMLVideoElement;
  VideoFrame: VideoFrame;
}

/** Whether something is of one of these kinds, in whichever frame of the page it was made. */
export function isA<K extends keyof Kinds>(source: unknown, ...kinds: K[]): source is Kinds[K] {
  const name = Object.prototype.toString.call(source).slice('[object '.length, -1);
  return kinds.some((kind) => kind === name);
}

/** Where a video element begins to have a picture, in the words of its standard. */
const HAVE_CURRENT_DATA = 2;

export function hasPicture({ readyState, videoWidth }: HTMLVideoElement): boolean {
  return readyState >= HAVE_CURRENT_DATA && videoWidth > 0;
}

/** The start of the files that browsers read; '.' is any byte. */
const PICTURE = /^(\xff\xd8\xff|\x89PNG|GIF8|BM|RIFF....WEBP|....ftyp)/s;

/**
 * Makes of any source a picture that can be handed to a worker, upright. What is passed stays the caller's: bitmaps and
 * frames are copied.
 * @throws MememojiError EMPTY_FILE, NOT_AN_IMAGE, BROKEN_IMAGE, BAD_PIXELS, FETCH_FAILED, CROSS_ORIGIN, NO_FRAME
 */
export async function toFrame(source: WebImageSource): Promise<Frame> {
  if (typeof source === 'string') return fromBlob(await fetchPicture(source), source);
  if (isA(source, 'Blob', 'File')) return fromBlob(source, 'the picture');
  if (isA(source, 'HTMLImageElement')) return fromImage(source);
  if (isA(source, 'HTMLVideoElement')) return fromVideo(source);
  if (isA(source, 'VideoFrame')) return copyOf(source);
  if (isA(source, 'ImageData')) return fromImageData(source);
  if (isA(source, 'HTMLCanvasElement', 'OffscreenCanvas', 'ImageBitmap')) return toBitmap(source);
  throw new MememojiError('NOT_AN_IMAGE', `${describe(source)} is not a picture`, 'see WebImageSource for what is');
}

async function fetchPicture(url: string): Promise<Blob> {
  const response = await fetch(url).catch((cause: unknown) => {
    const hint = 'is it online, and does its server allow other origins (Access-Control-Allow-Origin)?';
    throw new MememojiError('FETCH_FAILED', `${url} cannot be fetched`, hint, { cause });
  });
  if (!response.ok) throw new MememojiError('FETCH_FAILED', `${url} cannot be fetched (${response.status})`);
  return response.blob();
}

async function fromBlob(blob: Blob, name: string): Promise<ImageBitmap> {
  if (blob.size === 0) throw new MememojiError('EMPTY_FILE', `${name} is empty`, 'it has no bytes at all');
  try {
    return await createImageBitmap(blob, { imageOrientation: 'from-image' });
  } catch (cause) {
    const start = String.fromCharCode(...new Uint8Array(await blob.slice(0, 16).arrayBuffer()));
    if (!PICTURE.test(start)) {
      const hint = 'JPEG, PNG, WebP, GIF, AVIF and BMP are read';
      throw new MememojiError('NOT_AN_IMAGE', `${name} is not a picture of a known format`, hint, { cause });
    }
    const hint = 'it is damaged, too large, or of a format that this browser does not know';
    throw new MememojiError('BROKEN_IMAGE', `${name} cannot be read`, hint, { cause });
  }
}

async function fromImage(image: HTMLImageElement): Promise<ImageBitmap> {
  try {
    await image.decode();
  } catch (cause) {
    const hint = image.currentSrc === '' ? 'set its src' : 'is its address right, and the file a picture?';
    throw new MememojiError('BROKEN_IMAGE', 'the image element has no picture', hint, { cause });
  }
  return toBitmap(image);
}

async function fromVideo(video: HTMLVideoElement): Promise<ImageBitmap> {
  if (hasPicture(video)) return toBitmap(video);
  throw new MememojiError('NO_FRAME', 'the video has no picture yet', 'wait for its event loadeddata');
}

/** Plain pixels travel as they are, so that transparent ones keep their colour; others are converted by the browser. */
async function fromImageData(image: ImageData): Promise<Frame> {
  const { width, height, data, colorSpace } = image;
  if (colorSpace === 'srgb' && data instanceof Uint8ClampedArray) return { width, height, channels: 4, data };
  return toBitmap(image);
}

/**
 * A picture of what is shown now.
 * @throws MememojiError `BAD_PIXELS` where there is none.
 */
export async function toBitmap(source: Exclude<WebImageSource, string | Blob>): Promise<ImageBitmap> {
  return createImageBitmap(source).catch((cause: unknown) => {
    throw badPixels(cause);
  });
}

function copyOf(frame: VideoFrame): VideoFrame {
  try {
    return frame.clone();
  } catch (cause) {
    throw badPixels(cause);
  }
}

function badPixels(cause: unknown): MememojiError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new MememojiError('BAD_PIXELS', reason, 'it is empty, closed or handed over', { cause });
}

function describe(source: unknown): string {
  return Object.prototype.toString.call(source).slice('[object '.length, -1);
}
