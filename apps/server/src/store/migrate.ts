import type { Kysely } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { ServerError } from '../error.ts';
import { up as predictions } from './migrations/001-predictions.ts';
import { up as faceCrops } from './migrations/010-face-crops.ts';
import { up as jobs } from './migrations/011-jobs.ts';
import type { Tables } from './tables.ts';

/** All steps by name, in the order of their numbers. A step that was ever released stays as it is; new ones come after. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '001-predictions': { up: predictions },
  '010-face-crops': { up: faceCrops },
  '011-jobs': { up: jobs },
};

/**
 * Brings the tables up to date. Servers that start at once wait for each other: an advisory lock of the database lets one
 * through at a time.
 * @throws ServerError `BAD_STORE` if a step fails, or the store was written by a newer program; nothing is changed then.
 */
export async function migrate(db: Kysely<Tables>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...MIGRATIONS }) } });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  const reason = error instanceof Error ? error.message : String(error);
  const hint = 'was it written by a newer version of this program?';
  throw new ServerError('BAD_STORE', `the store cannot be brought up to date (${reason})`, hint, { cause: error });
}
