import { join } from 'node:path';
import type { Writable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { ImageAnalyzer } from './analysis/image-analyzer.ts';
import { startAnalyzers } from './analysis/pool.ts';
import { AnalysisQueue } from './analysis/queue.ts';
import { buildApp } from './app.ts';
import type { ServerConfig } from './config/options.ts';
import { openJobFiles } from './jobs/job-files.ts';
import type { Jobs } from './jobs/jobs.ts';
import { openJobs } from './jobs/open-jobs.ts';
import { chooseModel, type ModelChoice } from './loop/follow-models.ts';
import type { ImageFiles } from './store/image-files.ts';
import { openStore, type Store } from './store/store.ts';
import { startSweeper } from './sweeper.ts';

/** A server that listens. */
export interface RunningServer {
  /** For example `http://127.0.0.1:8080`. */
  url: string;
  /** Takes no new requests, finishes those that run, then closes the store. */
  close(): Promise<void>;
}

/** Things that were opened one after the other, to be closed the other way round. */
type Closing = (() => Promise<void>)[];

/**
 * Opens the store, loads the models and listens. What was opened is closed if a later step fails.
 * @param log gets one JSON object a line
 * @param env for the folder of the models and the keys of a file store
 * @throws ServerError, MememojiError
 */
export async function startServer(
  config: ServerConfig,
  log: Writable = process.stdout,
  env: Environment = process.env,
): Promise<RunningServer> {
  const closing: Closing = [];
  // The background work begins before there is an app with a log.
  let app: FastifyInstance | undefined;
  const onError = (error: unknown): void =>
    app?.log.error({ err: error }, 'the background work goes on after an error');
  try {
    const choice = await chooseModel(config.model, env);
    const parts = await openParts(config, { choice, env }, closing);
    const queue = new AnalysisQueue(parts.analyzer, config.queue);
    const jobs = await openBackground(config, { ...parts, queue, choice, env, onError }, closing);
    app = await buildApp({ config, ...parts, queue, jobs, logger: { level: config.logLevel, stream: log } });
    closing.push(() => app?.close() ?? Promise.resolve());
    closing.push(startSweeping(app, config, parts));
    closing.push(startFollowing(app, parts.analyzer, choice));
    const url = await app.listen({ host: config.host, port: config.port });
    return { url, close: () => closeAll(closing) };
  } catch (error) {
    await closeAll(closing);
    throw error;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

interface Parts {
  store: Store;
  files: ImageFiles;
  analyzer: ImageAnalyzer;
}

async function openParts(
  config: ServerConfig,
  { choice, env }: { choice: ModelChoice; env: Environment },
  closing: Closing,
): Promise<Parts> {
  const store = await openStore({ ...config, connections: config.databaseConnections });
  closing.push(() => store.close());
  const files = openJobFiles(config.imageFiles ?? join(config.dataDir, 'images'), env);
  closing.push(() => files.close());
  const analyzer = await startAnalyzers({ ...config, model: await choice.file() });
  closing.push(() => analyzer.close());
  return { store, files, analyzer };
}

interface Background extends Parts {
  queue: AnalysisQueue;
  choice: ModelChoice;
  env: Environment;
  onError: (error: unknown) => void;
}

/** Jobs, and the worker that this process may be. */
async function openBackground(config: ServerConfig, parts: Background, closing: Closing): Promise<Jobs> {
  const { analyzer, choice, ...others } = parts;
  const opened = await openJobs({
    config,
    ...others,
    parallel: analyzer.parallel,
    model: choice.file,
    works: config.jobWorker,
  });
  closing.push(() => opened.close());
  return opened.jobs;
}

function startFollowing(app: FastifyInstance, analyzer: ImageAnalyzer, choice: ModelChoice): () => Promise<void> {
  const follower = choice.follow(analyzer, {
    onChange: (model) => app.log.info({ model }, 'another model is in use'),
    onError: (error) => app.log.error({ err: error }, 'another model cannot be used; the old one goes on'),
  });
  return () => follower.close();
}

function startSweeping(
  app: FastifyInstance,
  { sweepMinutes, recordDays }: ServerConfig,
  images: { store: Store; files: ImageFiles },
): () => Promise<void> {
  return startSweeper(images, {
    every: sweepMinutes * 60_000,
    recordDays,
    onSwept: (swept) => app.log.info(swept, 'retention period over'),
    onError: (error) => app.log.error({ err: error }, 'the sweep failed; the next one tries again'),
  });
}

async function closeAll(closing: Closing): Promise<void> {
  for (let close = closing.pop(); close !== undefined; close = closing.pop()) await close();
}
