/**
 * Whether memory stays flat: over a long video, made by looping a short one, or over many calls of `analyze`. Prints the
 * resident memory of this process now and then, and its slope over the second half, when all is warm.
 *
 *     node --conditions=source benchmarks/memory.ts video [--minutes 60] [--fps 2]
 *     node --conditions=source benchmarks/memory.ts analyze [--calls 10000]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { decodeImage } from 'mememoji/decode';
import { createAnalyzer } from 'mememoji/node';
import { analyzeVideo, openVideo } from 'mememoji/video';

const { values: args, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '60' },
    fps: { type: 'string' },
    calls: { type: 'string', default: '10000' },
  },
});

const PHOTO = join(import.meta.dirname, '../test/fixtures/astronaut.png');
const MEGABYTE = 2 ** 20;
const SAMPLES = 40;

/** Ten seconds of a panned face in 640x480, looped without encoding it again. */
function makeVideo(folder: string, minutes: number): string {
  const short = join(folder, 'short.mp4');
  const long = join(folder, 'long.mp4');
  const pan = "crop=400:300:'50+40*sin(n/40)':10,scale=640:480";
  const input = ['-loop', '1', '-framerate', '25', '-i', PHOTO, '-vf', pan, '-frames:v', '250'];
  const ffmpeg = (...parts: string[]) => execFileSync('ffmpeg', ['-v', 'error', '-nostdin', ...parts]);
  ffmpeg(...input, '-c:v', 'libx264', '-pix_fmt', 'yuv420p', short);
  ffmpeg('-stream_loop', String(Math.max(0, Math.round(minutes * 6) - 1)), '-i', short, '-c', 'copy', long);
  return long;
}

async function* overVideo(folder: string): AsyncGenerator<number> {
  const analyzer = await createAnalyzer({ detection: 'video' });
  const fps = args.fps === undefined ? undefined : Number(args.fps);
  const video = await openVideo(makeVideo(folder, Number(args.minutes)), { fps });
  const { duration = 1 } = video.info;
  for await (const { timestamp } of analyzeVideo(analyzer, video)) yield timestamp / duration;
  await analyzer.close();
}

async function* overCalls(): AsyncGenerator<number> {
  const analyzer = await createAnalyzer({ detection: 'video' });
  const image = await decodeImage(PHOTO, 1e8);
  const calls = Number(args.calls);
  for (let i = 0; i < calls; i++) {
    await analyzer.analyze(image);
    yield i / calls;
  }
  await analyzer.close();
}

/** Megabytes for each unit of x, by least squares. */
function slope(points: readonly { x: number; y: number }[]): number {
  const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const x = mean(points.map((point) => point.x));
  const y = mean(points.map((point) => point.y));
  const above = points.reduce((sum, point) => sum + (point.x - x) * (point.y - y), 0);
  return above / points.reduce((sum, point) => sum + (point.x - x) ** 2, 0);
}

async function sample(steps: AsyncGenerator<number>): Promise<void> {
  const points: { x: number; y: number }[] = [];
  let count = 0;
  for await (const share of steps) {
    count++;
    if (share < points.length / SAMPLES) continue;
    points.push({ x: share, y: process.memoryUsage().rss / MEGABYTE });
    console.log(`${(100 * share).toFixed(1).padStart(5)}%  ${count} done  ${points.at(-1)!.y.toFixed(0)} MB`);
  }
  const late = points.filter(({ x }) => x >= 0.5);
  const most = Math.max(...points.map(({ y }) => y));
  console.log(
    `${count} in all; at most ${most.toFixed(0)} MB; growth in the second half ${(slope(late) / 2).toFixed(1)} MB`,
  );
}

const folder = mkdtempSync(join(tmpdir(), 'mememoji-memory-'));
if (positionals[0] === 'video') await sample(overVideo(folder));
else if (positionals[0] === 'analyze') await sample(overCalls());
else console.error('video or analyze?');
rmSync(folder, { recursive: true });
