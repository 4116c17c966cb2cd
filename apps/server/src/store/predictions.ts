import type { Analysis, Face } from '@mememoji/vision/result';
import type { Kysely } from 'kysely';
import type { Tables } from './tables.ts';
import { isId } from './uuid.ts';

/** A prediction as it is remembered. */
export interface PredictionRecord {
  /** UUID. */
  id: string;
  createdAt: Date;
  /** Name and version of the classifier. */
  model: string;
  /** Size of the upright image in pixels. */
  image: { width: number; height: number };
  faces: Face[];
}

/** What a person said of a face. */
export interface FeedbackRecord {
  /** Index of the face. */
  face: number;
  expression: string;
  /** When it was said last. */
  createdAt: Date;
}

/** Writes a prediction with its faces, all or nothing. When the promise is kept, it outlives a crash. */
export async function addPrediction(
  db: Kysely<Tables>,
  { model, image, faces }: Analysis,
  { id, at }: { id: string; at: Date },
): Promise<void> {
  const prediction = { id, created_at: at, model, ...image, face_count: faces.length };
  if (faces.length === 0) {
    await db.insertInto('predictions').values(prediction).execute();
    return;
  }
  // One statement, hence one transaction without a round trip for each part.
  await db
    .with('prediction', (query) => query.insertInto('predictions').values(prediction))
    .insertInto('faces')
    .values(faces.map((face) => faceRow(id, face)))
    .execute();
}

function faceRow(id: string, face: Face) {
  const { dominant, confidence } = face;
  return { prediction_id: id, face_index: face.id, dominant, confidence, face: JSON.stringify(face) };
}

/** A prediction, or undefined if there is none of that id. */
export async function findPrediction(db: Kysely<Tables>, id: string): Promise<PredictionRecord | undefined> {
  if (!isId(id)) return undefined;
  const row = await db.selectFrom('predictions').selectAll().where('id', '=', id).executeTakeFirst();
  if (row === undefined) return undefined;
  const faces = await db
    .selectFrom('faces')
    .select('face')
    .where('prediction_id', '=', id)
    .orderBy('face_index')
    .execute();
  return toRecord(
    row,
    faces.map(({ face }) => face),
  );
}

export function toRecord(
  row: { id: string; created_at: Date; model: string; width: number; height: number },
  faces: Face[],
): PredictionRecord {
  const { id, created_at: createdAt, model, width, height } = row;
  return { id, createdAt, model, image: { width, height }, faces };
}

/** What was said of the faces of a prediction. */
export async function feedbackOf(db: Kysely<Tables>, id: string): Promise<FeedbackRecord[]> {
  const rows = await db
    .selectFrom('feedback')
    .select(['face_index as face', 'expression', 'created_at as createdAt'])
    .where('prediction_id', '=', id)
    .orderBy('face_index')
    .orderBy('created_at')
    .execute();
  return rows;
}
