import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeImage } from '../decode.ts';
import { MememojiError } from '../error.ts';
import { fileError } from '../file-error.ts';
import type { Video, VideoFrame, VideoOptions } from '../video.ts';

/** Frames a second of a folder for which nobody says it. */
const DEFAULT_RATE = 25;

/** A picture with more pixels than this is no frame of a video. */
const MAX_PIXELS = 100e6;

const PICTURE = /\.(jpe?g|png|webp|tiff?|avif|gif|heic|heif)$/i;

/**
 * A folder of pictures as a video: ordered by the numbers in their names, the first at 0 s, each 1/fps s after the other.
 * A frame's number is its place in that order, from 0 on. Pictures keep their own sizes.
 * @throws MememojiError `NO_VIDEO` if there is none, and from `frames()` what `decodeImage` throws.
 */
export async function openFolder(path: string, options: VideoOptions): Promise<Video> {
  const names = await listPictures(path);
  const rate = options.fps ?? DEFAULT_RATE;
  const first = names[0];
  if (first === undefined)
    throw new MememojiError('NO_VIDEO', `${path} has no pictures in it`, 'frames are read from it');
  const { width, height } = await decodeImage(join(path, first), MAX_PIXELS);
  return {
    info: { width, height, duration: names.length / rate, frames: names.length, frameRate: rate },
    frames: () => readFolder(path, names, rate, options),
    close: async () => undefined,
  };
}

async function* readFolder(
  path: string,
  names: readonly string[],
  rate: number,
  { every = 1, from = 0, to = Number.POSITIVE_INFINITY, after, signal }: VideoOptions,
): AsyncGenerator<VideoFrame, void, undefined> {
  for (const [frame, name] of names.entries()) {
    const timestamp = frame / rate;
    const wanted = frame % every === 0 && timestamp >= from && timestamp < to && frame > (after?.frame ?? -1);
    if (!wanted) continue;
    signal?.throwIfAborted();
    yield { frame, timestamp, scale: 1, image: await decodeImage(join(path, name), MAX_PIXELS) };
  }
}

async function listPictures(path: string): Promise<string[]> {
  const names = await readdir(path).catch((cause: unknown) => {
    throw fileError(cause, path);
  });
  const byNumber = new Intl.Collator('en', { numeric: true });
  return names.filter((name) => PICTURE.test(name)).sort(byNumber.compare);
}
