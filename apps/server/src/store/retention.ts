import { deleteKeptImage, deletePrediction, type ImageStore } from './kept-images.ts';

/** What a sweep has deleted. */
export interface Swept {
  images: number;
  predictions: number;
}

export interface SweepOptions {
  now: Date;
  /** Days after which whole predictions go, with their feedback and images; 0: never. */
  recordDays: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** Rows looked at in one go. */
const BATCH = 100;

/** Deletes images whose retention period is over, and predictions that are too old. Two servers may sweep at once. */
export async function sweep(images: ImageStore, { now, recordDays }: SweepOptions): Promise<Swept> {
  const deletedImages = await deleteAll(
    () => endedImages(images, now),
    (id) => deleteKeptImage(images, id),
  );
  const before = new Date(now.getTime() - recordDays * DAY_MS);
  const predictions =
    recordDays === 0
      ? 0
      : await deleteAll(
          () => oldPredictions(images, before),
          (id) => deletePrediction(images, id),
        );
  return { images: deletedImages, predictions };
}

/** Until nothing is left. What fails is thrown: the next sweep finds it again. */
async function deleteAll(list: () => Promise<string[]>, remove: (id: string) => Promise<boolean>): Promise<number> {
  let deleted = 0;
  for (let ids = await list(); ids.length > 0; ids = await list()) {
    for (const id of ids) if (await remove(id)) deleted++;
  }
  return deleted;
}

async function endedImages({ store: { db } }: ImageStore, now: Date): Promise<string[]> {
  const ended = db.selectFrom('images').select('prediction_id as id').where('delete_after', '<=', now);
  return (await ended.limit(BATCH).execute()).map(({ id }) => id);
}

async function oldPredictions({ store: { db } }: ImageStore, before: Date): Promise<string[]> {
  const old = db.selectFrom('predictions').select('id').where('created_at', '<=', before);
  return (await old.limit(BATCH).execute()).map(({ id }) => id);
}
