/**
 * One run of ffmpeg that turns a video into frames. It writes three streams at once: the times of all frames of the
 * source (from which their numbers come), the times of the wanted ones, and the pixels of the wanted ones.
 */
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { MememojiError } from '../error.ts';
import type { VideoFrame } from '../video.ts';
import { decoderFailed, decoderKilled, inputBroken, noFrames, truncated } from './faults.ts';
import { type Ending, Program } from './ffmpeg.ts';
import { readFrames } from './pixels.ts';
import { type Selection, selectExpression } from './selection.ts';
import { type Input, PIPE_INPUT } from './source.ts';
import { FrameNumbers, type FramePlace, FrameTimes, MICROSECONDS, type Size } from './times.ts';

export interface DecoderOptions {
  /** Path of the program. */
  ffmpeg: string;
  source: Input | Readable;
  selection: Selection;
  maxSide: number;
  /** Where to begin, in seconds, and a frame not before it whose number is known; the beginning if left out. */
  seek?: { seconds: number; anchor: FramePlace } | undefined;
  /** Seconds of pictures that the source promises; a run that ends earlier, with complaints, was cut off. */
  duration?: number | undefined;
}

/** Seconds by which a video may be shorter than it promises. */
const SHORTER = 0.5;

/** No picture is as large; ffmpeg knows no infinity. */
const LARGEST_SIDE = 1e6;

/** Seconds beyond the last wanted frame that are decoded still. */
const BEYOND = 0.1;

/** ffmpeg at work on one video. Its frames can be read once; who makes it closes it. */
export class Decoder {
  readonly #options: DecoderOptions;
  readonly #program: Program;
  readonly #all: FrameTimes;
  readonly #wanted: FrameTimes;
  #inputError: unknown;
  #closed = false;

  constructor(options: DecoderOptions) {
    this.#options = { ...options, maxSide: Math.min(options.maxSide, LARGEST_SIDE) };
    const input = 'args' in options.source ? options.source : PIPE_INPUT;
    this.#program = new Program(options.ffmpeg, decodingArguments(this.#options, input), {
      input: input === PIPE_INPUT,
      outputs: 2,
    });
    this.#all = new FrameTimes(this.#program.output(3));
    this.#wanted = new FrameTimes(this.#program.output(4));
    if (!('args' in options.source)) this.#feed(options.source);
  }

  /** Microseconds of the first frame that was decoded, wanted or not; undefined if there is none. */
  first(): Promise<number | undefined> {
    return this.#all.peek();
  }

  /** Size of the upright picture in pixels of the source, after {@link first}. */
  get size(): Size {
    return this.#all.size ?? { width: 0, height: 0 };
  }

  /** Why there was no frame, after {@link first} has found none. */
  async failure(): Promise<MememojiError> {
    this.#program.output(1).resume();
    const { signal } = await this.#program.ended;
    if (this.#inputError !== undefined) return inputBroken(this.#inputError);
    if (signal !== null) return decoderKilled(this.#name, signal, 0);
    return noFrames(this.#name, this.#program.log);
  }

  /** @throws MememojiError TRUNCATED_VIDEO or DECODER_FAILED after the last frame that could be decoded. */
  async *frames(): AsyncGenerator<VideoFrame, void, undefined> {
    const numbers = new FrameNumbers(this.#all, this.#options.seek?.anchor);
    const { width, height } = scaledSize(this.size, this.#options.maxSide);
    const scale = this.size.width / width;
    let count = 0;
    try {
      for await (const data of readFrames(this.#program.output(1), width * height * 3)) {
        const time = await this.#wanted.next();
        if (time === undefined) break;
        const frame = await numbers.numberOf(time);
        yield { frame, timestamp: time / MICROSECONDS, scale, image: { width, height, channels: 3, data } };
        count++;
      }
    } catch (error) {
      if (this.#closed) throw new MememojiError('CLOSED', 'the video was closed while it was read');
      throw error;
    }
    this.#checkEnd(await this.#program.ended, count);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#program.kill();
  }

  get #name(): string {
    return 'args' in this.#options.source ? this.#options.source.name : PIPE_INPUT.name;
  }

  #feed(source: Readable): void {
    pipeline(source, this.#program.input).catch((error: NodeJS.ErrnoException) => {
      // ffmpeg may end before it has read everything, when no more is wanted; that is no failure of the source.
      const isOurs = error.syscall === 'write' || error.code?.startsWith('ERR_STREAM_');
      if (!isOurs) this.#inputError = error;
    });
  }

  #checkEnd({ code, signal }: Ending, count: number): void {
    const { log } = this.#program;
    if (this.#inputError !== undefined) throw inputBroken(this.#inputError);
    if (signal !== null) throw decoderKilled(this.#name, signal, count);
    if (code !== 0) throw decoderFailed(this.#name, `code ${code}`, log, count);
    const { duration = 0, selection } = this.#options;
    const promised = Math.min(duration, selection.to ?? duration);
    const seconds = this.#all.newest / MICROSECONDS;
    const isShort = /ended prematurely|partial file/i.test(log) || (log !== '' && seconds < promised - SHORTER);
    if (isShort) throw truncated(this.#name, seconds);
  }
}

function decodingArguments({ selection, maxSide, seek }: DecoderOptions, { args }: Input): string[] {
  const select = `select='${selectExpression(selection, seek?.anchor)}'`;
  const factor = `min(1,${maxSide}/max(iw,ih))`;
  const scale = `scale=w='max(1,round(iw*${factor}))':h='max(1,round(ih*${factor}))':flags=area`;
  // Frames pass as they are: none is doubled or dropped to make the rate even, and each keeps its own time.
  const passing = ['-map', '0:V:0', '-fps_mode', 'passthrough', '-enc_time_base', `1:${MICROSECONDS}`];
  const times = ['-c:v', 'wrapped_avframe', '-f', 'framecrc', '-flush_packets', '1'];
  return [
    ...['-nostdin', '-hide_banner', '-v', 'error', '-copyts', '-start_at_zero', '-max_error_rate', '1'],
    ...(seek === undefined ? [] : ['-ss', seek.seconds.toFixed(6)]),
    ...(selection.to === undefined ? [] : ['-to', (selection.to + BEYOND).toFixed(6)]),
    // A picture that changes its size within the video is scaled to the first one's, and counting goes on.
    ...['-reinit_filter', '0', ...args],
    ...[...passing, ...times, 'pipe:3'],
    ...[...passing, '-vf', select, ...times, 'pipe:4'],
    ...[...passing, '-vf', `${select},${scale}`, '-pix_fmt', 'rgb24', '-c:v', 'rawvideo', '-f', 'rawvideo', 'pipe:1'],
  ];
}

/** What the `scale` filter makes of a size; the same formula as its own. */
function scaledSize({ width, height }: Size, maxSide: number): Size {
  const factor = Math.min(1, maxSide / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * factor)), height: Math.max(1, Math.round(height * factor)) };
}
