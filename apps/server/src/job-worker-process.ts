import type { Writable } from 'node:stream';
import { startAnalyzers } from './analysis/pool.ts';
import { AnalysisQueue } from './analysis/queue.ts';
import type { ServerConfig } from './config/options.ts';
import { ServerError } from './error.ts';
import { openJobs } from './jobs/open-jobs.ts';
import { startTrialWorker } from './jobs/trial-worker.ts';
import { chooseModel } from './loop/follow-models.ts';
import { openStore } from './store/store.ts';

/** A process that works on jobs, and does nothing else. */
export interface RunningWorker {
  /** Ends the images that it has begun, and leaves everything else to others. */
  close(): Promise<void>;
}

export interface WorkerProcessOptions {
  /** Gets one JSON object a line. */
  log: Writable;
  env: Readonly<Record<string, string | undefined>>;
  /** Whether it works on trainings in place of images and videos. */
  trainings: boolean;
  /** Threads of a training. */
  threads: number;
}

/**
 * Joins the workers of a PostgreSQL database.
 * @throws ServerError `BAD_CONFIG` without a PostgreSQL, `STORE_UNAVAILABLE`, ...; MememojiError
 */
export async function startWorkerProcess(
  config: ServerConfig,
  { log, env, trainings, threads }: WorkerProcessOptions,
): Promise<RunningWorker> {
  if (config.databaseUrl === undefined) {
    const hint = 'set databaseUrl, for example by DATABASE_URL; with the embedded database the server works itself';
    throw new ServerError('BAD_CONFIG', 'workers share a PostgreSQL database, and none is named', hint);
  }
  const tell = (level: 'info' | 'error', message: string, error?: unknown): void => {
    const err = error instanceof Error ? { err: { message: error.message, stack: error.stack } } : {};
    log.write(`${JSON.stringify({ level, time: Date.now(), pid: process.pid, ...err, msg: message })}\n`);
  };
  const onError = (error: unknown): void => tell('error', 'the work goes on after an error', error);
  const store = await openStore({ ...config, connections: config.databaseConnections, onConnectionLost: onError });
  try {
    if (trainings) return await workOnTrainings();
    return await workOnJobs();
  } catch (error) {
    await store.close();
    throw error;
  }

  async function workOnTrainings(): Promise<RunningWorker> {
    const worker = await startTrialWorker({ store, threads, onError, onTrial: (line) => tell('info', line) });
    tell('info', 'ready for trainings');
    return { close: () => worker.close().finally(() => store.close()) };
  }

  async function workOnJobs(): Promise<RunningWorker> {
    const choice = await chooseModel(config.model, env);
    const analyzer = await startAnalyzers({ ...config, model: await choice.file() });
    const queue = new AnalysisQueue(analyzer, config.queue);
    const parts = { config, store, queue, parallel: analyzer.parallel, model: choice.file, works: true, env, onError };
    const opened = await openJobs(parts);
    const follower = choice.follow(analyzer, { onError, onChange: (name) => tell('info', `reads with ${name}`) });
    tell('info', 'ready for jobs');
    return {
      close: async () => {
        await follower.close();
        await opened.close();
        await analyzer.close();
        await store.close();
      },
    };
  }
}
