import { randomUUID } from 'node:crypto';
import type { Reading, Wishes } from './analysis/image-analyzer.ts';
import { ServerError } from './error.ts';
import type { Services } from './services.ts';
import { keepImage } from './store/kept-images.ts';
import { addPrediction } from './store/predictions.ts';

/** What a client wants of an image. */
export interface PredictOptions extends Omit<Wishes, 'keep'> {
  /** Whether the sender allows the image to be kept. */
  storeImage: boolean;
  /** Aborted when the client has gone. */
  signal?: AbortSignal;
}

/** A prediction that is remembered. */
export interface Prediction {
  /** UUID; also that of the image, if it is kept. */
  id: string;
  reading: Reading;
  /** Whether the image is kept. */
  stored: boolean;
}

/**
 * Reads the faces of an image and remembers the prediction; the image itself only if its sender and the operator allow it.
 * @param image its memory may be moved away
 * @throws ServerError `TOO_MANY_FACES`, BusyError; whatever the analyzer and the store throw
 */
export async function predict(services: Services, image: Uint8Array, options: PredictOptions): Promise<Prediction> {
  const { queue, config, store } = services;
  const { storeImage, signal, ...wishes } = options;
  const keep = isKept(config.storeImages, storeImage);
  const reading = await queue.analyze(image, { ...wishes, keep }, signal);
  checkFaces(reading, config.maxFaces);
  const id = randomUUID();
  const at = services.clock();
  await addPrediction(store.db, reading, { id, at });
  const kept = reading.pictures?.kept;
  if (kept !== undefined) await keepImage(services, id, kept, { at, days: config.imageDays });
  return { id, reading, stored: kept !== undefined };
}

function isKept(policy: Services['config']['storeImages'], optedIn: boolean): boolean {
  return policy === 'always' || (policy === 'opt-in' && optedIn);
}

function checkFaces({ faces }: Reading, most: number): void {
  if (faces.length <= most) return;
  throw new ServerError('TOO_MANY_FACES', `the image has ${faces.length} faces`, `at most ${most} are taken`);
}

/** A JPEG as a data URL. */
export function toDataUrl(jpeg: Uint8Array): string {
  return `data:image/jpeg;base64,${Buffer.from(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength).toString('base64')}`;
}
