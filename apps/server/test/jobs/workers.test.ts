import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hasPostgres, startPostgres } from '../../../../test/postgres.ts';
import { completeConfig } from '../../src/config/config.ts';
import { openJobs } from '../../src/jobs/open-jobs.ts';
import { openStore } from '../../src/store/store.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const IMAGES = 200;

/** A worker process; gives it when it is ready, with what it has told so far. */
async function startWorker(databaseUrl: string, files: string): Promise<{ child: ChildProcess; seen: number[] }> {
  const path = fileURLToPath(new URL('./worker-child.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=source', path, databaseUrl, files], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const seen: number[] = [];
  await new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.trim().split('\n')) {
        if (line === 'ready') resolve();
        else seen.push(Number(line));
      }
    });
  });
  return { child, seen };
}

describe.skipIf(!hasPostgres)('workers that share a PostgreSQL', () => {
  it('do each of 200 images once in effect, though one of two is killed in the middle', {
    timeout: 300_000,
  }, async () => {
    const postgres = await startPostgres();
    onTestFinished(() => postgres.remove());
    const databaseUrl = await postgres.createDatabase('workers');
    const files = join(temporaryFolder(), 'files');
    const store = await openStore({ dataDir: '', databaseUrl });
    const opened = await openJobs({
      config: completeConfig({ jobFiles: files }),
      store,
      queue: { analyzeInBackground: () => Promise.reject(new Error('this process does not work')) },
      parallel: 1,
      model: async () => undefined,
      works: false,
      env: {},
      onError: (error) => process.stderr.write(`${error}\n`),
    });
    onTestFinished(async () => {
      await opened.close();
      await store.close();
    });
    const [first, second] = await Promise.all([startWorker(databaseUrl, files), startWorker(databaseUrl, files)]);
    const folder = temporaryFolder();
    const job = await opened.jobs.submit({}, async (submission) => {
      for (let i = 0; i < IMAGES; i++) {
        await writeFile(join(folder, 'image'), Uint8Array.of(i));
        await submission.add(join(folder, 'image'), `${i}.jpg`);
      }
    });
    while (first.seen.length < 40) await new Promise((resolve) => setTimeout(resolve, 20));
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    const before = (await opened.jobs.read(job.id))!;
    expect(before.done).toBeLessThan(IMAGES);

    const started = performance.now();
    let record = before;
    while (record.finished_at === null && performance.now() - started < 120_000) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      record = (await opened.jobs.read(job.id))!;
    }
    expect(record).toMatchObject({ status: 'finished', total: IMAGES, done: IMAGES, failed: 0 });
    const results = await opened.jobs.results(record, -1, 1000);
    expect(results.map(({ item }) => item)).toEqual(Array.from({ length: IMAGES }, (_, i) => i));
    // Each result is of its own image, and both workers had a part in it.
    expect(
      results.every(({ item, analysis }) => analysis !== null && 'image' in analysis && analysis.image.height === item),
    ).toBe(true);
    const models = new Set(
      results.map(({ analysis }) => (analysis !== null && 'model' in analysis ? analysis.model : '')),
    );
    expect(models).toEqual(new Set([`worker ${first.child.pid}`, `worker ${second.child.pid}`]));
    // What the dead worker had begun was begun again by the other, and nothing else.
    const twice = first.seen.filter((image) => second.seen.includes(image));
    expect(twice.length).toBeLessThanOrEqual(16);
  });
});
