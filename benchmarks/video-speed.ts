/**
 * How fast a video goes through: decoding alone, decoding with detection, and all. Wall-clock times say little on a busy
 * machine; beside them stand the processor's milliseconds for a frame, of this process and of ffmpeg, from which follows what
 * idle cores can do at most.
 *
 *     node --conditions=source benchmarks/video-speed.ts [--video FILE] [--frames 250] [--cores 2]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createAnalyzer } from 'mememoji/node';
import { analyzeVideo, openVideo } from 'mememoji/video';

const { values: args } = parseArgs({
  options: {
    video: { type: 'string' },
    frames: { type: 'string', default: '250' },
    cores: { type: 'string', default: '2' },
  },
});

/** A tick of the processor's clock as /proc counts it, in milliseconds. */
const TICK = 10;

/** The astronaut's face, panned, in 640x480 at 25 frames a second. */
function makeVideo(folder: string, frames: number): string {
  const path = join(folder, 'video.mp4');
  const photo = join(import.meta.dirname, '../test/fixtures/astronaut.png');
  const pan = "crop=400:300:'50+40*sin(n/40)':10,scale=640:480";
  const input = ['-loop', '1', '-framerate', '25', '-i', photo, '-vf', pan, '-frames:v', String(frames)];
  execFileSync('ffmpeg', ['-v', 'error', '-nostdin', ...input, '-c:v', 'libx264', '-pix_fmt', 'yuv420p', path]);
  return path;
}

/** Milliseconds that the ffmpeg of this process has used up to now; 0 if there is none. Linux only. */
function decoderTime(): number {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ');
      const isOurs = Number(fields[1]) === process.pid;
      const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
      if (isOurs && name === 'ffmpeg') return (Number(fields[11]) + Number(fields[12])) * TICK;
    } catch {
      // The process has ended meanwhile.
    }
  }
  return 0;
}

/** Runs something over all frames, and prints what a frame has cost. */
async function measure(name: string, run: () => AsyncGenerator<unknown>): Promise<void> {
  const start = performance.now();
  const cpu = process.cpuUsage();
  let count = 0;
  let decoder = 0;
  for await (const _ of run()) if (++count % 10 === 0) decoder = Math.max(decoder, decoderTime());
  const { user, system } = process.cpuUsage(cpu);
  const wall = performance.now() - start;
  const own = (user + system) / 1000 / count;
  const total = own + decoder / count;
  const cells = [
    name.padEnd(24),
    `${((1000 * count) / wall).toFixed(1)} frames/s`,
    `cpu ${own.toFixed(1)} + ffmpeg ${(decoder / count).toFixed(1)} ms`,
    `at most ${((1000 * Number(args.cores)) / total).toFixed(0)} frames/s on ${args.cores} idle cores`,
  ];
  console.log(cells.join('   '));
}

const folder = mkdtempSync(join(tmpdir(), 'mememoji-speed-'));
const path = args.video ?? makeVideo(folder, Number(args.frames));
const analyzer = await createAnalyzer({ detection: 'video' });
await analyzer.warmup();
await measure('decoding', async function* () {
  yield* (await openVideo(path)).frames();
});
await measure('decoding, detection', async function* () {
  for await (const { image } of (await openVideo(path)).frames()) yield await analyzer.detect(image);
});
await measure('all, one after the other', async function* () {
  for await (const { image } of (await openVideo(path)).frames()) yield await analyzer.analyze(image);
});
await measure('all, beside each other', async function* () {
  yield* analyzeVideo(analyzer, await openVideo(path));
});
await analyzer.close();
rmSync(folder, { recursive: true });
