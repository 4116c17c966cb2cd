import type { Dataset } from '@mememoji/train/dataset';
import { writeJson } from '@mememoji/train/run-folder';
import { hasReached, type TrialRunner } from '@mememoji/train/sweep';
import { readResult, trialFolder } from '@mememoji/train/sweep-results';
import type { Trial } from '@mememoji/train/sweep-trials';
import type { PgBoss } from 'pg-boss';
import { openStore } from '../store/store.ts';
import { openWorkQueue, TRIALS, type TrialTask } from './work-queue.ts';

export interface TrialQueueOptions {
  /** Folder of the sweep, and path of the data: both the same on all machines that share the queue. */
  folder: string;
  data: string;
  votes?: string | undefined;
  dataset: Dataset;
  signal?: AbortSignal | undefined;
  onEnded?: (trial: Trial) => void;
  onError: (error: unknown) => void;
  /** Milliseconds between two looks at the folders of the trials; default 2000. */
  every?: number;
}

/** The way to the workers that train trials. */
export interface TrialQueue {
  runTrials: TrialRunner;
  close(): Promise<void>;
}

/**
 * Has the trials of a sweep trained by the workers of a queue (`mememoji worker --trainings`). A trial stands in the queue once, however
 * often it is asked for; when the worker that trains it dies, another goes on from its checkpoint. Aborted, it waits no
 * longer and takes what nobody has begun out of the queue.
 * @throws ServerError `STORE_UNAVAILABLE`
 */
export async function openTrialQueue(databaseUrl: string, options: TrialQueueOptions): Promise<TrialQueue> {
  const store = await openStore({ dataDir: '', databaseUrl, onConnectionLost: options.onError });
  const boss = await openWorkQueue({ store, onError: options.onError });
  return {
    runTrials: trialsByQueue(boss, options),
    close: async () => {
      await boss.stop();
      await store.close();
    },
  };
}

function trialsByQueue(boss: PgBoss, options: TrialQueueOptions): TrialRunner {
  const { folder, data, votes, signal, onEnded = () => {}, every = 2000 } = options;
  return async function* run(trials, until) {
    const waiting = new Set(trials);
    const task = ({ id }: Trial): TrialTask => {
      return { folder, data, votes: votes ?? null, trial: id, until: Number.isFinite(until) ? until : null };
    };
    await boss.insert(
      TRIALS,
      trials.map((trial) => ({ data: task(trial), singletonKey: keyOf(folder, trial) })),
    );
    while (waiting.size > 0 && !signal?.aborted) {
      for (const trial of waiting) {
        if (!(await hasEnded(boss, trial, until, options))) continue;
        waiting.delete(trial);
        onEnded(trial);
        yield trial;
      }
      if (waiting.size > 0) await pause(every, signal);
    }
    for (const trial of waiting) await withdraw(boss, keyOf(folder, trial));
  };
}

function keyOf(folder: string, { id }: Trial): string {
  return `${folder}#${id}`;
}

async function hasEnded(
  boss: PgBoss,
  trial: Trial,
  until: number,
  { folder, dataset }: TrialQueueOptions,
): Promise<boolean> {
  // The queue is asked first: what ends between the two looks is seen by the second.
  const entries = await boss.findJobs<TrialTask>(TRIALS, { key: keyOf(folder, trial) });
  const isAlive = entries.some(({ state }) => state === 'created' || state === 'retry' || state === 'active');
  if (hasReached(await readResult(folder, trial, dataset), until)) return !isAlive;
  if (isAlive) return false;
  const [last] = entries.toSorted((a, b) => b.createdOn.getTime() - a.createdOn.getTime());
  const message = `no worker could train it: ${JSON.stringify(last?.output ?? 'it is gone from the queue')}`;
  await writeJson(trialFolder(folder, trial).failure, { code: 'UNEXPECTED', message });
  return true;
}

/** What a worker has begun goes on to its end. */
async function withdraw(boss: PgBoss, key: string): Promise<void> {
  const entries = await boss.findJobs<TrialTask>(TRIALS, { key, queued: true });
  const ids = entries.map(({ id }) => id);
  if (ids.length > 0) await boss.deleteJob(TRIALS, ids);
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener('abort', done);
  });
}
