import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { Kysely, PGliteDialect, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { ServerError } from '../error.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';
import { migrate } from './migrate.ts';
import type { Tables } from './tables.ts';

/** Where the records lie. */
export interface StoreConfig {
  /** Folder of everything that is kept; the embedded database lies in `database/` below it. */
  dataDir: string;
  /** `postgres://...`; without it the embedded database (PGlite) is used. */
  databaseUrl?: string | undefined;
  /** Connections to PostgreSQL; 10 if left out. */
  connections?: number | undefined;
  /** Told of connections that are lost while no statement runs on them. */
  onConnectionLost?: ((error: Error) => void) | undefined;
}

/** What the server remembers: a PostgreSQL database, embedded or not. */
export interface Store {
  readonly kind: 'pglite' | 'postgres';
  readonly db: Kysely<Tables>;
  /** Plain SQL, for pg-boss: with values one statement, without any number of them. */
  executeSql(text: string, values?: readonly unknown[]): Promise<{ rows: unknown[] }>;
  /** Returns if the database answers within two seconds. @throws ServerError `STORE_UNAVAILABLE` */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** An opened database, whichever it is. */
type Opened = Omit<Store, 'ping'>;

/** Milliseconds after which a connection to PostgreSQL counts as impossible. */
const CONNECT_MS = 3000;
/** Milliseconds that one statement may take. */
const STATEMENT_MS = 30_000;
const PING_MS = 2000;

/**
 * Opens the store and brings its tables up to date.
 * @throws ServerError `STORE_LOCKED`, `STORE_UNAVAILABLE`, `BAD_STORE`
 */
export async function openStore(config: StoreConfig): Promise<Store> {
  const opened = config.databaseUrl === undefined ? await openPGlite(config.dataDir) : openPostgres(config);
  const store: Store = { ...opened, ping: () => ping(opened.db) };
  try {
    await store.ping();
    await migrate(store.db);
  } catch (error) {
    await store.close();
    throw error;
  }
  return store;
}

async function openPGlite(dataDir: string): Promise<Opened> {
  const lock = await lockFolder(dataDir);
  try {
    const pglite = await PGlite.create({ dataDir: join(dataDir, 'database') });
    return pgliteStore(pglite, lock);
  } catch (cause) {
    await lock.release();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ServerError('BAD_STORE', `the database in ${dataDir} cannot be opened (${reason})`, undefined, { cause });
  }
}

function pgliteStore(pglite: PGlite, lock: FolderLock): Opened {
  const db = new Kysely<Tables>({ dialect: new PGliteDialect({ pglite }) });
  return {
    kind: 'pglite',
    db,
    executeSql: async (text, values = []) => {
      if (values.length > 0) return pglite.query(text, [...values]);
      return (await pglite.exec(text)).at(-1) ?? { rows: [] };
    },
    close: async () => {
      await db.destroy();
      if (!pglite.closed) await pglite.close();
      await lock.release();
    },
  };
}

function openPostgres({ databaseUrl, connections = 10, onConnectionLost = () => {} }: StoreConfig): Opened {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: connections,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    query_timeout: STATEMENT_MS,
    application_name: 'mememoji',
    keepAlive: true,
  });
  // Without a listener, a connection that breaks between two statements would end the process. The pool listens only to
  // those that nobody has taken, so each gets its own: a transaction's may break as well.
  pool.on('connect', (client) => client.on('error', onConnectionLost));
  pool.on('error', () => {});
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  return {
    kind: 'postgres',
    db,
    executeSql: async (text, values = []) => {
      if (values.length > 0) return pool.query(text, [...values]);
      // Of several statements the driver gives a list, which its types do not tell.
      const results: pg.QueryResult | pg.QueryResult[] = await pool.query(text);
      return Array.isArray(results) ? (results.at(-1) ?? { rows: [] }) : results;
    },
    close: () => db.destroy(),
  };
}

async function ping(db: Kysely<Tables>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${PING_MS} ms`)), PING_MS);
  });
  try {
    await Promise.race([sql`select 1`.execute(db), late]);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message || cause.name : String(cause);
    throw new ServerError('STORE_UNAVAILABLE', `the database does not answer (${reason})`, 'is it running?', { cause });
  } finally {
    clearTimeout(timer);
  }
}
