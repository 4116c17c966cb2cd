import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FrameAnalysis, TrackedFace } from '@mememoji/vision/result';
import { Tracker } from '@mememoji/vision/tracker';
import type { Analyzer } from 'mememoji/analyzer';
import { createAnalyzer, type ImageSource } from 'mememoji/node';
import { analyzeFrames, analyzeVideo, openVideo, type Video, type VideoOptions } from 'mememoji/video';
import { mapInOrder } from 'mememoji/video/pipeline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ffmpeg, hasFfmpeg } from '../../../test/ffmpeg.ts';
import { cellImage } from './fakes.ts';
import { tinyClassifier, tinyDetector } from './tiny-models.ts';
import { childrenLeft, makePanned } from './videos.ts';

const X264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '12', '-bf', '2', '-g', '10', '-pix_fmt', 'yuv420p'];
const COUNT = 24;

async function collect<Item>(source: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of source) items.push(item);
  return items;
}

/** A video of pictures that are at hand: a bright cell at the column of each frame, undefined for a frame without a face. */
function videoOf(columns: readonly (number | undefined)[]): Video & { closed: number } {
  const video = {
    info: { width: 128, height: 96 },
    closed: 0,
    async *frames() {
      for (const [frame, column] of columns.entries()) {
        const image = cellImage(128, 96, column === undefined ? [] : [[column, 10, 255]]);
        yield { frame, timestamp: frame / 10, image, scale: 2 };
      }
    },
    close: async () => {
      video.closed++;
    },
  };
  return video;
}

describe('analyzeVideo', () => {
  let analyzer: Analyzer<ImageSource>;
  beforeAll(async () => {
    analyzer = await createAnalyzer({ model: tinyClassifier(), detector: tinyDetector() });
  });
  afterAll(() => analyzer.close());

  it('gives every frame in order, those without a face too, in pixels of the source', async () => {
    const video = videoOf([5, 6, undefined, 8]);
    const frames = await collect(analyzeVideo(analyzer, video));
    expect(frames.map(({ frame, timestamp, faces }) => [frame, timestamp, faces.length])).toEqual([
      [0, 0, 1],
      [1, 0.1, 1],
      [2, 0.2, 0],
      [3, 0.3, 1],
    ]);
    // The picture has half the source's size. In it the cell of column 5 has its centre at 22.
    const [face] = frames[0]!.faces as [TrackedFace];
    expect(Math.abs(face.box.x + face.box.width / 2 - 44)).toBeLessThan(3);
    expect(Math.abs(face.landmarks.mouth.x - 44)).toBeLessThan(3);
    expect(frames.flatMap(({ faces }) => faces.map(({ id }) => id))).toEqual([0, 0, 0]);
    expect(video.closed).toBeGreaterThan(0);
  });

  it('hands the pixels on to those who want to draw', async () => {
    const [frame] = await collect(analyzeFrames(analyzer, videoOf([5])));
    expect(frame).toMatchObject({ frame: 0, scale: 2, image: { width: 128 } });
  });

  it('ends with the loop, and with the signal', async () => {
    const video = videoOf([1, 2, 3, 4]);
    for await (const { frame } of analyzeVideo(analyzer, video)) if (frame === 1) break;
    expect(video.closed).toBeGreaterThan(0);
    const controller = new AbortController();
    const other = videoOf([1, 2, 3, 4]);
    const aborted = (async () => {
      for await (const _ of analyzeVideo(analyzer, other, { signal: controller.signal })) controller.abort();
    })();
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
    expect(other.closed).toBeGreaterThan(0);
  });
});

describe('mapInOrder', () => {
  const later = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  async function* numbers(count: number, failAt = -1) {
    for (let i = 0; i < count; i++) {
      if (i === failAt) throw new Error(`no number ${i}`);
      yield i;
    }
  }

  it('works on several at once, never on more, and keeps their order', async () => {
    let running = 0;
    let most = 0;
    const work = async (i: number): Promise<number> => {
      most = Math.max(most, ++running);
      await later(i % 3 === 0 ? 20 : 1);
      running--;
      return i * i;
    };
    expect(await collect(mapInOrder(numbers(10), 3, work))).toEqual([0, 1, 4, 9, 16, 25, 36, 49, 64, 81]);
    expect(most).toBe(3);
  });

  it('gives what there is before a failure of the source, and of the work', async () => {
    for (const [source, work] of [
      [numbers(9, 5), async (i: number) => i],
      [
        numbers(9),
        async (i: number) => {
          if (i === 5) throw new Error('no number 5');
          return i;
        },
      ],
    ] as const) {
      const seen: number[] = [];
      const failure = await (async () => {
        for await (const i of mapInOrder(source, 2, work)) seen.push(i);
      })().catch((error: Error) => error.message);
      expect([seen, failure]).toEqual([[0, 1, 2, 3, 4], 'no number 5']);
    }
  });

  it('ends the source, and waits for what runs, when nobody wants more', async () => {
    let ended = false;
    let done = 0;
    async function* source() {
      try {
        for (let i = 0; ; i++) yield i;
      } finally {
        ended = true;
      }
    }
    const work = async (i: number): Promise<number> => {
      await later(10);
      done++;
      return i;
    };
    for await (const i of mapInOrder(source(), 3, work)) if (i === 1) break;
    expect(ended).toBe(true);
    // Frames 0 and 1 were given away, 2 and 3 were under way.
    expect(done).toBe(4);
  });
});

// Each video is a process or two, and a busy machine takes seconds to start one.
describe.skipIf(!hasFfmpeg)('a video of an astronaut', { timeout: 240_000 }, () => {
  let folder = '';
  const at = (name: string): string => join(folder, name);
  let analyzer: Analyzer<ImageSource>;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mememoji-analyze-'));
    makePanned(COUNT, [...X264, at('even.mp4')]);
    const uneven = "settb=1/60000,setpts='(N+if(mod(N,2),0.4))/25/TB'";
    const times = ['-vf', uneven, '-fps_mode', 'passthrough', '-enc_time_base', '1:60000'];
    ffmpeg(['-i', at('even.mp4'), ...times, ...X264, at('uneven.mp4')]);
    ffmpeg(['-i', at('even.mp4'), '-c', 'copy', at('even.ts')]);
    mkdirSync(at('frames'));
    ffmpeg(['-i', at('even.mp4'), '-frames:v', '12', at('frames/%d.png')]);
    analyzer = await createAnalyzer();
  }, 120_000);
  afterAll(async () => {
    await analyzer.close();
    rmSync(folder, { recursive: true });
    expect(childrenLeft()).toEqual([]);
  });

  it('has one face that wanders, with one id and one expression', async () => {
    const frames = await collect(analyzeVideo(analyzer, await openVideo(at('even.mp4'))));
    expect(frames.map(({ faces }) => faces.map(({ id }) => id))).toEqual(Array(COUNT).fill([0]));
    const centres = frames.map(({ faces: [face] }) => face!.box.x + face!.box.width / 2);
    // The camera moves 2 pixels to the right with each frame. Where the face is in the photo was judged by eye.
    expect(Math.abs(centres[0]! - (225 - 60))).toBeLessThan(20);
    expect(centres[0]! - centres.at(-1)!).toBeCloseTo(2 * (COUNT - 1), -1);
    for (const { faces } of frames) expect(faces[0]).toMatchObject({ dominant: 'happy', doubts: [], uncertain: false });
  });

  it('is smoothed, and keeps what was read', async () => {
    const frames = await collect(analyzeVideo(analyzer, await openVideo(at('even.mp4'))));
    const wander = (values: number[]): number =>
      values.slice(1).reduce((sum, v, i) => sum + Math.abs(v - values[i]!), 0);
    const smoothed = frames.map(({ faces: [face] }) => face!.expressions.happy);
    const raw = frames.map(({ faces: [face] }) => face!.raw.happy);
    expect(wander(smoothed)).toBeLessThan(wander(raw));
    expect(raw[0]).toBe(smoothed[0]);
  });

  it('has the same faces in the same places when it is decoded small', async () => {
    const options = { every: 8 };
    const large = await collect(analyzeVideo(analyzer, await openVideo(at('even.mp4'), options)));
    const small = await collect(analyzeVideo(analyzer, await openVideo(at('even.mp4'), { ...options, maxSide: 200 })));
    small.forEach(({ faces: [face] }, i) => {
      const other = large[i]!.faces[0]!;
      expect(Math.abs(face!.box.x - other.box.x)).toBeLessThan(6);
      expect(Math.abs(face!.box.width - other.box.width)).toBeLessThan(10);
      expect(face!.dominant).toBe(other.dominant);
    });
  });

  it.each([
    ['even.mp4', {}],
    ['uneven.mp4', {}],
    ['uneven.mp4', { fps: 12 }],
    ['even.ts', { every: 3, from: 0.1 }],
    ['frames', { fps: 25 }],
  ])(
    'of which %s, asked for %o, is interrupted gives the same as one that is not',
    async (name, options: VideoOptions) => {
      const trackerOptions = { uncertainBelow: analyzer.spec.uncertainBelow };
      const whole = await collect(analyzeVideo(analyzer, await openVideo(at(name), options)));
      for (const cut of [1, whole.length >> 1, whole.length - 1]) {
        const frames: FrameAnalysis[] = [];
        const tracker = new Tracker(trackerOptions);
        for await (const frame of analyzeVideo(analyzer, await openVideo(at(name), options), { tracker })) {
          frames.push(frame);
          if (frames.length === cut) break;
        }
        // What a program would write to a file, at the moment at which it has written the frame.
        const kept = JSON.stringify({ after: frames.at(-1), state: tracker.state() });
        const { after, state } = JSON.parse(kept);
        const rest = await openVideo(at(name), { ...options, after });
        frames.push(...(await collect(analyzeVideo(analyzer, rest, { tracker: Tracker.from(state, trackerOptions) }))));
        expect(JSON.stringify(frames)).toBe(JSON.stringify(whole));
      }
    },
  );
});
