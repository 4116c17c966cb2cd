import { afterAll, beforeAll, describe } from 'vitest';
import { hasPostgres, startPostgres, type TestPostgres } from '../../../test/postgres.ts';
import { openTestStore, type TestStore } from './app.ts';

/**
 * Runs one suite on both stores: the embedded one, and a real PostgreSQL where Debian's is installed.
 * @param suite gets the store when its tests run
 */
export function describeOnStores(name: string, suite: (current: () => TestStore) => void): void {
  describe(`${name} (PGlite)`, () => {
    let opened: TestStore | undefined;
    beforeAll(async () => {
      opened = await openTestStore();
    }, 300_000);
    afterAll(() => opened?.remove(), 60_000);
    suite(() => opened!);
  });

  describe.skipIf(!hasPostgres)(`${name} (PostgreSQL)`, () => {
    let postgres: TestPostgres | undefined;
    let opened: TestStore | undefined;
    beforeAll(async () => {
      postgres = await startPostgres();
      opened = await openTestStore(await postgres.createDatabase('mememoji'));
    }, 300_000);
    afterAll(async () => {
      await opened?.remove();
      await postgres?.remove();
    }, 120_000);
    suite(() => opened!);
  });
}
