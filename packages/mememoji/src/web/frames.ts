import type { Handed } from './protocol.ts';
import { type FrameStream, toBitmap } from './source.ts';
import { VideoClock } from './video-clock.ts';

/** A picture of a video, for whoever takes it to close. */
export interface TimedFrame {
  frame: number;
  /** Seconds. */
  timestamp: number;
  image: Handed;
}

export interface FrameOptions {
  /** Ends the frames. */
  signal?: AbortSignal | undefined;
  /** Frames per second of the video that are looked at, at most; all that there is time for if left out. */
  maxFps?: number | undefined;
}

/** Frames come at the times of a clock of their own, which is not exact; seconds. */
const JITTER = 0.002;

/** The frames that a video element shows while somebody asks for them; never an old one, and none is kept. */
export async function* videoFrames(video: HTMLVideoElement, options: FrameOptions): AsyncGenerator<TimedFrame> {
  const clock = new VideoClock(video, options.signal);
  const isDue = pace(options.maxFps);
  try {
    for (let shown = await clock.next(); shown !== undefined; shown = await clock.next()) {
      if (options.signal?.aborted) return;
      if (isDue(shown.timestamp)) yield { ...shown, image: await toBitmap(video) };
    }
  } finally {
    clock.stop();
  }
}

/** The frames of a stream, which are closed after use; its frames' own times where they have some. */
export async function* streamFrames(stream: FrameStream, options: FrameOptions): AsyncGenerator<TimedFrame> {
  const isDue = pace(options.maxFps);
  let frame = 0;
  for await (const image of untilAborted(stream, options.signal)) {
    const timestamp = 'timestamp' in image ? image.timestamp / 1e6 : performance.now() / 1000;
    if (isDue(timestamp)) yield { frame, timestamp, image };
    else image.close();
    frame++;
  }
}

/** Tells of each time whether enough has passed since the last one that it said yes to. Times may jump back. */
function pace(maxFps = Number.POSITIVE_INFINITY): (timestamp: number) => boolean {
  let last = Number.NEGATIVE_INFINITY;
  return (timestamp) => {
    const due = timestamp < last || timestamp - last >= 1 / maxFps - JITTER;
    if (due) last = timestamp;
    return due;
  };
}

/** What a stream gives until a signal ends it, even while nothing comes. */
async function* untilAborted(stream: FrameStream, signal: AbortSignal | undefined): AsyncGenerator<Handed> {
  const aborted = new Promise<undefined>((resolve) => {
    if (signal?.aborted) resolve(undefined);
    signal?.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const source = iterate(stream);
  try {
    for (;;) {
      const next = await Promise.race([aborted, source.next()]);
      if (next === undefined || next.done) return;
      yield next.value;
    }
  } finally {
    // Not waited for: it may itself wait for a frame that never comes.
    void source.return?.();
  }
}

/** Streams by their reader, since Safari's cannot be iterated over yet. */
function iterate(stream: FrameStream): AsyncIterator<Handed> {
  if (!('getReader' in stream)) return stream[Symbol.asyncIterator]();
  const reader = stream.getReader();
  return {
    next: () => reader.read(),
    return: async () => {
      await reader.cancel();
      return { done: true, value: undefined };
    },
  };
}
