import { MememojiError } from '../error.ts';
import { hasPicture } from './source.ts';

/** A frame that a video element shows. */
export interface Shown {
  /** Counts the frames that the element has shown, from 0 on. */
  frame: number;
  /** Seconds. */
  timestamp: number;
}

/** Milliseconds after which the end of a camera is noticed at the latest. */
const CHECK = 500;

/** Tells which frame a video element shows. Only the newest one counts: those that nobody asked for in time are gone. */
export class VideoClock {
  readonly #stopped = new AbortController();
  #newest: Shown | undefined;
  #ended = false;
  #failure: MememojiError | undefined;
  #wake = () => {};

  /** @param signal ends the clock. */
  constructor(video: HTMLVideoElement, signal: AbortSignal | undefined) {
    const { signal: stopped } = this.#stopped;
    const end = () => this.#change(() => (this.#ended = true));
    if (isOver(video) || signal?.aborted) end();
    signal?.addEventListener('abort', end, { signal: stopped });
    video.addEventListener('ended', end, { signal: stopped });
    const timer = setInterval(() => isOver(video) && end(), CHECK);
    stopped.addEventListener('abort', () => clearInterval(timer));
    video.addEventListener('error', () => this.#change(() => (this.#failure = badVideo(video))), { signal: stopped });
    onEachFrame(video, stopped, (shown) => this.#change(() => (this.#newest = shown)));
  }

  /**
   * The frame that is shown, if it has not been given before, else the next one; undefined at the end.
   * @throws MememojiError `BAD_VIDEO` when the element cannot go on.
   */
  async next(): Promise<Shown | undefined> {
    while (this.#newest === undefined && !this.#ended && this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#failure) throw this.#failure;
    const newest = this.#newest;
    this.#newest = undefined;
    return newest;
  }

  stop(): void {
    this.#stopped.abort();
  }

  #change(change: () => void): void {
    change();
    this.#wake();
  }
}

/** Elements say nothing when a page itself stops the tracks of the stream that they show. */
function isOver({ ended, srcObject }: HTMLVideoElement): boolean {
  return ended || (srcObject !== null && 'active' in srcObject && !srcObject.active);
}

/** Calls `show` for every frame until `stopped`; browsers without frame callbacks are asked whenever they draw the page. */
function onEachFrame(video: HTMLVideoElement, stopped: AbortSignal, show: (shown: Shown) => void): void {
  if ('requestVideoFrameCallback' in video) onFrameCallback(video, stopped, show);
  else onAnimationFrame(video, stopped, show);
}

function onFrameCallback(video: HTMLVideoElement, stopped: AbortSignal, show: (shown: Shown) => void): void {
  let first: number | undefined;
  let handle = 0;
  const request = (): void => {
    handle = video.requestVideoFrameCallback((_, { mediaTime, presentedFrames }) => {
      first ??= presentedFrames;
      show({ frame: presentedFrames - first, timestamp: mediaTime });
      request();
    });
  };
  request();
  stopped.addEventListener('abort', () => video.cancelVideoFrameCallback(handle));
}

function onAnimationFrame(video: HTMLVideoElement, stopped: AbortSignal, show: (shown: Shown) => void): void {
  let frame = 0;
  let last: number | undefined;
  let handle = 0;
  const request = (): void => {
    handle = requestAnimationFrame(() => {
      const timestamp = video.currentTime;
      if (timestamp !== last && hasPicture(video)) {
        show({ frame: frame++, timestamp });
        last = timestamp;
      }
      request();
    });
  };
  request();
  stopped.addEventListener('abort', () => cancelAnimationFrame(handle));
}

function badVideo({ error }: HTMLVideoElement): MememojiError {
  return new MememojiError('BAD_VIDEO', `the browser cannot play the video (${error?.message || error?.code})`);
}
