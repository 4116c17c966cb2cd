import { sql, type Transaction } from 'kysely';
import type { Store } from '../store/store.ts';
import type { Tables } from '../store/tables.ts';
import type { Correction } from './correction.ts';

/** What an import did. */
export interface ImportCount {
  /** Corrections that the store did not have. */
  added: number;
  /** Those that it had already. */
  known: number;
}

/** Corrections that are written in one transaction. */
const AT_ONCE = 100;

/** Puts corrections of another store into this one, each once, with the faces that they are of. */
export async function importCorrections(
  { db }: Pick<Store, 'db'>,
  corrections: AsyncIterable<Correction>,
): Promise<ImportCount> {
  const count: ImportCount = { added: 0, known: 0 };
  const write = async (batch: readonly Correction[]): Promise<void> => {
    const added = await db.transaction().execute(async (step) => {
      let sum = 0;
      for (const correction of batch) sum += await addCorrection(step, correction);
      return sum;
    });
    count.added += added;
    count.known += batch.length - added;
  };
  let batch: Correction[] = [];
  for await (const correction of corrections) {
    batch.push(correction);
    if (batch.length < AT_ONCE) continue;
    await write(batch);
    batch = [];
  }
  if (batch.length > 0) await write(batch);
  return count;
}

/** 1 if the correction is new, 0 if it was there. */
async function addCorrection(step: Transaction<Tables>, correction: Correction): Promise<0 | 1> {
  await addPrediction(step, correction);
  const { prediction: prediction_id, face, expression, saidAt: created_at, crop } = correction;
  const key = { prediction_id, face_index: face.id };
  if (crop !== undefined) {
    const { side, pixels, imageSha256: image_sha256 } = crop;
    await step
      .insertInto('face_crops')
      .values({ ...key, side, pixels: Buffer.from(pixels), image_sha256 })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  const [result] = await step
    .insertInto('feedback')
    .values({ ...key, expression, created_at })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return result?.numInsertedOrUpdatedRows === 1n ? 1 : 0;
}

async function addPrediction(step: Transaction<Tables>, correction: Correction): Promise<void> {
  const { prediction: id, predictedAt: created_at, model, image, face } = correction;
  await step
    .insertInto('predictions')
    .values({ id, created_at, model, ...image, face_count: face.id + 1 })
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet({ face_count: sql`greatest(predictions.face_count, excluded.face_count)` }),
    )
    .execute();
  await step
    .insertInto('faces')
    .values({
      prediction_id: id,
      face_index: face.id,
      dominant: face.dominant,
      confidence: face.confidence,
      face: JSON.stringify(face),
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
