/**
 * Kills the server with -9 in the middle of writing, again and again, and looks whether anything that it had acknowledged is
 * lost: predictions, feedback, kept images. Run: node --conditions=source benchmarks/server-kill.ts [ROUNDS]
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '@mememoji/server/store/store';
import { picture } from '../apps/server/test/fakes.ts';
import { startProcess } from '../apps/server/test/server-process.ts';
import { Writer } from '../apps/server/test/writer.ts';

const rounds = Number(process.argv[2] ?? 20);
const dataDir = mkdtempSync(join(tmpdir(), 'mememoji-kill-'));
const writers = [new Writer(await picture(1)), new Writer(await picture(1))];
const hasFile = (id: string): boolean => existsSync(join(dataDir, 'images', id.slice(0, 2), `${id}.jpg`));

for (let round = 1; round <= rounds; round++) {
  const server = await startProcess({ dataDir });
  const writing = writers.map((writer) => writer.writeTo(server.url));
  // Each time at another moment: after 5 to 25 more writes.
  await writers[0]!.untilAcknowledged(writers[0]!.acknowledged.length + 5 + (round % 5) * 5);
  await server.kill();
  await Promise.all(writing);
  console.error(
    `round ${round} of ${rounds}: ${writers.map(({ acknowledged }) => acknowledged.length).join(' + ')} written`,
  );
}

const store = await openStore({ dataDir });
const lost = (await Promise.all(writers.map((writer) => writer.findLost(store.db, hasFile)))).flat();
await store.close();
rmSync(dataDir, { recursive: true });
const acknowledged = writers.reduce((sum, writer) => sum + writer.acknowledged.length, 0);
console.log(JSON.stringify({ rounds, acknowledged, lost: lost.length }));
process.exitCode = lost.length === 0 ? 0 : 1;
