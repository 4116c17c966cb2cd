import { createReadStream, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { MememojiError } from 'mememoji/error';
import { openVideo, type VideoFrame, type VideoOptions } from 'mememoji/video';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ffmpeg, hasFfmpeg } from '../../../test/ffmpeg.ts';
import { childrenLeft, makeNumbered, placesOf, readAll } from './videos.ts';

const X264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '12', '-pix_fmt', 'yuv420p'];
const COUNT = 100;

let folder = '';
const at = (name: string): string => join(folder, name);

/** A video with more pixels than fit into pipes and buffers, so that its decoder waits to be read. */
function makeLarge(): string {
  const path = at('large.mkv');
  if (!existsSync(path)) ffmpeg(['-i', at('whole.mkv'), '-vf', 'scale=1280:960', ...X264, path]);
  return path;
}

/** Reads as far as it goes. */
async function readUntilFailure(
  source: string | Readable,
  options: VideoOptions = {},
): Promise<{ frames: VideoFrame[]; error: MememojiError | undefined }> {
  const frames: VideoFrame[] = [];
  try {
    const video = await openVideo(source, options);
    for await (const frame of video.frames()) frames.push(frame);
    return { frames, error: undefined };
  } catch (error) {
    return { frames, error: error as MememojiError };
  }
}

async function codeOf(source: string | Readable, options?: VideoOptions): Promise<string | undefined> {
  return (await readUntilFailure(source, options)).error?.code;
}

it('says what is missing where there is no ffmpeg', async () => {
  const { error } = await readUntilFailure(import.meta.filename, { ffprobe: '/nowhere/ffprobe' });
  expect(error).toMatchObject({ code: 'NO_FFMPEG', hint: expect.stringContaining('apt-get install ffmpeg') });
  const streamed = Readable.from([Buffer.from('no video')]);
  expect(await codeOf(streamed, { ffmpeg: '/nowhere/ffmpeg' })).toBe('NO_FFMPEG');
});

it('looks where the environment says', async () => {
  const before = process.env.MEMEMOJI_FFPROBE;
  process.env.MEMEMOJI_FFPROBE = '/nowhere/else';
  try {
    const { error } = await readUntilFailure(import.meta.filename);
    expect(error).toMatchObject({ code: 'NO_FFMPEG', message: expect.stringContaining('/nowhere/else') });
  } finally {
    if (before === undefined) delete process.env.MEMEMOJI_FFPROBE;
    else process.env.MEMEMOJI_FFPROBE = before;
  }
});

it.each([
  { every: 0 },
  { every: 1.5 },
  { fps: 0 },
  { fps: Number.NaN },
  { from: -1 },
  { to: 0 },
  { from: 3, to: 2 },
  { maxSide: 0 },
])('refuses %o', async (options) => {
  expect(await codeOf('video.mp4', options)).toBe('BAD_OPTION');
});

// Each video is a process or two, and a busy machine takes seconds to start one.
describe.skipIf(!hasFfmpeg)('a video', { timeout: 240_000 }, () => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'mememoji-faults-'));
    makeNumbered(COUNT, [...X264, '-movflags', 'faststart', at('front.mp4')]);
    ffmpeg(['-f', 'lavfi', '-i', 'sine=duration=1', at('sound.wav')]);
    for (const name of ['back.mp4', 'whole.mkv', 'whole.ts']) ffmpeg(['-i', at('front.mp4'), '-c', 'copy', at(name)]);
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true }));
  afterEach(() => expect(childrenLeft()).toEqual([]));

  it('that is none is told apart from one that is broken', async () => {
    writeFileSync(at('empty.mp4'), '');
    writeFileSync(at('text.mp4'), 'This is a letter to my aunt.\n'.repeat(200));
    mkdirSync(at('nothing'));
    ffmpeg(['-f', 'lavfi', '-i', 'sine=duration=1', '-c:a', 'aac', at('sound.mp4')]);
    const codes: Record<string, string | undefined> = {};
    for (const name of ['missing.mp4', 'empty.mp4', 'text.mp4', 'nothing', 'sound.wav', 'sound.mp4']) {
      codes[name] = await codeOf(at(name));
    }
    expect(codes).toEqual({
      'missing.mp4': 'FILE_NOT_FOUND',
      'empty.mp4': 'EMPTY_FILE',
      'text.mp4': 'BAD_VIDEO',
      nothing: 'NO_VIDEO',
      'sound.wav': 'NO_VIDEO',
      'sound.mp4': 'NO_VIDEO',
    });
    expect(await codeOf('/dev/null')).toBe('NOT_A_FILE');
  });

  it('with a cover but no moving pictures is sound', async () => {
    ffmpeg(['-f', 'lavfi', '-i', 'color=red:64x64:d=0.04', '-frames:v', '1', at('cover.png')]);
    const cover = ['-map', '0', '-map', '1', '-c:v', 'copy', '-disposition:v', 'attached_pic'];
    ffmpeg(['-i', at('sound.wav'), '-i', at('cover.png'), ...cover, '-c:a', 'flac', at('song.flac')]);
    expect(await codeOf(at('song.flac'))).toBe('NO_VIDEO');
  });

  it('of zero length has no frame', async () => {
    ffmpeg(['-i', at('front.mp4'), '-c', 'copy', '-t', '0', at('zero.mkv')]);
    ffmpeg(['-f', 'lavfi', '-i', 'color=red:64x64', '-frames:v', '0', ...X264, at('zero.mp4')]);
    for (const name of ['zero.mkv', 'zero.mp4']) expect(await codeOf(at(name))).toMatch(/^(BAD|NO)_VIDEO$/);
  });

  describe('through a pipe', () => {
    it('has the same faults', async () => {
      expect(await codeOf(Readable.from([]))).toBe('BAD_VIDEO');
      expect(await codeOf(Readable.from([Buffer.alloc(5000, 'no')]))).toBe('BAD_VIDEO');
      expect(await codeOf(createReadStream(at('sound.wav')))).toBe('NO_VIDEO');
    });

    it('cannot have its index at the end, and the hint says so', async () => {
      const { error } = await readUntilFailure(Readable.from([readFileSync(at('back.mp4')).subarray(0, 4000)]));
      expect(error).toMatchObject({ code: 'BAD_VIDEO', hint: expect.stringContaining('through a pipe') });
    });

    it('that fails tells why', async () => {
      const bytes = readFileSync(at('whole.ts'));
      const failing = Readable.from(
        (async function* () {
          yield bytes.subarray(0, bytes.length >> 1);
          throw new Error('the cable was pulled');
        })(),
      );
      const { frames, error } = await readUntilFailure(failing);
      expect(error).toMatchObject({
        code: 'UNREADABLE_FILE',
        message: expect.stringContaining('the cable was pulled'),
      });
      expect(frames.length).toBeLessThan(COUNT);
    });

    it('is not read further than it is wanted', async () => {
      const video = readFileSync(makeLarge());
      let read = 0;
      const endless = Readable.from(
        (async function* () {
          yield video;
          for (; ; read += 2 ** 16) yield Buffer.alloc(2 ** 16);
        })(),
      );
      for await (const { frame } of (await openVideo(endless)).frames()) if (frame === 3) break;
      expect(endless.destroyed).toBe(true);
      expect(read).toBeLessThan(8 * 2 ** 20);
    });
  });

  describe('cut off', () => {
    const shares = [10, 30, 50, 70, 90];

    it.each(['front.mp4', 'whole.mkv'])('gives what there is of %s, then says so', async (name) => {
      const bytes = readFileSync(at(name));
      const whole = placesOf(await readAll(at(name)));
      const counts: number[] = [];
      for (const share of shares) {
        writeFileSync(at(`cut-${name}`), bytes.subarray(0, (bytes.length * share) / 100));
        const { frames, error } = await readUntilFailure(at(`cut-${name}`));
        expect(error?.code).toBe(frames.length === 0 ? 'BAD_VIDEO' : 'TRUNCATED_VIDEO');
        expect(whole.slice(0, frames.length)).toEqual(placesOf(frames));
        counts.push(frames.length);
      }
      expect(counts).toEqual([...counts].sort((a, b) => a - b));
      expect(counts.at(-1)).toBeGreaterThan(0.6 * COUNT);
    });

    it('is an end like any other where the format promises no length', async () => {
      const bytes = readFileSync(at('whole.ts'));
      for (const share of shares) {
        writeFileSync(at('cut.ts'), bytes.subarray(0, (bytes.length * share) / 100));
        const { frames, error } = await readUntilFailure(at('cut.ts'));
        expect(error).toBeUndefined();
        expect(Math.abs(frames.length - (COUNT * share) / 100)).toBeLessThan(15);
      }
    });

    it('cannot be read where the index is what is missing', async () => {
      const bytes = readFileSync(at('back.mp4'));
      for (const share of shares) {
        writeFileSync(at('cut-back.mp4'), bytes.subarray(0, (bytes.length * share) / 100));
        expect(await codeOf(at('cut-back.mp4'))).toBe('BAD_VIDEO');
      }
    });
  });

  it('with bytes damaged in the middle is read on', async () => {
    const bytes = readFileSync(at('whole.mkv'));
    bytes.fill(0x55, bytes.length >> 1, (bytes.length >> 1) + 60);
    writeFileSync(at('damaged.mkv'), bytes);
    const { frames, error } = await readUntilFailure(at('damaged.mkv'));
    expect(error).toBeUndefined();
    expect(frames.length).toBeGreaterThan(0.7 * COUNT);
    expect(frames.at(-1)!.timestamp).toBeCloseTo((COUNT - 1) / 25, 2);
  });

  it('whose decoder is killed ends with an error', async () => {
    const video = await openVideo(makeLarge());
    const error = await (async () => {
      for await (const { frame } of video.frames()) {
        if (frame !== 2) continue;
        for (const child of childrenLeft()) process.kill(Number(child.split(' ')[1]), 'SIGKILL');
      }
      return undefined;
    })().catch((failure: MememojiError) => failure);
    expect(error).toMatchObject({ code: 'DECODER_FAILED', message: expect.stringContaining('SIGKILL') });
  });

  describe('that is no longer wanted', () => {
    it('is let go when the loop ends', async () => {
      const video = await openVideo(makeLarge());
      for await (const _ of video.frames()) break;
      expect(childrenLeft()).toEqual([]);
    });

    it('is let go when it is closed before it is read, and twice', async () => {
      const video = await openVideo(makeLarge());
      await video.close();
      await video.close();
      const error = await video
        .frames()
        .next()
        .catch((failure) => failure);
      expect(error).toMatchObject({ code: 'CLOSED' });
    });

    it('fails as closed when it is closed while it is read', async () => {
      const video = await openVideo(makeLarge());
      const frames = video.frames();
      await frames.next();
      const reading = (async () => {
        while (!(await frames.next()).done);
      })();
      await video.close();
      await expect(reading).rejects.toMatchObject({ code: 'CLOSED' });
    });

    it('ends with the reason of the signal, whenever it comes', async () => {
      for (const after of [0, 1, 5, 20, 60, 200]) {
        const controller = new AbortController();
        const reason = new Error(`enough after ${after} ms`);
        setTimeout(() => controller.abort(reason), after);
        const { error } = await readUntilFailure(makeLarge(), { signal: controller.signal, from: 1 });
        expect(error).toBe(reason);
        expect(childrenLeft()).toEqual([]);
      }
    });

    it('ends with the signal while a stream sends nothing', async () => {
      const silent = new Readable({ read: () => undefined });
      const { error } = await readUntilFailure(silent, { signal: AbortSignal.timeout(100) });
      expect(error?.name).toBe('TimeoutError');
      expect(silent.destroyed).toBe(true);
    });
  });
});
