import { createHash } from 'node:crypto';
import { type ImageFiles, imageKey } from './image-files.ts';
import type { Store } from './store.ts';
import { isId } from './uuid.ts';

/** Where images and their rows lie. */
export interface ImageStore {
  store: Pick<Store, 'db'>;
  files: ImageFiles;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Keeps the image of a prediction. The row is written first: a file without a row would never be deleted.
 * @param jpeg without metadata
 * @param days after which it is deleted; 0: never
 */
export async function keepImage(
  { store, files }: ImageStore,
  id: string,
  jpeg: Uint8Array,
  { at, days }: { at: Date; days: number },
): Promise<void> {
  const file = imageKey(id);
  await store.db
    .insertInto('images')
    .values({
      prediction_id: id,
      file,
      sha256: createHash('sha256').update(jpeg).digest('hex'),
      bytes: jpeg.length,
      created_at: at,
      delete_after: days === 0 ? null : new Date(at.getTime() + days * DAY_MS),
    })
    .execute();
  await files.write(file, jpeg);
}

/** The kept image of a prediction as JPEG, or undefined if it was not kept, or is deleted. */
export async function readKeptImage({ store, files }: ImageStore, id: string): Promise<Uint8Array | undefined> {
  const file = await fileOf(store, id);
  return file === undefined ? undefined : files.read(file);
}

/** Deletes a kept image: the file first, so that the row names it until it is gone. @returns whether there was one */
export async function deleteKeptImage({ store, files }: ImageStore, id: string): Promise<boolean> {
  const file = await fileOf(store, id);
  if (file === undefined) return false;
  await files.remove(file);
  await store.db.deleteFrom('images').where('prediction_id', '=', id).execute();
  return true;
}

/** Deletes a prediction with all that belongs to it. @returns whether there was one */
export async function deletePrediction(images: ImageStore, id: string): Promise<boolean> {
  if (!isId(id)) return false;
  await deleteKeptImage(images, id);
  const { numDeletedRows } = await images.store.db.deleteFrom('predictions').where('id', '=', id).executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Whether the image of a prediction is kept. */
export async function isImageKept({ db }: Pick<Store, 'db'>, id: string): Promise<boolean> {
  return (await fileOf({ db }, id)) !== undefined;
}

async function fileOf({ db }: Pick<Store, 'db'>, id: string): Promise<string | undefined> {
  if (!isId(id)) return undefined;
  const row = await db.selectFrom('images').select('file').where('prediction_id', '=', id).executeTakeFirst();
  return row?.file;
}
