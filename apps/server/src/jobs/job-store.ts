import { type Kysely, type Selectable, sql } from 'kysely';
import type { Tables } from '../store/tables.ts';
import type {
  ItemAnalysis,
  JobError,
  JobItemsTable,
  JobKind,
  JobSettings,
  JobStatus,
  JobsTable,
} from './job-tables.ts';

export type Db = Kysely<Tables>;

export type JobRecord = Selectable<JobsTable>;

/** What came out of an item: one of `analysis` and `error`. */
export interface ItemResult {
  item: number;
  name: string;
  analysis: ItemAnalysis | null;
  error: JobError | null;
}

/** Statuses of a job that may still get results. */
const OPEN = ['uploading', 'queued', 'running'] as const satisfies readonly JobStatus[];

/** Begins a job; its files follow. */
export async function createJob(db: Db, id: string, options: JobSettings, now: Date): Promise<void> {
  const row = { id, kind: 'images', status: 'uploading', created_at: now, options: JSON.stringify(options) } as const;
  await db.insertInto('jobs').values(row).execute();
}

export async function changeSettings(db: Db, id: string, options: JobSettings): Promise<void> {
  await db
    .updateTable('jobs')
    .set({ options: JSON.stringify(options) })
    .where('id', '=', id)
    .execute();
}

export async function addItem(db: Db, item: JobItemsTable): Promise<void> {
  await db.insertInto('job_items').values(item).execute();
}

/** Says what a job is, once all its files are there. */
export async function describeJob(
  db: Db,
  id: string,
  { kind, total, skipped }: { kind: JobKind; total: number | null; skipped: number },
): Promise<void> {
  await db.updateTable('jobs').set({ kind, total, skipped }).where('id', '=', id).execute();
}

/** Says that a job is in the queue; its first results may be there already. */
export async function markQueued(db: Db, id: string): Promise<void> {
  await db
    .updateTable('jobs')
    .set({ status: 'queued' })
    .where('id', '=', id)
    .where('status', '=', 'uploading')
    .execute();
}

export function readJob(db: Db, id: string): Promise<JobRecord | undefined> {
  return db.selectFrom('jobs').selectAll().where('id', '=', id).executeTakeFirst();
}

/** A file of a job that may still get results, or undefined: the job was cancelled, or the item has its result. */
export function readOpenItem(db: Db, job: string, item: number): Promise<JobItemsTable | undefined> {
  return db
    .selectFrom('job_items')
    .innerJoin('jobs', 'jobs.id', 'job_items.job_id')
    .selectAll('job_items')
    .where('job_items.job_id', '=', job)
    .where('job_items.item', '=', item)
    .where('jobs.status', 'in', OPEN)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('job_results')
            .select('job_results.item')
            .whereRef('job_results.job_id', '=', 'job_items.job_id')
            .whereRef('job_results.item', '=', 'job_items.item')
            .where('jobs.kind', '=', 'images'),
        ),
      ),
    )
    .executeTakeFirst();
}

/**
 * Keeps results of a job, each item's first one only, and counts them, in one statement: a worker may die before or after it, and
 * another may come with the same results, but each counts once. A job that has ended takes no more.
 * @returns the job's status afterwards, or undefined if it had ended before
 */
export async function saveResults(
  db: Db,
  job: string,
  results: readonly ItemResult[],
  now: Date,
): Promise<JobStatus | undefined> {
  const { rows } = await sql<{ status: JobStatus }>`
    with open as (
      select id from jobs where id = ${job} and status in (${sql.join(OPEN)}) for update
    ), added as (
      insert into job_results (job_id, item, name, analysis, error)
      select open.id, result.item, result.name, result.analysis, result.error
      from open, jsonb_to_recordset(${JSON.stringify(results)}::jsonb)
        as result(item int, name text, analysis jsonb, error jsonb)
      on conflict do nothing returning error
    ), counted as (
      select count(*)::int as done, count(error)::int as failed from added
    )
    update jobs set
      done = jobs.done + counted.done,
      failed = jobs.failed + counted.failed,
      started_at = coalesce(started_at, ${now}),
      status = case when jobs.done + counted.done >= total then 'finished' else 'running' end,
      finished_at = case when jobs.done + counted.done >= total then ${now}::timestamptz end
    from counted, open where jobs.id = open.id
    returning status`.execute(db);
  return rows[0]?.status;
}

/** Ends a job whose number of items was not known. */
export async function endJob(db: Db, id: string, now: Date, error: JobError | null = null): Promise<void> {
  await db
    .updateTable('jobs')
    .set(({ ref }) => ({
      status: error === null ? 'finished' : 'failed',
      error: error === null ? null : JSON.stringify(error),
      total: ref('done'),
      finished_at: now,
    }))
    .where('id', '=', id)
    .where('status', 'in', OPEN)
    .execute();
}

/** Remembers where a worker that takes a video over goes on. */
export async function saveProgress(db: Db, id: string, progress: object): Promise<void> {
  await db
    .updateTable('jobs')
    .set({ progress: JSON.stringify(progress) })
    .where('id', '=', id)
    .execute();
}

/** Cancels a job; false if it had ended before. */
export async function markCancelled(db: Db, id: string, now: Date): Promise<boolean> {
  const changes = { status: 'cancelled', finished_at: now } as const;
  const [result] = await db.updateTable('jobs').set(changes).where('id', '=', id).where('status', 'in', OPEN).execute();
  return (result?.numUpdatedRows ?? 0n) > 0n;
}

export async function deleteJob(db: Db, id: string): Promise<void> {
  await db.deleteFrom('jobs').where('id', '=', id).execute();
}

/** All files of a job, also of items that have their result. */
export function listItems(db: Db, job: string): Promise<JobItemsTable[]> {
  return db.selectFrom('job_items').selectAll().where('job_id', '=', job).orderBy('item').execute();
}

/** Results of a job in the order of its items, from behind one on. */
export async function listResults(db: Db, job: string, after: number, limit: number): Promise<ItemResult[]> {
  return db
    .selectFrom('job_results')
    .select(['item', 'name', 'analysis', 'error'])
    .where('job_id', '=', job)
    .where('item', '>', after)
    .orderBy('item')
    .limit(limit)
    .execute();
}

/** The first item of a job that has no result yet, or undefined. */
export async function firstGap(db: Db, job: string): Promise<number | undefined> {
  const row = await db
    .selectFrom('job_items')
    .leftJoin('job_results', (join) =>
      join.onRef('job_results.job_id', '=', 'job_items.job_id').onRef('job_results.item', '=', 'job_items.item'),
    )
    .select('job_items.item')
    .where('job_items.job_id', '=', job)
    .where('job_results.item', 'is', null)
    .orderBy('job_items.item')
    .limit(1)
    .executeTakeFirst();
  return row?.item;
}

/** Jobs that ended before a time, and those whose files never came all. */
export async function listExpired(db: Db, ended: Date, begun: Date): Promise<string[]> {
  const rows = await db
    .selectFrom('jobs')
    .select('id')
    .where(({ and, or, eb }) =>
      or([eb('finished_at', '<', ended), and([eb('status', '=', 'uploading'), eb('created_at', '<', begun)])]),
    )
    .execute();
  return rows.map(({ id }) => id);
}
