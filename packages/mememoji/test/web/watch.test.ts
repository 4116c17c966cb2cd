/** Following faces, with elements and streams that the tests play themselves. */
import type { Analysis, Face } from '@mememoji/vision/result';
import type { MememojiError } from 'mememoji/error';
import { streamFrames, type TimedFrame, videoFrames } from 'mememoji/web/frames';
import type { Shown } from 'mememoji/web/video-clock';
import { type WatchOptions, watchFrames } from 'mememoji/web/watch';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

/** A bitmap of 100x50 that knows whether it has been closed. */
class FakeBitmap {
  readonly width = 100;
  readonly height = 50;
  closed = 0;
  close(): void {
    this.closed++;
  }
}

/** A video element that shows a frame when a test says so. */
class FakeVideo extends EventTarget {
  ended = false;
  srcObject: { active: boolean } | null = null;
  error: { code: number; message: string } | null = null;
  readyState = 2;
  videoWidth = 100;
  cancelled = 0;
  #callback: VideoFrameRequestCallback | undefined;
  #shown = 100;

  requestVideoFrameCallback(callback: VideoFrameRequestCallback): number {
    this.#callback = callback;
    return 7;
  }
  cancelVideoFrameCallback(handle: number): void {
    this.cancelled += handle;
  }
  show(mediaTime: number): void {
    const callback = this.#callback!;
    callback(0, { mediaTime, presentedFrames: this.#shown++ } as VideoFrameCallbackMetadata);
  }
  end(): void {
    this.ended = true;
    this.dispatchEvent(new Event('ended'));
  }
}

const element = (video: FakeVideo) => video as unknown as HTMLVideoElement;
const bitmap = () => new FakeBitmap() as unknown as ImageBitmap & FakeBitmap;
const soon = () => new Promise((resolve) => setTimeout(resolve, 5));

beforeEach(() => {
  vi.stubGlobal('createImageBitmap', async () => bitmap());
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const told = ({ frame, timestamp }: Shown): [number, number] => [frame, timestamp];

describe('videoFrames', () => {
  it('gives the newest frame and drops those that nobody had time for', async () => {
    const video = new FakeVideo();
    const frames = videoFrames(element(video), {});
    const first = frames.next();
    await soon();
    video.show(0.5);
    expect(told((await first).value as TimedFrame)).toEqual([0, 0.5]);
    for (const time of [0.6, 0.7, 0.8]) video.show(time);
    expect(told((await frames.next()).value as TimedFrame)).toEqual([3, 0.8]);
    const waiting = frames.next();
    await soon();
    video.show(0.9);
    expect(told((await waiting).value as TimedFrame)).toEqual([4, 0.9]);
  });

  it('ends with the video, after its last frame', async () => {
    const video = new FakeVideo();
    const frames = videoFrames(element(video), {});
    const first = frames.next();
    await soon();
    video.show(1);
    await first;
    video.show(2);
    video.end();
    expect(told((await frames.next()).value as TimedFrame)).toEqual([1, 2]);
    expect(await frames.next()).toEqual({ done: true, value: undefined });
    expect(video.cancelled).toBe(7);
  });

  it('ends at a signal while nothing is shown, and lets go of the element', async () => {
    const video = new FakeVideo();
    const stop = new AbortController();
    const frames = videoFrames(element(video), { signal: stop.signal });
    const first = frames.next();
    await soon();
    stop.abort();
    expect((await first).done).toBe(true);
    expect(video.cancelled).toBe(7);
  });

  it('ends with a camera that the page has stopped, of which the element says nothing', async () => {
    const video = new FakeVideo();
    video.srcObject = { active: true };
    const first = videoFrames(element(video), {}).next();
    await soon();
    video.srcObject.active = false;
    expect((await first).done).toBe(true);
  });

  it('keeps to maxFps in the time of the video, and goes on after a jump back', async () => {
    const video = new FakeVideo();
    const frames = videoFrames(element(video), { maxFps: 10 });
    const seen: number[] = [];
    const reading = (async () => {
      for await (const { timestamp } of frames) seen.push(timestamp);
    })();
    for (const time of [0, 0.033, 0.067, 0.1, 0.133, 0.2, 0.05, 0.1, 0.151]) {
      await soon();
      video.show(time);
    }
    await soon();
    video.end();
    await reading;
    expect(seen).toEqual([0, 0.1, 0.2, 0.05, 0.151]);
  });

  it('fails when the element cannot go on', async () => {
    const video = new FakeVideo();
    const first = videoFrames(element(video), {}).next();
    await soon();
    video.error = { code: 3, message: 'decoding failed' };
    video.dispatchEvent(new Event('error'));
    const error: MememojiError = await first.catch((error) => error);
    expect([error.code, error.message]).toEqual(['BAD_VIDEO', expect.stringContaining('decoding failed')]);
  });

  it('asks browsers without frame callbacks whenever they draw', async () => {
    const video = Object.assign(new EventTarget(), {
      ended: false,
      srcObject: null,
      readyState: 2,
      videoWidth: 9,
      currentTime: 0,
    });
    let draw = () => {};
    vi.stubGlobal('requestAnimationFrame', (callback: () => void) => {
      draw = callback;
    });
    vi.stubGlobal('cancelAnimationFrame', () => {});
    const frames = videoFrames(video as unknown as HTMLVideoElement, {});
    const first = frames.next();
    await soon();
    draw();
    expect(told((await first).value as TimedFrame)).toEqual([0, 0]);
    draw(); // The same frame still: not given again.
    const second = frames.next();
    await soon();
    video.currentTime = 0.04;
    draw();
    expect(told((await second).value as TimedFrame)).toEqual([1, 0.04]);
    await frames.return(undefined);
  });
});

describe('streamFrames', () => {
  const timed = (seconds: number) => Object.assign(bitmap(), { timestamp: seconds * 1e6 });

  it('takes the times of the frames, and closes those that are too many', async () => {
    const images = [0, 0.04, 0.08, 0.12].map(timed);
    const stream = new ReadableStream<ImageBitmap>({
      start: (controller) => {
        for (const image of images) controller.enqueue(image);
        controller.close();
      },
    });
    const seen: [number, number][] = [];
    for await (const frame of streamFrames(stream, { maxFps: 12.5 })) {
      seen.push(told(frame));
    }
    expect(seen).toEqual([
      [0, 0],
      [2, 0.08],
    ]);
    expect(images.map(({ closed }) => closed)).toEqual([0, 1, 0, 1]);
  });

  it('ends at a signal while it waits, and cancels the stream', async () => {
    const stop = new AbortController();
    let cancelled = false;
    const stream = new ReadableStream<ImageBitmap>({
      cancel: () => {
        cancelled = true;
      },
    });
    const next = streamFrames(stream, { signal: stop.signal }).next();
    stop.abort();
    expect((await next).done).toBe(true);
    expect(cancelled).toBe(true);
  });
});

describe('watchFrames', () => {
  const face = (x: number, id: number): Face => ({
    id,
    box: { x, y: 10, width: 20, height: 20 },
    detection: 0.9,
    landmarks: {
      rightEye: { x: x + 5, y: 15 },
      leftEye: { x: x + 15, y: 15 },
      nose: { x: x + 10, y: 20 },
      mouth: { x: x + 10, y: 25 },
      rightEar: { x, y: 17 },
      leftEar: { x: x + 20, y: 17 },
    },
    expressions: { angry: 0, disgust: 0, fear: 0, happy: 0.8, sad: 0, surprise: 0, neutral: 0.2 },
    dominant: 'happy',
    confidence: 0.8,
    doubts: [],
    uncertain: false,
  });

  /** Two faces, the left one moving to the right. */
  async function watch(options: WatchOptions) {
    let count = 0;
    async function* frames() {
      for (let frame = 0; frame < 4; frame++) yield { frame: 2 * frame, timestamp: frame / 10, image: bitmap() };
    }
    const analyze = async (): Promise<Analysis> => ({
      model: 'test 1',
      image: { width: 100, height: 50 },
      faces: [face(10 + 3 * count++, 0), face(70, 1)],
    });
    const results = [];
    for await (const result of watchFrames(frames(), analyze, options)) results.push(result);
    return results;
  }

  it('follows faces under one id', async () => {
    const results = await watch({});
    expect(results.map(({ frame, timestamp }) => [frame, timestamp])).toEqual([
      [0, 0],
      [2, 0.1],
      [4, 0.2],
      [6, 0.3],
    ]);
    expect(results.map(({ faces }) => faces.map(({ id }) => id))).toEqual(Array(4).fill([0, 1]));
    expect(results.map(({ faces }) => faces[0]!.box.x)).toEqual([10, 13, 16, 19]);
    expect(results[3]!.faces[0]!.raw.happy).toBe(0.8);
  });

  it('gives the mirror image, from left to right again', async () => {
    const [first] = await watch({ mirrored: true });
    expect(first!.faces.map(({ id, box }) => [id, box.x])).toEqual([
      [1, 10],
      [0, 70],
    ]);
    expect(first!.faces[1]!.landmarks.rightEye).toEqual({ x: 85, y: 15 });
    expect(first!.faces[1]!.landmarks.leftEye).toEqual({ x: 75, y: 15 });
  });

  it('says nothing more after the signal', async () => {
    const stop = new AbortController();
    const seen: number[] = [];
    async function* frames() {
      for (let frame = 0; ; frame++) yield { frame, timestamp: frame, image: bitmap() };
    }
    const analyze = async (): Promise<Analysis> => {
      if (seen.length === 2) stop.abort();
      return { model: '', image: { width: 1, height: 1 }, faces: [] };
    };
    for await (const { frame } of watchFrames(frames(), analyze, { signal: stop.signal })) seen.push(frame);
    expect(seen).toEqual([0, 1]);
  });
});
