import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasPostgres, startPostgres, type TestPostgres } from '../../../test/postgres.ts';
import { openStore, type Store } from '../src/store/store.ts';
import { isUnavailable } from '../src/store/unavailable.ts';
import { createApp, openTestStore } from './app.ts';
import { picture } from './fakes.ts';
import { startProcess } from './server-process.ts';
import { Writer } from './writer.ts';

/** benchmarks/server-kill.ts does it 20 times. */
const ROUNDS = 3;

describe('the embedded store', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'mememoji-kill-'));
  afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

  it(`keeps what it has acknowledged when the server is killed, ${ROUNDS} times`, async () => {
    const writer = new Writer(await picture(1));
    for (let round = 0; round < ROUNDS; round++) {
      const server = await startProcess({ dataDir });
      const writing = writer.writeTo(server.url);
      await writer.untilAcknowledged(writer.acknowledged.length + 10);
      await server.kill();
      await writing;
    }
    const store = await openStore({ dataDir });
    const lost = await writer.findLost(store.db, (id) =>
      existsSync(join(dataDir, 'images', id.slice(0, 2), `${id}.jpg`)),
    );
    await store.close();
    expect(writer.acknowledged.length).toBeGreaterThanOrEqual(10 * ROUNDS);
    expect(lost).toEqual([]);
  }, 600_000);

  it('belongs to one process at a time', async () => {
    const server = await startProcess({ dataDir });
    await expect(openStore({ dataDir })).rejects.toMatchObject({ code: 'STORE_LOCKED' });
    expect(await server.stop()).toBe(0);
    const store = await openStore({ dataDir });
    await expect(openStore({ dataDir: `${dataDir}/.` })).rejects.toMatchObject({ code: 'STORE_LOCKED' });
    await store.close();
    await (await openStore({ dataDir })).close();
  }, 300_000);

  it('is told from a folder that is none', async () => {
    await expect(openStore({ dataDir: '/dev/null/store' })).rejects.toMatchObject({ code: 'BAD_STORE' });
  });
});

describe.skipIf(!hasPostgres)('a store on PostgreSQL', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  }, 300_000);
  afterAll(() => postgres?.remove(), 60_000);

  it('is made once when servers start at once', async () => {
    const databaseUrl = await postgres.createDatabase('at_once');
    const dataDir = mkdtempSync(join(tmpdir(), 'mememoji-at-once-'));
    const stores = await Promise.all(Array.from({ length: 4 }, () => openStore({ dataDir, databaseUrl })));
    const names = await stores[0]!.executeSql('select name from kysely_migration order by name');
    expect(new Set(names.rows.map((row) => JSON.stringify(row))).size).toBe(names.rows.length);
    await Promise.all(stores.map((store) => store.close()));
    rmSync(dataDir, { recursive: true });
  }, 120_000);

  it('may go and come back under load: 503 meanwhile, then on by itself', async () => {
    const opened = await openTestStore(await postgres.createDatabase('outage'));
    const { app } = await createApp(opened);
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    const writer = new Writer(await picture(1));
    const writing = writer.writeTo(url);
    await writer.untilAcknowledged(20);
    await postgres.stop();
    await writer.untilStatus(503);
    expect((await fetch(`${url}/ready`)).status).toBe(503);
    expect((await fetch(`${url}/health`)).status).toBe(200);
    const answer = await fetch(`${url}/v1/predictions`);
    expect({ status: answer.status, retry: answer.headers.get('retry-after') }).toEqual({ status: 503, retry: '2' });
    expect(await answer.json()).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await postgres.start();
    await writer.untilAcknowledged(writer.acknowledged.length + 20);
    expect((await fetch(`${url}/ready`)).status).toBe(200);
    writer.stop();
    await writing;
    expect(writer.statuses.filter((status) => status !== 200 && status !== 503)).toEqual([]);
    expect(await writer.findLost(opened.store.db)).toEqual([]);
    await app.close();
    await opened.remove();
  }, 300_000);

  it('may end a connection in the middle of a transaction', async () => {
    const databaseUrl = await postgres.createDatabase('ended');
    const dataDir = mkdtempSync(join(tmpdir(), 'mememoji-ended-'));
    const lost: Error[] = [];
    const store = await openStore({ dataDir, databaseUrl, onConnectionLost: (error) => lost.push(error) });
    const transaction = store.db.transaction().execute(async (tx) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx);
      await sql`select pg_terminate_backend(${rows[0]!.pid})`.execute(store.db);
      await expect.poll(() => lost[0]?.message).toContain('terminating connection');
      await sql`select 1`.execute(tx);
    });
    const error: unknown = await transaction.catch((cause: unknown) => cause);
    expect(isUnavailable(error)).toBe(true);
    await store.ping();
    await store.close();
    rmSync(dataDir, { recursive: true });
  }, 120_000);

  it('is refused where nothing answers', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'mememoji-none-'));
    const opening: Promise<Store> = openStore({ dataDir, databaseUrl: 'postgres://a@127.0.0.1:1/b' });
    await expect(opening).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    rmSync(dataDir, { recursive: true });
  });
});
