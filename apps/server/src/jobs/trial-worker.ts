import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dataset } from '@mememoji/train/dataset';
import { createEngine } from '@mememoji/train/engine';
import { openDataset } from '@mememoji/train/open-dataset';
import { trainTrial } from '@mememoji/train/sweep';
import { parseSweep } from '@mememoji/train/sweep-file';
import { expandTrials, type Trial } from '@mememoji/train/sweep-trials';
import { z } from 'zod';
import { ServerError } from '../error.ts';
import type { Store } from '../store/store.ts';
import { openWorkQueue, TRIALS, type TrialTask } from './work-queue.ts';

export interface TrialWorkerOptions {
  store: Pick<Store, 'kind' | 'executeSql'>;
  /** Processor threads of a training. */
  threads: number;
  /** Told in one line of what is begun and ended. */
  onTrial: (line: string) => void;
  onError: (error: unknown) => void;
}

/** Works until it is closed. */
export interface TrialWorker {
  /** Stops the training under way with a checkpoint, for another worker to go on from. */
  close(): Promise<void>;
}

const LOOK = 1;

/** Takes trials of sweeps from the queue, one at a time. */
export async function startTrialWorker({ store, threads, onTrial, onError }: TrialWorkerOptions): Promise<TrialWorker> {
  const boss = await openWorkQueue({ store, onError });
  const stopping = new AbortController();
  const data = new LastDataset();
  const createSession = createEngine({ threads, spinning: false });
  await boss.work<TrialTask>(TRIALS, { pollingIntervalSeconds: LOOK }, async ([entry]) => {
    const { folder, trial: id, until } = entry!.data;
    const signal = AbortSignal.any([stopping.signal, entry!.signal]);
    const { trial, dataset } = await findTrial(entry!.data, data);
    onTrial(`trains trial ${id} of ${folder}`);
    const end = until ?? Number.POSITIVE_INFINITY;
    await trainTrial(folder, trial, dataset, end, { createSession, signal, checkpointSeconds: 15 });
    // Thrown, the entry goes to another worker; its retries are many.
    if (signal.aborted) throw new Error('the worker stops');
    onTrial(`has trained trial ${id} of ${folder}`);
  });
  return {
    close: async () => {
      stopping.abort();
      await boss.stop({ timeout: 30_000 });
    },
  };
}

const planSchema = z.object({ dataHash: z.string(), sweep: z.unknown() });

/** @throws ServerError `BAD_JOB` if the folder holds another sweep, or the data are not those that it was begun with */
async function findTrial(
  { folder, trial: id, data, votes }: TrialTask,
  last: LastDataset,
): Promise<{ trial: Trial; dataset: Dataset }> {
  const plan = planSchema.parse(JSON.parse(await readFile(join(folder, 'sweep.json'), 'utf8')));
  const trial = expandTrials(parseSweep(plan.sweep)).find((one) => one.id === id);
  if (trial === undefined) throw new ServerError('BAD_JOB', `the sweep in ${folder} has no trial ${id}`);
  const dataset = await last.open(data, votes ?? undefined);
  if (dataset.source.sha256 === plan.dataHash) return { trial, dataset };
  throw new ServerError('BAD_JOB', `${data} is not the data that the sweep in ${folder} was begun with`);
}

/** Trials of a sweep come one after the other: its data are read once. */
class LastDataset {
  #key: string | undefined;
  #dataset: Dataset | undefined;

  async open(path: string, votes: string | undefined): Promise<Dataset> {
    const key = JSON.stringify([path, votes]);
    if (this.#dataset !== undefined && this.#key === key) return this.#dataset;
    this.#dataset = await openDataset(path, votes === undefined ? {} : { votes });
    this.#key = key;
    return this.#dataset;
  }
}
