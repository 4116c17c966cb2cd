import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp, { type Stats } from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasFfmpeg } from '../../../test/ffmpeg.ts';
import { lineSchema, outputSchema } from '../src/output-schema.ts';
import { call } from './call.ts';
import { writeClip } from './clips.ts';
import { ROOT } from './run.ts';
import { encodeStandIn } from './stand-in.ts';

const PHOTO = join(ROOT, 'test/fixtures/astronaut.png');

describe.skipIf(!hasFfmpeg)('mememoji analyze with videos', () => {
  let folder: string;
  let model: string;
  let clip: string;
  const at = (name: string): string => join(folder, name);
  const analyze = (args: string[], input?: Uint8Array) =>
    call(['analyze', ...args, '--model', model, '--threads', '1'], input);
  const lines = (text: string) =>
    text
      .trim()
      .split('\n')
      .map((line) => lineSchema.parse(JSON.parse(line)));

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'mememoji-videos-'));
    model = at('stand-in.onnx');
    writeFileSync(model, encodeStandIn());
    clip = writeClip(at('clip.mp4'), { seconds: 2, rate: 10, sound: true });
    mkdirSync(at('frames'));
    for (const number of [1, 2, 3]) copyFileSync(PHOTO, at(`frames/shot-${number}.png`));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('gives pictures and videos in the order of the arguments, with a face that keeps its id', async () => {
    const { code, stdout } = await analyze([PHOTO, clip, PHOTO, '--format', 'json', '--jobs', '2']);
    expect(code).toBe(0);
    const [first, video, last] = outputSchema.parse(JSON.parse(stdout));
    expect([first, video, last].map((one) => one?.path)).toEqual([PHOTO, clip, PHOTO]);
    expect(last).toEqual(first);
    const frames = video !== undefined && 'frames' in video ? video.frames : [];
    expect(frames.map(({ frame, timestamp }) => [frame, Number(timestamp.toFixed(3))])).toEqual(
      Array.from({ length: 20 }, (_, i) => [i, i / 10]),
    );
    expect(new Set(frames.flatMap(({ faces }) => faces.map(({ id }) => id)))).toEqual(new Set([0]));
  });

  it('reads a part of a video, and some of its frames', async () => {
    const { stdout } = await analyze([clip, '--from', '0.5', '--to', '0:01.5', '--every', '2', '--format', 'ndjson']);
    expect(lines(stdout).map((line) => 'frame' in line && line.frame)).toEqual([6, 8, 10, 12, 14]);
    const { stdout: slow } = await analyze([clip, '--fps', '2', '--format', 'ndjson']);
    expect(lines(slow).map((line) => 'frame' in line && line.frame)).toEqual([0, 5, 10, 15]);
  });

  it('reads a video from standard input', async () => {
    const stream = writeClip(at('stream.mkv'), { seconds: 1, rate: 10 });
    const { code, stdout } = await analyze(['-', '--format', 'ndjson'], readFileSync(stream));
    expect(code).toBe(0);
    expect(lines(stdout)).toHaveLength(10);
    expect(lines(stdout)[0]).toMatchObject({ path: '-', frame: 0, width: 320, height: 240 });
  });

  it('takes a folder for a video if told so', async () => {
    const { stdout } = await analyze([at('frames'), '--frames', '--fps', '2', '--format', 'csv']);
    const rows = stdout
      .trim()
      .split('\n')
      .slice(1)
      .map((row) => row.split(',').slice(0, 4));
    expect(rows).toEqual([0, 1, 2].map((frame) => [at('frames'), `${frame}`, `${frame / 2}`, '0']));
  });

  it('counts disgust as angry, before and after smoothing', async () => {
    const { stdout } = await analyze([clip, '--every', '10', '--six', '--format', 'csv', '--raw']);
    const [head, first] = stdout.split('\n').map((row) => row.split(','));
    const cell = (name: string): string | undefined => first![head!.indexOf(name)];
    expect(head).not.toContain('disgust');
    expect([cell('angry'), cell('raw_angry'), cell('dominant'), cell('doubts')]).toEqual(['0.35', '0.35', 'angry', '']);
  });

  it('draws into pictures and videos, and keeps the sound', async () => {
    const drawn = at('drawn');
    const { code } = await analyze([PHOTO, clip, '--annotate', drawn, '--summary']);
    expect(code).toBe(0);
    expect(readdirSync(drawn).sort()).toEqual(['astronaut.png', 'clip.mp4']);
    const probe = [
      '-v',
      'error',
      '-count_frames',
      '-show_entries',
      'stream=codec_type,nb_read_frames,width',
      '-of',
      'csv=p=0',
    ];
    const told = execFileSync('ffprobe', [...probe, join(drawn, 'clip.mp4')], { encoding: 'utf8' });
    expect(told).toMatch(/^video,320,20$/m);
    expect(told).toMatch(/^audio,/m);
    const [before, after] = await Promise.all([PHOTO, join(drawn, 'astronaut.png')].map((file) => sharp(file).stats()));
    const mean = ({ channels }: Stats): number => channels[0]!.mean;
    expect(Math.abs(mean(before!) - mean(after!))).toBeGreaterThan(0.5);
  });

  it('ends where the drawings cannot be written, and leaves no half video', async () => {
    mkdirSync(at('full/clip.mp4'), { recursive: true });
    const { code, stderr } = await analyze([clip, '--annotate', at('full')]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^mememoji: cannot write '.*clip\.mp4': is a folder, not a file\. Choose another place\n$/);
    expect(readdirSync(at('full'))).toEqual(['clip.mp4']);
  });
});
