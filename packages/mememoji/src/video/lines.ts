import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/**
 * Gives away the lines of a stream as they come, and resolves when it is closed: at its end, or because it was destroyed,
 * for which an iterator over its lines would wait for ever.
 */
export function readLines(stream: Readable, take: (line: string) => void): Promise<void> {
  createInterface({ input: stream }).on('line', take);
  return new Promise((resolve) => {
    stream.once('close', resolve);
  });
}
