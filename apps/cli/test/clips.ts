import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './run.ts';

const PHOTO = join(ROOT, 'test/fixtures/astronaut.png');

export function ffmpeg(...args: string[]): void {
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/**
 * A video of 320x240 with a face that moves from left to right and gets darker and lighter, so that what is read in it
 * changes; and a tone.
 */
export function writeClip(file: string, { seconds = 2, rate = 10, sound = false } = {}): string {
  const move = `scale=360:360,crop=320:240:'20+20*sin(2*PI*t/3)':60,eq=brightness='0.25*sin(2*PI*t/2)':eval=frame`;
  ffmpeg(
    ...['-loop', '1', '-framerate', `${rate}`, '-t', `${seconds}`, '-i', PHOTO],
    ...(sound ? ['-f', 'lavfi', '-i', `sine=frequency=440:duration=${seconds}`] : []),
    ...['-vf', `${move},format=yuv420p`, '-t', `${seconds}`, '-g', '25', file],
  );
  return file;
}
