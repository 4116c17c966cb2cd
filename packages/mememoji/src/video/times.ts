import type { Readable } from 'node:stream';
import { readLines } from './lines.ts';

/** Times are whole microseconds while they are compared, so that rounding never makes two frames of one. */
export const MICROSECONDS = 1e6;

/** Frames nearer to each other than this, in microseconds, are one and the same, seen in two runs of ffmpeg. */
export const SAME_TIME = 10;

/** A frame of the source and when it is shown. */
export interface FramePlace {
  frame: number;
  microseconds: number;
}

export interface Size {
  width: number;
  height: number;
}

/**
 * Reads what ffmpeg's muxer `framecrc` writes with a time base of a microsecond: a head with the size of the frames, then
 * a line for each frame with its time. Takes the lines whether or not anybody asks, so that ffmpeg never waits for it.
 */
export class FrameTimes {
  /** Of the frames in pixels; undefined until the first has come. */
  size: Size | undefined;
  /** Microseconds of the newest frame. */
  newest = Number.NEGATIVE_INFINITY;
  readonly #times: number[] = [];
  #ended = false;
  #wake: () => void = () => undefined;

  constructor(stream: Readable) {
    void readLines(stream, (line) => this.#take(line)).then(() => {
      this.#ended = true;
      this.#wake();
    });
  }

  /** The time of the frame that {@link next} will give, which stays the next. */
  async peek(): Promise<number | undefined> {
    while (this.#times.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#times[0];
  }

  /** Microseconds of the next frame, waiting for it; undefined after the last. */
  async next(): Promise<number | undefined> {
    await this.peek();
    return this.#times.shift();
  }

  #take(line: string): void {
    const size = /^#dimensions 0: (\d+)x(\d+)/.exec(line);
    if (size !== null) this.size = { width: Number(size[1]), height: Number(size[2]) };
    if (line.startsWith('#')) return;
    const time = Number(line.split(',')[2]);
    this.newest = Number.isNaN(time) ? this.newest : time;
    this.#times.push(this.newest);
    this.#wake();
  }
}

/** Numbers frames by their place among all frames of the source. */
export class FrameNumbers {
  readonly #all: FrameTimes;
  #next: number;
  #start: number;

  /**
   * @param all times of all frames from somewhere on.
   * @param anchor a frame of known number, if `all` does not begin with the first frame of the source; at it or after it
   * all frames are there.
   */
  constructor(all: FrameTimes, anchor: FramePlace | undefined) {
    this.#all = all;
    this.#next = anchor === undefined ? 0 : anchor.frame + 1;
    this.#start = anchor === undefined ? Number.NEGATIVE_INFINITY : anchor.microseconds + SAME_TIME;
  }

  /** The number of the next frame that is shown at this time. Times must not go down. */
  async numberOf(microseconds: number): Promise<number> {
    for (let time = await this.#all.next(); time !== undefined; time = await this.#all.next()) {
      if (time <= this.#start) continue;
      this.#next++;
      if (time >= microseconds) break;
    }
    return this.#next - 1;
  }
}
