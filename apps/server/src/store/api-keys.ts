import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import { ServerError } from '../error.ts';
import type { Tables } from './tables.ts';
import { isId } from './uuid.ts';

/**
 * What a key allows: `analyze` images and run jobs, give `feedback`, `read` and delete single predictions and their images by
 * id, `export` lists and everything.
 */
export const SCOPES = ['analyze', 'feedback', 'read', 'export'] as const;

export type Scope = (typeof SCOPES)[number];

/** A key, without the key itself: only its hash is kept. */
export interface ApiKey {
  id: string;
  name: string;
  scopes: Scope[];
  createdAt: Date;
  /** Undefined while it is good. */
  revokedAt: Date | undefined;
}

/** Random bytes of a key. With 256 bits, a plain hash cannot be turned back by guessing. */
const KEY_BYTES = 32;

/** Makes a key. @returns the key itself, which is never to be had again, and what is remembered of it */
export async function createApiKey(
  db: Kysely<Tables>,
  { name, scopes, at }: { name: string; scopes: readonly Scope[]; at: Date },
): Promise<{ key: string; record: ApiKey }> {
  const key = `mk_${randomBytes(KEY_BYTES).toString('base64url')}`;
  const row = { id: randomUUID(), name, hash: hashOf(key), scopes: scopes.join(' '), created_at: at };
  await db.insertInto('api_keys').values(row).execute();
  return { key, record: { id: row.id, name, scopes: [...scopes], createdAt: at, revokedAt: undefined } };
}

/** All keys, also revoked ones, the oldest first. */
export async function listApiKeys(db: Kysely<Tables>): Promise<ApiKey[]> {
  return (await db.selectFrom('api_keys').selectAll().orderBy('created_at').orderBy('id').execute()).map(toApiKey);
}

/** Makes a key useless at once. @throws ServerError `NOT_FOUND` */
export async function revokeApiKey(db: Kysely<Tables>, id: string, at: Date): Promise<void> {
  const revoke = db
    .updateTable('api_keys')
    .set({ revoked_at: at })
    .where('id', '=', id)
    .where('revoked_at', 'is', null);
  const revoked = isId(id) ? (await revoke.executeTakeFirst()).numUpdatedRows : 0n;
  if (revoked === 0n) throw new ServerError('NOT_FOUND', `there is no key '${id}' that could be revoked`);
}

/** The good key that a client shows, or undefined. */
export async function findApiKey(db: Kysely<Tables>, key: string): Promise<ApiKey | undefined> {
  const row = await db
    .selectFrom('api_keys')
    .selectAll()
    .where('hash', '=', hashOf(key))
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  return row === undefined ? undefined : toApiKey(row);
}

function toApiKey(row: {
  id: string;
  name: string;
  scopes: string;
  created_at: Date;
  revoked_at: Date | null;
}): ApiKey {
  const words = row.scopes.split(' ');
  return {
    id: row.id,
    name: row.name,
    scopes: SCOPES.filter((scope) => words.includes(scope)),
    createdAt: row.created_at,
    revokedAt: row.revoked_at ?? undefined,
  };
}

function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
