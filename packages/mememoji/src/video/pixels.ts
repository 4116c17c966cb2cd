import type { Readable } from 'node:stream';

/**
 * Cuts a stream of bytes into frames of `size` bytes, each in memory of its own. Reads no further than it is asked to; an
 * incomplete last frame is dropped.
 */
export async function* readFrames(stream: Readable, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  let frame = new Uint8Array(size);
  let filled = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + size - filled);
      frame.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < size) continue;
      yield frame;
      frame = new Uint8Array(size);
      filled = 0;
    }
  }
}
