import { createReadStream, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openVideo } from 'mememoji/video';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ffmpeg, hasFfmpeg } from '../../../test/ffmpeg.ts';
import { collect, makeNumbered, placesOf, readAll, shownNumber } from './videos.ts';

const COUNT = 55;
/** A frame comes late by up to half a frame's time, as from a telephone. */
const LATE = [0, 0.5, 0.25];
const unevenTime = (frame: number): number => (frame + LATE[frame % 3]!) / 25;
const UNEVEN = "settb=1/60000,setpts='(N+if(eq(mod(N,3),1),0.5,if(eq(mod(N,3),2),0.25)))/25/TB'";

const X264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-g', '12', '-pix_fmt', 'yuv420p'];
const VP8 = ['-c:v', 'libvpx', '-deadline', 'realtime', '-g', '20'];
/** Key frames far apart, B-frames, a format without index: all that makes seeking hard. */
const FILES: Record<string, string[]> = {
  'even.mp4': X264,
  'even.mkv': X264,
  'even.ts': X264,
  'even.webm': VP8,
  'even.avi': ['-c:v', 'mpeg4', '-q:v', '1', '-g', '15'],
  'uneven.mp4': X264,
};

let folder = '';
const at = (name: string): string => join(folder, name);

// Each video is a process or two, and a busy machine takes seconds to start one.
describe.skipIf(!hasFfmpeg)('openVideo', { timeout: 240_000 }, () => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'mememoji-video-'));
    for (const [name, codec] of Object.entries(FILES)) {
      makeNumbered(COUNT, [...codec, at(name)], name.startsWith('uneven') ? UNEVEN : 'null');
    }
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  describe('every frame', () => {
    it.each(Object.keys(FILES))('of %s comes once, with its number and its time', async (name) => {
      const frames = await readAll(at(name));
      expect(frames.map(({ frame }) => frame)).toEqual(Array.from({ length: COUNT }, (_, i) => i));
      expect(frames.map(shownNumber)).toEqual(frames.map(({ frame }) => frame));
      frames.forEach(({ frame, timestamp }) => {
        const expected = name.startsWith('uneven') ? unevenTime(frame) : frame / 25;
        expect(timestamp).toBeCloseTo(expected, name.endsWith('.mp4') ? 4 : 2);
      });
    });

    it('has the size of the source, and its own memory', async () => {
      const [first, second] = await readAll(at('even.mp4'));
      expect(first!.image).toMatchObject({ width: 64, height: 48, channels: 3 });
      expect(first!.image.data).toHaveLength(64 * 48 * 3);
      expect(first!.image.data.buffer).not.toBe(second!.image.data.buffer);
    });
  });

  it('says what is known before', async () => {
    const video = await openVideo(at('even.mp4'));
    expect(video.info).toEqual({ width: 64, height: 48, duration: 2.2, frames: COUNT, frameRate: 25 });
    await video.close();
  });

  describe('a part', () => {
    const cases = [
      { from: 0.9 },
      { from: 1.24, to: 1.7 },
      { to: 0.5 },
      { from: 2.1 },
      { from: 99 },
      { every: 7 },
      { every: 7, from: 0.83 },
      { after: { frame: 30, timestamp: 1.2 } },
      { after: { frame: 28, timestamp: 1.12 }, every: 4 },
    ];
    for (const name of Object.keys(FILES)) {
      it.each(cases)(`of ${name} is what is asked for, from the whole: %o`, async (options) => {
        const whole = await readAll(at(name));
        // Where a file has other times, the frame to go on after has them too.
        const after = options.after && { ...options.after, timestamp: whole[options.after.frame]!.timestamp };
        const part = await readAll(at(name), { ...options, after });
        const { from = 0, to = 1e9, every = 1 } = options;
        const wanted = whole.filter(
          ({ frame, timestamp }) =>
            timestamp >= from - 1e-6 && timestamp < to - 1e-6 && frame % every === 0 && frame > (after?.frame ?? -1),
        );
        expect(placesOf(part)).toEqual(placesOf(wanted));
        expect(part.map(shownNumber)).toEqual(wanted.map(shownNumber));
      });
    }

    it('of so many frames a second has the first frame of each slot', async () => {
      const whole = await readAll(at('uneven.mp4'));
      for (const fps of [3, 10, 24, 25, 60]) {
        const slots = new Map<number, number>();
        for (const { frame, timestamp } of whole) {
          const slot = Math.floor(timestamp * fps + 1e-3);
          if (!slots.has(slot)) slots.set(slot, frame);
        }
        const frames = await readAll(at('uneven.mp4'), { fps });
        expect(frames.map(({ frame }) => frame)).toEqual([...slots.values()]);
        expect(frames.map(shownNumber)).toEqual(frames.map(({ frame }) => frame));
      }
    });

    it('of a video whose slots are its frames loses none to rounding', async () => {
      expect(await readAll(at('even.mp4'), { fps: 25 })).toHaveLength(COUNT);
      expect((await readAll(at('even.mp4'), { fps: 5 })).map(({ frame }) => frame % 5)).toEqual(Array(11).fill(0));
    });
  });

  it('turns the picture upright, as its metadata say', async () => {
    // Left half black, right half white; to be shown turned by a quarter.
    const halves = 'color=black:64x48:r=25:d=0.2,drawbox=x=32:w=32:h=48:color=white:t=fill';
    ffmpeg(['-f', 'lavfi', '-i', halves, ...X264, at('lying.mp4')]);
    ffmpeg(['-i', at('lying.mp4'), '-c', 'copy', '-metadata:s:v:0', 'rotate=90', at('turned.mp4')]);
    const video = await openVideo(at('turned.mp4'));
    expect(video.info).toMatchObject({ width: 48, height: 64 });
    const [{ image } = expect.unreachable('it has no frame')] = await collect(video);
    const brightnessAt = (x: number, y: number): number => image.data[(y * image.width + x) * 3]!;
    expect([image.width, image.height]).toEqual([48, 64]);
    expect(Math.abs(brightnessAt(24, 8) - brightnessAt(24, 56))).toBeGreaterThan(200);
    expect(Math.abs(brightnessAt(4, 32 - 16) - brightnessAt(44, 32 - 16))).toBeLessThan(10);
  });

  it('scales large pictures down, and says by how much', async () => {
    const [frame] = await readAll(at('even.mp4'), { maxSide: 32 });
    expect(frame!.image).toMatchObject({ width: 32, height: 24 });
    expect(frame!.scale).toBe(2);
    for (const maxSide of [640, Number.POSITIVE_INFINITY]) {
      const [same] = await readAll(at('even.mp4'), { maxSide });
      expect([same!.image.width, same!.scale]).toEqual([64, 1]);
    }
  });

  it('keeps the size of the first picture where it changes within the video', async () => {
    ffmpeg(['-i', at('even.ts'), '-vf', 'scale=128:96', ...X264, at('larger.ts')]);
    ffmpeg(['-i', `concat:${at('even.ts')}|${at('larger.ts')}`, '-c', 'copy', at('both.ts')]);
    const frames = await readAll(at('both.ts'), { every: 5 });
    expect(frames.length).toBeGreaterThanOrEqual(21);
    expect(new Set(frames.map(({ image }) => `${image.width}x${image.height}`))).toEqual(new Set(['64x48']));
    expect(frames.map(({ frame }) => frame)).toEqual(frames.map((_, i) => 5 * i));
    expect(shownNumber(frames[3]!)).toBe(15);
  });

  it('reads a stream, from its beginning, also for a later part', async () => {
    for (const options of [{}, { from: 1, every: 3 }, { fps: 5, to: 1.5 }]) {
      const streamed = await collect(await openVideo(createReadStream(at('uneven.mp4')), options));
      const wanted = await readAll(at('uneven.mp4'), options);
      expect(placesOf(streamed)).toEqual(placesOf(wanted));
    }
  });

  it('knows a format by its content', async () => {
    makeNumbered(5, [...X264, at('five.mp4')]);
    renameSync(at('five.mp4'), at('five.jpg.txt'));
    expect(await readAll(at('five.jpg.txt'))).toHaveLength(5);
  });

  it('takes names that mean something to ffmpeg or to a shell as names', async () => {
    for (const name of ['-y.mp4', 'http:a.mp4', 'concat:a|b.mp4', "it's $(x) %d.mp4", 'ä ö.mp4']) {
      makeNumbered(3, [...X264, '-f', 'mp4', `file:${at(name)}`]);
      expect(await readAll(at(name))).toHaveLength(3);
    }
  });

  describe('a folder', () => {
    beforeAll(async () => {
      mkdirSync(at('frames'));
      for (let i = 0; i < 12; i++) {
        const grey = { r: 8 + 4 * i, g: 8 + 4 * i, b: 8 + 4 * i };
        const picture = sharp({ create: { width: 32, height: 24 + i, channels: 3, background: grey } });
        // The twelfth comes after the second by its number, and before it by its letters.
        await picture.png().toFile(at(`frames/frame${i + 1}.png`));
      }
    });

    it('is read in the order of its numbers, each picture in its own size', async () => {
      const video = await openVideo(at('frames'), { fps: 10 });
      expect(video.info).toEqual({ width: 32, height: 24, duration: 1.2, frames: 12, frameRate: 10 });
      const frames = await collect(video);
      expect(frames.map(shownNumber)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
      expect(placesOf(frames)[7]).toEqual([7, 0.7]);
      expect(frames[7]!.image.height).toBe(31);
    });

    it('gives a part', async () => {
      const part = await readAll(at('frames'), { fps: 10, every: 2, from: 0.3, to: 0.9 });
      expect(placesOf(part)).toEqual([
        [4, 0.4],
        [6, 0.6],
        [8, 0.8],
      ]);
      const rest = await readAll(at('frames'), { fps: 10, after: { frame: 9, timestamp: 0.9 } });
      expect(placesOf(rest).map(([frame]) => frame)).toEqual([10, 11]);
    });
  });

  describe('an address', () => {
    let server: Server;
    let address = '';
    const asked: string[] = [];
    beforeAll(async () => {
      server = createServer((request, response) => {
        asked.push(request.url ?? '');
        if (request.url === '/missing.mp4') response.writeHead(404).end();
        else createReadStream(at('even.mkv')).pipe(response);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    afterAll(() => new Promise((resolve) => server.close(resolve)));

    it('is read', async () => {
      expect(placesOf(await readAll(`${address}/even.mkv`))).toEqual(placesOf(await readAll(at('even.mkv'))));
    });

    it('that leads nowhere is told', async () => {
      const failure = await readAll(`${address}/missing.mp4`).catch((error) => error);
      expect(failure).toMatchObject({ code: 'BAD_VIDEO', message: expect.stringContaining('404') });
    });

    it('of another kind is refused', async () => {
      for (const other of ['ftp://host/a.mp4', 'file:///etc/passwd', 'rtsp://host/', 'concat://a']) {
        expect(await readAll(other).catch((error) => error)).toMatchObject({ code: 'BAD_OPTION' });
      }
    });

    it('in a local playlist is not asked', async () => {
      const list = `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n${address}/secret.ts\n#EXT-X-ENDLIST\n`;
      writeFileSync(at('list.m3u8'), list);
      writeFileSync(at('list.ffconcat'), `ffconcat version 1.0\nfile ${address}/secret.mkv\n`);
      for (const name of ['list.m3u8', 'list.ffconcat']) {
        expect(await readAll(at(name)).catch((error) => error)).toMatchObject({ name: 'MememojiError' });
      }
      expect(asked.filter((path) => path.includes('secret'))).toEqual([]);
    });
  });
});
