import type { Face } from '@mememoji/vision/result';
import { type Kysely, sql } from 'kysely';
import { type PredictionRecord, toRecord } from './predictions.ts';
import type { Tables } from './tables.ts';

/** A place in the listing: everything after it comes next. */
export interface Place {
  createdAt: Date;
  id: string;
}

export interface PageOptions {
  /** Rows at most. */
  limit: number;
  /** Undefined: from the beginning. */
  after: Place | undefined;
  /** Only what was made at this time or later. */
  since: Date | undefined;
}

/** Rows read at once for an export. */
const PAGE = 500;
const FIRST: Place = { createdAt: new Date(0), id: '00000000-0000-0000-0000-000000000000' };

/** A page of predictions, the oldest first. */
export async function listPredictions(
  db: Kysely<Tables>,
  { limit, after = FIRST, since }: PageOptions,
): Promise<PredictionRecord[]> {
  const rows = await db
    .selectFrom('predictions')
    .selectAll()
    .where(sql<boolean>`(created_at, id) > (${after.createdAt}::timestamptz, ${after.id}::uuid)`)
    .$if(since !== undefined, (query) => query.where('created_at', '>=', since ?? FIRST.createdAt))
    .orderBy('created_at')
    .orderBy('id')
    .limit(limit)
    .execute();
  const faces = await facesOf(
    db,
    rows.map(({ id }) => id),
  );
  return rows.map((row) => toRecord(row, faces.get(row.id) ?? []));
}

async function facesOf(db: Kysely<Tables>, ids: readonly string[]): Promise<Map<string, Face[]>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom('faces')
    .select(['prediction_id', 'face'])
    .where('prediction_id', 'in', ids)
    .orderBy('face_index')
    .execute();
  const groups = Map.groupBy(rows, (row) => row.prediction_id);
  return new Map([...groups].map(([id, group]) => [id, group.map(({ face }) => face)]));
}

/** Every prediction, page by page: an export of any length takes the memory of one page. */
export async function* allPredictions(db: Kysely<Tables>, since: Date | undefined): AsyncGenerator<PredictionRecord> {
  let after: Place | undefined;
  while (true) {
    const page: PredictionRecord[] = await listPredictions(db, { limit: PAGE, after, since });
    yield* page;
    after = page.at(-1);
    if (page.length < PAGE) return;
  }
}

/** A place as text for a client to hand back. */
export function encodePlace({ createdAt, id }: Place): string {
  return Buffer.from(`${createdAt.toISOString()} ${id}`).toString('base64url');
}

/** The place that a client hands back, or undefined if it is none. */
export function decodePlace(text: string): Place | undefined {
  const [time = '', id = ''] = Buffer.from(text, 'base64url').toString().split(' ');
  const createdAt = new Date(time);
  const valid = !Number.isNaN(createdAt.getTime()) && /^[0-9a-f-]{36}$/.test(id);
  return valid ? { createdAt, id } : undefined;
}
