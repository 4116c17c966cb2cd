import { createAnalyzer } from 'mememoji/node';
import type { PgBoss } from 'pg-boss';
import type { AnalysisQueue } from '../analysis/queue.ts';
import type { ServerConfig } from '../config/options.ts';
import type { Store } from '../store/store.ts';
import { type JobFiles, openJobFiles } from './job-files.ts';
import { type JobWorker, startJobWorker } from './job-worker.ts';
import { Jobs } from './jobs.ts';
import { openWorkQueue } from './work-queue.ts';

/** What the background work of a process is made of; it closes none of it. */
export interface JobsParts {
  config: Pick<
    ServerConfig,
    'dataDir' | 'jobFiles' | 'jobItems' | 'jobBytes' | 'jobDays' | 'maxUploadBytes' | 'maxPixels'
  >;
  store: Store;
  queue: Pick<AnalysisQueue, 'analyzeInBackground'>;
  /** Images that the analyzer takes at once. */
  parallel: number;
  /** File of the classifier in use; undefined for the shipped one. */
  model: () => Promise<string | undefined>;
  /** Whether this process works itself. */
  works: boolean;
  env: Readonly<Record<string, string | undefined>>;
  onError: (error: unknown) => void;
}

/** The background work of a process. */
export interface OpenedJobs {
  jobs: Jobs;
  boss: PgBoss;
  /** Ends what was begun, and takes nothing new. */
  close(): Promise<void>;
}

/** Milliseconds that images under way get to come to an end. */
const PATIENCE_MS = 20_000;

/** Opens queue, files and, where this process works itself, its worker. */
export async function openJobs(parts: JobsParts): Promise<OpenedJobs> {
  const { config, store, works, onError } = parts;
  const files = openJobFiles(config.jobFiles ?? `${config.dataDir}/jobs`, parts.env);
  const boss = await openWorkQueue({ store, onError });
  const worker = works ? await startWorker(parts, boss, files) : undefined;
  const { jobItems: items, maxUploadBytes: itemBytes, jobBytes: totalBytes, jobDays: keepDays } = config;
  const limits = { items, itemBytes, totalBytes };
  const jobs = new Jobs({ db: store.db, files, boss, worker, limits, keepDays, onError });
  const close = async (): Promise<void> => {
    jobs.close();
    await worker?.close();
    await boss.stop({ timeout: PATIENCE_MS });
    await files.close();
  };
  return { jobs, boss, close };
}

function startWorker(
  { config, store, queue, parallel, model, onError }: JobsParts,
  boss: PgBoss,
  files: JobFiles,
): Promise<JobWorker> {
  return startJobWorker({
    boss,
    db: store.db,
    files,
    analyze: (image) => queue.analyzeInBackground(image),
    parallel,
    openVideoAnalyzer: async () =>
      createAnalyzer({ model: await model(), detection: 'video', maxPixels: config.maxPixels, threads: 1 }),
    onError,
  });
}
