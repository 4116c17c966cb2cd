import type { Expression } from '@mememoji/vision/expression';
import { type Kysely, sql } from 'kysely';
import { ServerError } from '../error.ts';
import type { Tables } from './tables.ts';
import { isId } from './uuid.ts';

/** The true expression of a face, as a person says. */
export interface Feedback {
  /** Id of the prediction. */
  prediction: string;
  /** Index of the face. */
  face: number;
  expression: Expression;
}

/** Largest index that the column takes. */
const MOST_FACES = 2 ** 31 - 1;

/**
 * Remembers what was said of a face. The same said twice is one row, with the time when it was said last.
 * @returns whether it is new
 * @throws ServerError `NOT_FOUND` if there is no such prediction, `UNKNOWN_FACE` if it has no such face
 */
export async function addFeedback(db: Kysely<Tables>, feedback: Feedback, at: Date): Promise<boolean> {
  await checkFace(db, feedback);
  const { prediction: prediction_id, face: face_index, expression } = feedback;
  const row = await db
    .insertInto('feedback')
    .values({ prediction_id, face_index, expression, created_at: at })
    .onConflict((conflict) =>
      conflict.columns(['prediction_id', 'face_index', 'expression']).doUpdateSet({ created_at: at }),
    )
    // A row that was inserted and not updated has no older version.
    .returning(sql<boolean>`xmax = 0`.as('created'))
    .executeTakeFirstOrThrow();
  return row.created;
}

async function checkFace(db: Kysely<Tables>, { prediction, face }: Feedback): Promise<void> {
  const found = isId(prediction)
    ? await db.selectFrom('predictions').select('face_count').where('id', '=', prediction).executeTakeFirst()
    : undefined;
  if (found === undefined) throw new ServerError('NOT_FOUND', `there is no prediction '${prediction}'`);
  if (Number.isInteger(face) && face >= 0 && face < Math.min(found.face_count, MOST_FACES)) return;
  const hint = found.face_count === 0 ? 'it has no faces' : `it has the faces 0 to ${found.face_count - 1}`;
  throw new ServerError('UNKNOWN_FACE', `prediction '${prediction}' has no face ${face}`, hint);
}
