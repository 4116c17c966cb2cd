import { Readable } from 'node:stream';
import { readFrames } from 'mememoji/video/pixels';
import { FrameNumbers, FrameTimes } from 'mememoji/video/times';
import { describe, expect, it } from 'vitest';

/** What ffmpeg writes for frames at these microseconds. */
const lines = (times: readonly number[]): string =>
  ['#tb 0: 1/1000000', '#dimensions 0: 64x48', ...times.map((t) => `0, ${t - 7}, ${t}, 40000, 472, 0x0`), ''].join(
    '\n',
  );

describe('readFrames', () => {
  it('cuts bytes into frames, wherever the pieces end, and drops what is left', async () => {
    const bytes = Uint8Array.from({ length: 32 }, (_, i) => i);
    for (const pieceLength of [1, 4, 7, 10, 13, 32]) {
      const pieces = Array.from({ length: Math.ceil(32 / pieceLength) }, (_, i) =>
        bytes.subarray(i * pieceLength, (i + 1) * pieceLength),
      );
      const frames: number[][] = [];
      for await (const frame of readFrames(Readable.from(pieces), 10)) frames.push([...frame]);
      expect(frames).toEqual([0, 10, 20].map((from) => [...bytes.subarray(from, from + 10)]));
    }
  });
});

describe('FrameTimes', () => {
  it('reads the size and the times of presentation', async () => {
    const times = new FrameTimes(Readable.from([Buffer.from(lines([0, 40_000]))]));
    expect(await times.peek()).toBe(0);
    expect(times.size).toEqual({ width: 64, height: 48 });
    expect([await times.next(), await times.next(), await times.next()]).toEqual([0, 40_000, undefined]);
    expect(times.newest).toBe(40_000);
  });

  it('ends when its stream is destroyed', async () => {
    const stream = new Readable({ read: () => undefined });
    const times = new FrameTimes(stream);
    const next = times.next();
    stream.destroy();
    expect(await next).toBeUndefined();
  });
});

describe('FrameNumbers', () => {
  const numbersFor = (all: readonly number[], anchor?: { frame: number; microseconds: number }): FrameNumbers =>
    new FrameNumbers(new FrameTimes(Readable.from([Buffer.from(lines(all))])), anchor);

  it('counts from the first frame, also those that are not asked for', async () => {
    const numbers = numbersFor([0, 40, 90, 90, 150].map((t) => t * 1000));
    expect(await numbers.numberOf(40_000)).toBe(1);
    expect(await numbers.numberOf(90_000)).toBe(2);
    expect(await numbers.numberOf(90_000)).toBe(3);
    expect(await numbers.numberOf(150_000)).toBe(4);
  });

  it('counts from behind the anchor, whose time may be rounded otherwise', async () => {
    for (const microseconds of [89_998, 90_000, 90_002]) {
      const numbers = numbersFor([40_000, 90_000, 150_000, 200_000], { frame: 17, microseconds });
      expect(await numbers.numberOf(150_000)).toBe(18);
      expect(await numbers.numberOf(200_000)).toBe(19);
    }
  });
});
