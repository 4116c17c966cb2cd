import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { PixelImage } from '@mememoji/vision/image';
import { MememojiError } from './error.ts';

/** Brands of HEIF files whose pictures are compressed as HEVC: what phones call HEIC. */
const BRANDS = /^....ftyp(?:hei[cxms]|hev[cxms]|mif1|msf1)/s;

/** What the thread is asked. */
export interface HeicTask {
  bytes: Uint8Array;
  maxPixels: number;
}

/** What it answers: RGBA, upright, or what is wrong. */
export type HeicAnswer =
  | { width: number; height: number; data: Uint8ClampedArray<ArrayBuffer> }
  | { error: string }
  | 'too large';

/** Whether a file begins like HEIC. AVIF may have one of these brands too, but then it names its own among the others. */
export function isHeic(head: Uint8Array): boolean {
  const start = String.fromCharCode(...head.subarray(0, 64));
  if (!BRANDS.test(start)) return false;
  const size = new DataView(head.buffer, head.byteOffset, head.byteLength).getUint32(0);
  return !/avi[fs]/.test(start.slice(8, size));
}

/**
 * Decodes the first picture of a HEIC file to upright RGBA. libheif, compiled to WebAssembly, does it, in a thread of its
 * own: it takes long, keeps its memory, and prints what it does not like. Colours are taken as they are stored, without the
 * file's profile.
 * @param name for messages
 * @throws MememojiError BROKEN_IMAGE, IMAGE_TOO_LARGE
 */
export async function decodeHeic(bytes: Uint8Array, name: string, maxPixels: number): Promise<PixelImage> {
  const answer = await askThread({ bytes, maxPixels });
  if (answer === 'too large') {
    const hint = `at most ${maxPixels / 1e6} megapixels are read; raise maxPixels or shrink it`;
    throw new MememojiError('IMAGE_TOO_LARGE', `${name} has too many pixels`, hint);
  }
  if ('error' in answer) {
    throw new MememojiError('BROKEN_IMAGE', `${name} is damaged (${answer.error})`, 'open and save it anew');
  }
  return { width: answer.width, height: answer.height, channels: 4, data: answer.data };
}

async function askThread(task: HeicTask): Promise<HeicAnswer> {
  const worker = new Worker(workerUrl(), { workerData: task, stdout: true, stderr: true });
  try {
    const [answer]: HeicAnswer[] = await once(worker, 'message');
    return answer!;
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  } finally {
    await worker.terminate();
  }
}

/** The sources run as they are, the build as JavaScript: the thread must be what this file is. */
function workerUrl(): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./heic-worker.${extension}`, import.meta.url);
}
