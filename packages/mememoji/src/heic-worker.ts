/** The thread that decodes one HEIC picture and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import heic from 'heic-decode';
import type { HeicAnswer, HeicTask } from './heic.ts';

const { bytes, maxPixels }: HeicTask = workerData;
answer(await decode().catch((error: unknown) => ({ error: error instanceof Error ? error.message : String(error) })));

/** Only the first picture, and only if it is not too large. */
async function decode(): Promise<HeicAnswer> {
  const [first] = await heic.all({ buffer: bytes });
  if (first === undefined) return { error: 'it has no picture' };
  if (first.width * first.height > maxPixels) return 'too large';
  const { width, height, data } = await first.decode();
  return { width, height, data };
}

function answer(message: HeicAnswer): void {
  parentPort?.postMessage(message, typeof message === 'object' && 'data' in message ? [message.data.buffer] : []);
}
