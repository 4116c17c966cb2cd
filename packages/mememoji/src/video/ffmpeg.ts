/** ffmpeg and ffprobe as child processes: started, listened to, ended. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { MememojiError } from '../error.ts';

/** What ffmpeg writes to standard error is kept up to this length; a broken video can make it write for hours. */
const LOG_CHARACTERS = 4000;

const INSTALL =
  "install ffmpeg ('apt-get install ffmpeg' on Debian), or say where it is in MEMEMOJI_FFMPEG and MEMEMOJI_FFPROBE";

export interface Programs {
  ffmpeg: string;
  ffprobe: string;
}

/** The programs that are asked for, else those that the environment names, else those of the path. */
export function findPrograms(asked: { ffmpeg?: string | undefined; ffprobe?: string | undefined }): Programs {
  return {
    ffmpeg: asked.ffmpeg ?? process.env.MEMEMOJI_FFMPEG ?? 'ffmpeg',
    ffprobe: asked.ffprobe ?? process.env.MEMEMOJI_FFPROBE ?? 'ffprobe',
  };
}

/** How a program ended: with a code, or by a signal. */
export interface Ending {
  code: number | null;
  signal: string | null;
}

/** A program that runs, and whose end is always waited for. */
export class Program {
  /** What it has written to standard error, the beginning of it. */
  log = '';
  /** Resolves when it has ended and all that it wrote was read or dropped; rejects with `NO_FFMPEG` if it could not be started. */
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;

  /**
   * @param outputs how many pipes it writes to besides standard output, from file descriptor 3 on.
   * @param input whether it reads standard input.
   */
  constructor(path: string, args: readonly string[], { input = false, outputs = 0 } = {}) {
    const pipes = Array.from({ length: outputs }, () => 'pipe' as const);
    const child = spawn(path, args, {
      stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe', ...pipes],
      windowsHide: true,
    });
    this.#child = child;
    this.ended = new Promise((resolve, reject) => {
      child.once('error', (cause) => reject(startError(cause, path)));
      child.once('close', (code, signal) => resolve({ code, signal }));
    });
    // Whoever needs to know awaits it; until then a program that cannot be started must not end the process.
    this.ended.catch(() => undefined);
    this.#pipe(2).on('data', (text: Buffer) => {
      if (this.log.length < LOG_CHARACTERS) this.log += text;
    });
  }

  get input(): Writable {
    const { stdin } = this.#child;
    if (stdin === null) throw new MememojiError('DECODER_FAILED', 'ffmpeg has no standard input');
    return stdin;
  }

  /** What it writes to a file descriptor: 1, or one from 3 on. */
  output(descriptor: number): Readable {
    return this.#pipe(descriptor);
  }

  /** Ends it at once, and waits until it has ended. Harmless when it has ended already. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    for (const stream of this.#child.stdio) stream?.destroy();
    await this.ended.catch(() => undefined);
  }

  #pipe(descriptor: number): Readable {
    const stream = this.#child.stdio[descriptor];
    if (!stream || !('read' in stream)) throw new MememojiError('DECODER_FAILED', `ffmpeg has no pipe ${descriptor}`);
    return stream;
  }
}

function startError(cause: Error, path: string): MememojiError {
  const code = 'code' in cause ? String(cause.code) : cause.message;
  const why = code === 'ENOENT' ? 'was not found' : `could not be started (${code})`;
  return new MememojiError('NO_FFMPEG', `${path} ${why}, and a video cannot be read without it`, INSTALL, { cause });
}
