/** Videos for tests, made by ffmpeg, of which every frame and every time is known. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Video, VideoFrame, VideoOptions } from 'mememoji/video';
import { openVideo } from 'mememoji/video';
import { ffmpeg } from '../../../test/ffmpeg.ts';

export const ASTRONAUT = fileURLToPath(new URL('../../../test/fixtures/astronaut.png', import.meta.url));

/** Brightness of frame n of a numbered video, in steps that even a lossy codec keeps apart. */
const brightness = (frame: number): number => 8 + 4 * (frame % 60);

/**
 * Grey frames of 64x48 of which each shows its number by its brightness, 25 a second unless `filter` gives them other times.
 * @param output arguments for the codec and the path.
 */
export function makeNumbered(count: number, output: readonly string[], filter = 'null'): void {
  const frames = Buffer.concat(Array.from({ length: count }, (_, i) => Buffer.alloc(64 * 48, brightness(i))));
  const input = ['-f', 'rawvideo', '-pix_fmt', 'gray', '-s', '64x48', '-r', '25', '-i', 'pipe:0'];
  const times = ['-vf', filter, '-fps_mode', 'passthrough', '-enc_time_base', '1:60000'];
  ffmpeg([...input, ...times, ...output], frames);
}

/** The number that a frame of such a video shows, within 60. */
export function shownNumber({ image }: VideoFrame): number {
  const middle = (image.height >> 1) * image.width + (image.width >> 1);
  return Math.round((image.data[middle * image.channels]! - 8) / 4);
}

/** The face of the astronaut that wanders 2 pixels to the left with each frame. */
export function makePanned(count: number, output: readonly string[]): void {
  const pan = "crop=320:240:'60+2*n':20";
  ffmpeg(['-loop', '1', '-framerate', '25', '-i', ASTRONAUT, '-vf', pan, '-frames:v', String(count), ...output]);
}

/** Opens a video and reads all that is wanted of it. */
export async function readAll(source: string, options: VideoOptions = {}): Promise<VideoFrame[]> {
  return collect(await openVideo(source, options));
}

export async function collect(video: Video): Promise<VideoFrame[]> {
  const frames: VideoFrame[] = [];
  for await (const frame of video.frames()) frames.push(frame);
  return frames;
}

/** Where frames stand: number and time. */
export const placesOf = (frames: readonly VideoFrame[]): [number, number][] =>
  frames.map(({ frame, timestamp }) => [frame, timestamp]);

/** Children of this process that are ffmpeg or ffprobe, running or waiting to be buried. Linux only. */
export function childrenLeft(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const stat = readFileSync(join('/proc', pid, 'stat'), 'utf8');
        const [, command = '', , parent] = /^\d+ \((.*)\) (\S) (\d+)/.exec(stat) ?? [];
        return Number(parent) === process.pid && command.startsWith('ff') ? [`${command} ${pid}`] : [];
      } catch {
        return [];
      }
    });
}
