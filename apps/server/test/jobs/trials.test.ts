import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createEngine } from '@mememoji/train/engine';
import { openDataset } from '@mememoji/train/open-dataset';
import { runSweep } from '@mememoji/train/sweep';
import { parseSweep } from '@mememoji/train/sweep-file';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hasPostgres, startPostgres } from '../../../../test/postgres.ts';
import { openTrialQueue } from '../../src/jobs/trial-queue.ts';
import { startTrialWorker } from '../../src/jobs/trial-worker.ts';
import { openStore } from '../../src/store/store.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const SIDE = 48;

/** Pictures like FER2013's: a bright bar at a height that the class decides. */
function table(): string {
  const lines = Array.from({ length: 140 }, (_, row) => {
    const bar = Math.floor((((row % 7) + 0.5) * SIDE) / 7);
    const pixels = Array.from({ length: SIDE * SIDE }, (_, i) => {
      return (((row * 7919 + i) * 2654435761) % 97) + (Math.floor(i / SIDE) === bar ? 150 : 0);
    });
    return `${row % 7},${pixels.join(' ')},${row < 84 ? 'Training' : row < 112 ? 'PublicTest' : 'PrivateTest'}`;
  });
  return `emotion,pixels,Usage\n${lines.join('\n')}\n`;
}

const SWEEP = parseSweep({
  name: 'shared',
  base: {
    model: { architecture: 'cnn9', widths: [4, 4], depth: 1, dense: [8], dropout: 0, batchNorm: true },
    inputSize: SIDE,
    batchSize: 28,
    epochs: 2,
    schedule: { kind: 'constant', peak: 0.05 },
    augmentation: 'none',
    data: { dropCopies: false },
  },
  grid: { 'schedule.peak': [0.05, 0.01, 1e30] },
  halving: { firstEpochs: 1, factor: 3 },
});

describe.skipIf(!hasPostgres)('a sweep whose trials stand in a queue', () => {
  it('is trained by workers, with the same choices as here', { timeout: 300_000 }, async () => {
    const postgres = await startPostgres();
    onTestFinished(() => postgres.remove());
    const databaseUrl = await postgres.createDatabase('trials');
    const folder = temporaryFolder();
    const data = join(folder, 'faces.csv');
    await writeFile(data, table());
    const dataset = await openDataset(data);
    const told: string[] = [];
    const onError = (error: unknown): void => void told.push(String(error));
    const stores = [await openStore({ dataDir: '', databaseUrl }), await openStore({ dataDir: '', databaseUrl })];
    const workers = await Promise.all(
      stores.map((store) => startTrialWorker({ store, threads: 1, onError, onTrial: (line) => told.push(line) })),
    );
    const run = join(folder, 'run');
    const ended: string[] = [];
    const queue = await openTrialQueue(databaseUrl, {
      folder: run,
      data,
      dataset,
      every: 300,
      onError,
      onEnded: ({ id }) => ended.push(id),
    });
    onTestFinished(async () => {
      await queue.close();
      for (const worker of workers) await worker.close();
      for (const store of stores) await store.close();
    });
    const createSession = createEngine({ threads: 1, spinning: false });
    const shared = await runSweep(SWEEP, dataset, { folder: run, createSession, runTrials: queue.runTrials });
    expect(shared.status).toBe('finished');
    const here = await runSweep(SWEEP, dataset, { folder: join(folder, 'here'), createSession });
    const standing = ({ trials }: typeof here) =>
      trials.map(({ trial, status, accuracy, epochs }) => ({ trial, status, accuracy, epochs }));
    expect(standing(shared)).toEqual(standing(here));
    expect(shared.trials.map(({ status }) => status).sort()).toEqual(['failed', 'finished', 'stopped']);
    // Three to the first rung, of which the best one goes on.
    expect(ended).toHaveLength(4);
    expect(new Set(ended)).toEqual(new Set(['001', '002', '003']));
    expect(told.filter((line) => line.startsWith('trains trial'))).toHaveLength(4);
    expect(existsSync(join(run, 'sweep.svg'))).toBe(true);
    const csv = (name: string) => readFileSync(join(folder, name, 'sweep.csv'), 'utf8').split('\n').length;
    expect(csv('run')).toBe(csv('here'));
  });
});
