import type { Kysely } from 'kysely';

/** Faces that were cut out of images which are not kept themselves, to train on. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('face_crops')
    .addColumn('prediction_id', 'uuid', (column) => column.notNull())
    .addColumn('face_index', 'integer', (column) => column.notNull())
    .addColumn('side', 'integer', (column) => column.notNull())
    .addColumn('pixels', 'bytea', (column) => column.notNull())
    .addColumn('image_sha256', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('face_crops_key', ['prediction_id', 'face_index'])
    .addForeignKeyConstraint(
      'crop_of_face',
      ['prediction_id', 'face_index'],
      'faces',
      ['prediction_id', 'face_index'],
      (constraint) => constraint.onDelete('cascade'),
    )
    .execute();
}
