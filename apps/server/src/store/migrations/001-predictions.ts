import { type Kysely, sql } from 'kysely';

/** Predictions, their faces, what people said of them, and images that are kept. PostgreSQL 15 suffices. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await createPredictions(db);
  await createFaces(db);
  await createFeedback(db);
  await createImages(db);
  await createApiKeys(db);
}

async function createPredictions(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('predictions')
    .addColumn('id', 'uuid', (column) => column.primaryKey())
    .addColumn('created_at', 'timestamptz', (column) => column.notNull())
    .addColumn('model', 'text', (column) => column.notNull())
    .addColumn('width', 'integer', (column) => column.notNull())
    .addColumn('height', 'integer', (column) => column.notNull())
    .addColumn('face_count', 'integer', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('predictions_by_time').on('predictions').columns(['created_at', 'id']).execute();
}

async function createFaces(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('faces')
    .addColumn('prediction_id', 'uuid', (column) => column.notNull().references('predictions.id').onDelete('cascade'))
    .addColumn('face_index', 'integer', (column) => column.notNull())
    .addColumn('dominant', 'text', (column) => column.notNull())
    .addColumn('confidence', 'double precision', (column) => column.notNull())
    .addColumn('face', 'jsonb', (column) => column.notNull())
    .addPrimaryKeyConstraint('faces_key', ['prediction_id', 'face_index'])
    .execute();
}

async function createFeedback(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('feedback')
    .addColumn('prediction_id', 'uuid', (column) => column.notNull())
    .addColumn('face_index', 'integer', (column) => column.notNull())
    .addColumn('expression', 'text', (column) => column.notNull())
    .addColumn('created_at', 'timestamptz', (column) => column.notNull())
    .addPrimaryKeyConstraint('feedback_key', ['prediction_id', 'face_index', 'expression'])
    .addForeignKeyConstraint(
      'feedback_of_face',
      ['prediction_id', 'face_index'],
      'faces',
      ['prediction_id', 'face_index'],
      (constraint) => constraint.onDelete('cascade'),
    )
    .addCheckConstraint(
      'feedback_expression',
      sql`expression in ('angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral')`,
    )
    .execute();
  await db.schema
    .createIndex('feedback_by_time')
    .on('feedback')
    .columns(['created_at', 'prediction_id', 'face_index', 'expression'])
    .execute();
}

async function createImages(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('images')
    .addColumn('prediction_id', 'uuid', (column) => column.primaryKey().references('predictions.id'))
    .addColumn('file', 'text', (column) => column.notNull().unique())
    .addColumn('sha256', 'text', (column) => column.notNull())
    .addColumn('bytes', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'timestamptz', (column) => column.notNull())
    .addColumn('delete_after', 'timestamptz')
    .execute();
  await db.schema.createIndex('images_by_end').on('images').column('delete_after').execute();
}

async function createApiKeys(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('api_keys')
    .addColumn('id', 'uuid', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull().unique())
    .addColumn('scopes', 'text', (column) => column.notNull())
    .addColumn('created_at', 'timestamptz', (column) => column.notNull())
    .addColumn('revoked_at', 'timestamptz')
    .execute();
}
