import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { type Input, STANDARD_INPUT } from '../inputs.ts';
import { HEAD_BYTES, kindByContent, kindOf } from '../media.ts';

/** What an input is, in the form in which the library takes it. */
export type MediaSource =
  | { kind: 'picture'; content: string | Uint8Array }
  | { kind: 'video'; content: string | Readable };

/**
 * Finds out what an input is: by what it holds, else by its name; a folder that is named as a video is one.
 * @throws CliError `NO_INPUT` where standard input is a terminal
 */
export async function openInput(input: Input, { stdin }: Context, signal: AbortSignal): Promise<MediaSource> {
  const { path, kind } = input;
  if (path === STANDARD_INPUT) return openStream(stdin, signal);
  return { kind: kind ?? (await kindOf(path)), content: path };
}

async function openStream(stdin: Readable, signal: AbortSignal): Promise<MediaSource> {
  if ('isTTY' in stdin && stdin.isTTY === true) {
    throw new CliError('NO_INPUT', 'standard input is a terminal', 'pipe a picture or a video into it');
  }
  signal.addEventListener('abort', () => stdin.destroy(), { once: true });
  const head = await readHead(stdin);
  const rest = Readable.from(withHead(head, stdin), { objectMode: false });
  if (kindByContent(head) === 'video') return { kind: 'video', content: rest };
  return { kind: 'picture', content: await buffer(rest) };
}

/** The first bytes of a stream, taken out of it. */
async function readHead(stream: Readable): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for (let length = 0; length < HEAD_BYTES; ) {
    const chunk = await nextChunk(stream);
    if (chunk === undefined) break;
    chunks.push(chunk);
    length += chunk.length;
  }
  return Buffer.concat(chunks);
}

async function* withHead(head: Uint8Array, stream: Readable): AsyncGenerator<Uint8Array> {
  if (head.length > 0) yield head;
  for (let chunk = await nextChunk(stream); chunk !== undefined; chunk = await nextChunk(stream)) yield chunk;
}

/** Undefined at the end. */
function nextChunk(stream: Readable): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      stream.off('readable', onReadable).off('end', onEnd).off('close', onEnd).off('error', onError);
      act();
    };
    const onReadable = (): void => {
      const chunk: Buffer | string | null = stream.read();
      if (chunk !== null) settle(() => resolve(Buffer.from(chunk)));
    };
    const onEnd = (): void => settle(() => resolve(undefined));
    const onError = (error: Error): void => settle(() => reject(error));
    stream.on('readable', onReadable).on('end', onEnd).on('close', onEnd).on('error', onError);
    if (stream.readableEnded || stream.destroyed) return onEnd();
    onReadable();
  });
}
