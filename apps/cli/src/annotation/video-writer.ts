import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { PixelImage } from '@mememoji/vision/image';
import { CliError } from '../errors.ts';
import { refuseOutput } from '../whole-files.ts';
import { type Encoder, findSoundCodec } from './encoder.ts';

export interface VideoWriterOptions {
  /** Frames a second. */
  rate: number;
  /** File whose sound is taken over. */
  sound?: string | undefined;
  /** Part of it, in seconds. */
  from?: number | undefined;
  to?: number | undefined;
}

type Ffmpeg = ChildProcessByStdio<Writable, null, Readable>;

/** How much of what ffmpeg complains of is kept. */
const COMPLAINT = 2000;

/**
 * Encodes frames to a video with a constant rate: each frame is shown until the time of the next one, so that the sound
 * stays in step whatever the rate of the source. The file is written beside and renamed.
 */
export class VideoWriter {
  readonly #file: string;
  readonly #encoder: Encoder;
  readonly #options: VideoWriterOptions;
  #child: Ffmpeg | undefined;
  #exit: Promise<unknown> | undefined;
  #complaint = '';
  #start = 0;
  #written = 0;
  #shown: Uint8Array | Uint8ClampedArray | undefined;

  constructor(file: string, encoder: Encoder, options: VideoWriterOptions) {
    this.#file = file;
    this.#encoder = encoder;
    this.#options = options;
  }

  /** @param image RGB, of the same size every time @param timestamp in seconds @throws CliError `BAD_OUTPUT` */
  async write({ width, height, data }: PixelImage, timestamp: number): Promise<void> {
    if (this.#child === undefined) await this.#open(width, height, timestamp);
    else await this.#showUntil(timestamp);
    this.#shown = data;
  }

  /** @throws CliError `BAD_OUTPUT` */
  async finish(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    await this.#send(1);
    child.stdin.end();
    await this.#exit;
    if (child.exitCode !== 0) throw this.#failure();
    await rename(this.#beside(), this.#file).catch((cause: unknown) => refuseOutput(this.#file, cause));
    this.#child = undefined;
  }

  /** Ends the encoder; of a video that is not finished nothing is left. */
  async close(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    child.kill('SIGKILL');
    await this.#exit;
    await rm(this.#beside(), { force: true });
  }

  async #open(width: number, height: number, start: number): Promise<void> {
    const { ffmpeg } = this.#encoder;
    const args = ['-v', 'error', '-y', ...this.#input(width, height), ...(await this.#sound()), ...this.#encoder.video];
    const even = 'pad=ceil(iw/2)*2:ceil(ih/2)*2'; // these codecs take no odd sizes
    const child = spawn(ffmpeg, [...args, '-vf', even, this.#beside()], { stdio: ['pipe', 'ignore', 'pipe'] });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-COMPLAINT);
    });
    child.stdin.on('error', () => undefined); // it has ended; the exit tells why
    this.#exit = once(child, 'close').catch(() => undefined);
    this.#child = child;
    this.#start = start;
  }

  #input(width: number, height: number): string[] {
    return [
      '-f',
      'rawvideo',
      '-pix_fmt',
      'rgb24',
      '-s',
      `${width}x${height}`,
      '-framerate',
      `${this.#options.rate}`,
      '-i',
      'pipe:0',
    ];
  }

  /** The sound is copied where the file may hold it as it is. */
  async #sound(): Promise<string[]> {
    const { sound, from, to } = this.#options;
    const codec = sound === undefined ? undefined : await findSoundCodec(this.#encoder.ffmpeg, sound);
    if (sound === undefined || codec === undefined) return ['-map', '0:v'];
    const part = [...(from === undefined ? [] : ['-ss', `${from}`]), ...(to === undefined ? [] : ['-to', `${to}`])];
    const { copies, audio } = this.#encoder;
    return [...part, '-i', sound, '-map', '0:v', '-map', '1:a:0', '-c:a', copies.has(codec) ? 'copy' : audio];
  }

  async #showUntil(timestamp: number): Promise<void> {
    const due = Math.round((timestamp - this.#start) * this.#options.rate);
    await this.#send(due - this.#written);
  }

  async #send(times: number): Promise<void> {
    for (let i = 0; i < times; i++) {
      const stdin = this.#child!.stdin;
      if (stdin.destroyed || this.#child!.exitCode !== null) throw this.#failure();
      if (!stdin.write(this.#shown!)) await Promise.race([once(stdin, 'drain'), this.#exit]);
      this.#written += 1;
    }
  }

  #failure(): CliError {
    const why = this.#complaint.trim().split('\n').at(-1) || 'ffmpeg ended early';
    return new CliError('BAD_OUTPUT', `cannot write '${this.#file}': ${why}`, 'choose another place');
  }

  #beside(): string {
    return join(dirname(this.#file), `.part-${basename(this.#file)}`);
  }
}
