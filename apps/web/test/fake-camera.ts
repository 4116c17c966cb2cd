import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { PixelImage } from '@mememoji/vision/image';
import sharp from 'sharp';

const FFMPEG = '/usr/bin/ffmpeg';

const ASTRONAUT = join(import.meta.dirname, '../../../test/fixtures/astronaut.png');

/** What stands before the camera. The single face stands left of the middle, so that a mirror shows. */
export type Scene = 'one' | 'two' | 'none';

const FILTERS: Readonly<Record<Scene, string>> = {
  one: '[0]scale=480:480,pad=640:480:0:0:gray',
  two: '[0]scale=320:320,split[a][b];[a][b]hstack,pad=640:480:0:80:gray',
  none: '[0]crop=64:64:440:440,scale=640:480',
};

/** The only layout of colours that Chromium reads from such a file. */
const MJPEG = ['-pix_fmt', 'yuvj420p', '-q:v', '2', '-f', 'mjpeg'];

const INPUT = ['-hide_banner', '-loglevel', 'error', '-y', '-loop', '1', '-framerate', '10', '-i', ASTRONAUT];

/** Writes a camera for Chromium's `--use-file-for-fake-video-capture`, 640x480, which Chromium shows again and again. */
export function writeCamera(path: string, scene: Scene): void {
  execFileSync(FFMPEG, [...INPUT, '-t', '0.5', '-filter_complex', FILTERS[scene], ...MJPEG, path]);
}

/** Flags that give Chromium this camera, and the permission to use it unless the test is about that. */
export function cameraFlags(path: string, allowed: boolean): string[] {
  const flags = ['--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${path}`];
  return allowed ? [...flags, '--use-fake-ui-for-media-stream'] : flags;
}

/**
 * Writes a video of a face that moves from left to right and is gone for a second in the middle of its three.
 * @param path its ending, .webm or .mp4, says the format.
 */
export function writeVideo(path: string): void {
  const move = "crop=320:240:'min(160,n*6)':0,drawbox=enable='between(t,1,1.999)':color=gray:t=fill";
  const codec = path.endsWith('.webm') ? ['-c:v', 'libvpx', '-b:v', '1M'] : ['-c:v', 'libx264', '-pix_fmt', 'yuv420p'];
  const filter = `[0]scale=480:480,${move}`;
  execFileSync(FFMPEG, [...INPUT, '-t', '3', '-filter_complex', filter, ...codec, path]);
}

/** The picture that a camera shows, as the library takes it. */
export async function readCamera(path: string): Promise<PixelImage> {
  const jpeg = execFileSync(FFMPEG, [
    '-loglevel',
    'error',
    '-i',
    path,
    '-frames:v',
    '1',
    '-f',
    'image2pipe',
    '-c:v',
    'png',
    '-',
  ]);
  const { data, info } = await sharp(jpeg).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, channels: 3, data };
}
