import { type Kysely, sql } from 'kysely';

/** Jobs of many images or a video, what they are to analyze, and what came out. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await createJobs(db);
  await createItems(db);
  await createResults(db);
}

async function createJobs(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('jobs')
    .addColumn('id', 'uuid', (column) => column.primaryKey())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('created_at', 'timestamptz', (column) => column.notNull())
    .addColumn('started_at', 'timestamptz')
    .addColumn('finished_at', 'timestamptz')
    .addColumn('total', 'integer')
    .addColumn('done', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('failed', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('skipped', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('options', 'jsonb', (column) => column.notNull())
    .addColumn('error', 'jsonb')
    .addColumn('progress', 'jsonb')
    .addCheckConstraint('jobs_kind', sql`kind in ('images', 'video')`)
    .addCheckConstraint(
      'jobs_status',
      sql`status in ('uploading', 'queued', 'running', 'finished', 'cancelled', 'failed')`,
    )
    .execute();
  await db.schema.createIndex('jobs_by_end').on('jobs').column('finished_at').execute();
}

async function createItems(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('job_items')
    .addColumn('job_id', 'uuid', (column) => column.notNull().references('jobs.id').onDelete('cascade'))
    .addColumn('item', 'integer', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('file', 'text', (column) => column.notNull())
    .addColumn('queue_id', 'uuid', (column) => column.notNull())
    .addPrimaryKeyConstraint('job_items_key', ['job_id', 'item'])
    .execute();
}

async function createResults(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('job_results')
    .addColumn('job_id', 'uuid', (column) => column.notNull().references('jobs.id').onDelete('cascade'))
    .addColumn('item', 'integer', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('analysis', 'jsonb')
    .addColumn('error', 'jsonb')
    .addPrimaryKeyConstraint('job_results_key', ['job_id', 'item'])
    .execute();
}
