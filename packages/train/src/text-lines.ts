import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { TrainError } from './error.ts';

const NEWLINE = 10;
const RETURN = 13;
/** Bytes read at once. */
const CHUNK = 1 << 18;
/** A line longer than this is no line of a table; it also bounds the memory that a file without line ends can take. */
const LONGEST_LINE = 1 << 20;

export interface LineSink {
  /** One line without its end; the bytes are only valid during the call. `number` counts from 1. `ended` is false for a last line without a line end. */
  line(bytes: Uint8Array, number: number, ended: boolean): void;
}

/**
 * Streams the lines of a text file, unpacked if it is gzip (told by its first bytes, not its name).
 * @returns SHA-256 (hex) of the unpacked bytes and the number of lines.
 * @throws TrainError `FILE_NOT_FOUND`, `UNREADABLE_FILE`, `EMPTY_FILE`, `TRUNCATED_FILE` (gzip cut off), `BAD_ROW` (endless line)
 */
export async function readLines(path: string, sink: LineSink): Promise<{ sha256: string; lines: number }> {
  const hash = createHash('sha256');
  const splitter = new LineSplitter(basename(path), sink);
  try {
    for await (const chunk of await openBytes(path)) {
      hash.update(chunk);
      splitter.push(chunk);
    }
  } catch (cause) {
    throw asTrainError(path, cause);
  }
  splitter.end();
  if (splitter.lines === 0) throw new TrainError('EMPTY_FILE', `${basename(path)} is empty`);
  return { sha256: hash.digest('hex'), lines: splitter.lines };
}

async function openBytes(path: string): Promise<AsyncIterable<Buffer>> {
  const packed = await isGzip(path);
  const stream = createReadStream(path, { highWaterMark: CHUNK });
  return packed ? pipeWithErrors(stream, createGunzip({ chunkSize: CHUNK })) : stream;
}

/** `pipe` that hands a reading error on to the reader of the result. */
function pipeWithErrors(from: Readable, to: ReturnType<typeof createGunzip>): AsyncIterable<Buffer> {
  from.on('error', (error) => to.destroy(error));
  to.on('close', () => from.destroy());
  return from.pipe(to);
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}

/** Turns what the file system or zlib threw into a coded error that names the file; a TrainError stays itself. */
export function asTrainError(path: string, cause: unknown): TrainError {
  if (cause instanceof TrainError) return cause;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const name = basename(path);
  if (code === 'ENOENT') return new TrainError('FILE_NOT_FOUND', `${path} does not exist`, 'check the path', { cause });
  if (code === 'Z_BUF_ERROR') {
    return new TrainError('TRUNCATED_FILE', `${name} ends in the middle of its gzip data`, 'get the file again', {
      cause,
    });
  }
  if (code.startsWith('Z_')) {
    return new TrainError('UNREADABLE_FILE', `${name} is a damaged gzip file`, 'get the file again', { cause });
  }
  if (code === 'EISDIR')
    return new TrainError('UNREADABLE_FILE', `${path} is a folder, not a file`, undefined, { cause });
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new TrainError('UNREADABLE_FILE', `${name} cannot be read: ${reason}`, undefined, { cause });
}

/** Cuts a stream of bytes into lines; only the unfinished end of a chunk is copied. */
class LineSplitter {
  lines = 0;
  private rest: Uint8Array = new Uint8Array(0);
  private readonly name: string;
  private readonly sink: LineSink;

  constructor(name: string, sink: LineSink) {
    this.name = name;
    this.sink = sink;
  }

  push(chunk: Buffer): void {
    const bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      this.emit(bytes.subarray(start, end), true);
      start = end + 1;
    }
    this.rest = bytes.subarray(start);
    if (this.rest.length > LONGEST_LINE) {
      throw new TrainError(
        'BAD_ROW',
        `${this.name}, line ${this.lines + 1} is longer than a megabyte: this is not a CSV file`,
      );
    }
  }

  end(): void {
    if (this.rest.length > 0) this.emit(this.rest, false);
  }

  private emit(line: Uint8Array, ended: boolean): void {
    this.lines++;
    const trimmed = line.at(-1) === RETURN ? line.subarray(0, -1) : line;
    this.sink.line(trimmed, this.lines, ended);
  }
}
