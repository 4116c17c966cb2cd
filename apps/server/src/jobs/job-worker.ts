import type { Analysis } from '@mememoji/vision/result';
import { MememojiError } from 'mememoji/error';
import type { Job, JobResult, PgBoss } from 'pg-boss';
import type { JobFiles } from './job-files.ts';
import { type Db, endJob, readOpenItem, saveResults } from './job-store.ts';
import type { JobError } from './job-tables.ts';
import { analyzeJobVideo, type OpenVideoAnalyzer } from './video-job.ts';
import { FAILED, IMAGES, type ImageTask, VIDEOS, type VideoTask } from './work-queue.ts';

/** What a worker is made of; it closes none of it. */
export interface WorkerParts {
  boss: PgBoss;
  db: Db;
  files: JobFiles;
  /** Analyzes an image; the bytes may be moved away. @throws MememojiError where the image is at fault */
  analyze: (image: Uint8Array) => Promise<Analysis>;
  /** Images that are analyzed at once. */
  parallel: number;
  openVideoAnalyzer: OpenVideoAnalyzer;
  /** Told of what goes wrong and is tried again. */
  onError: (error: unknown) => void;
  clock?: () => Date;
}

/** Works until it is closed. */
export interface JobWorker {
  /** Looks into the queue now, where something was just put in. */
  wake(): void;
  /** Takes nothing new, ends the images that it has begun, and leaves a video for another worker to go on with. */
  close(): Promise<void>;
}

/** Entries that are taken from the queue at once, so that it is not asked for each image. They are done one after the other. */
const BATCH = 8;
/** Seconds between two looks into an empty queue. */
const LOOK = 1;

/**
 * Takes images and videos from the queue and keeps what comes out. Any number of workers share a queue. An entry is given up by
 * the queue only after its result is kept, and each result is kept once; so whatever becomes of a worker, an item counts once.
 */
export async function startJobWorker(parts: WorkerParts): Promise<JobWorker> {
  const { boss, parallel } = parts;
  const stopping = new AbortController();
  const taking = { pollingIntervalSeconds: LOOK, batchSize: BATCH, burstWhenBatchFull: true } as const;
  const workers = [
    await boss.work(
      IMAGES,
      { ...taking, localConcurrency: parallel, perJobResults: true },
      (entries: Job<ImageTask>[]) => analyzeBatch(entries, parts),
    ),
    await boss.work<VideoTask>(VIDEOS, { pollingIntervalSeconds: LOOK }, async ([entry]) => {
      const signal = AbortSignal.any([stopping.signal, entry!.signal]);
      await analyzeJobVideo(entry!.data.job, parts, signal);
    }),
    await boss.work<ImageTask | VideoTask>(FAILED, { pollingIntervalSeconds: LOOK }, ([entry]) =>
      giveUp(entry!.data, parts),
    ),
  ];
  return {
    wake: () => {
      for (const id of workers) boss.notifyWorker(id);
    },
    close: async () => {
      stopping.abort(new Error('the worker stops'));
      await Promise.all(
        [IMAGES, VIDEOS, FAILED].map((queue, i) => boss.offWork(queue, { id: workers[i]!, wait: true })),
      );
    },
  };
}

/** One after the other; what fails is told of each, so that the others are not done again. */
async function analyzeBatch(entries: readonly Job<ImageTask>[], parts: WorkerParts): Promise<JobResult[]> {
  const results: JobResult[] = [];
  for (const { id, data } of entries) {
    try {
      await analyzeItem(data, parts);
      results.push({ id, status: 'completed' });
    } catch (error) {
      parts.onError(error);
      results.push({
        id,
        status: 'failed',
        output: { message: error instanceof Error ? error.message : String(error) },
      });
    }
  }
  return results;
}

/** An image that cannot be read is a result too. All else that goes wrong is thrown, and tried again. */
async function analyzeItem({ job, item }: ImageTask, { db, files, analyze, clock = now }: WorkerParts): Promise<void> {
  const row = await readOpenItem(db, job, item);
  if (row === undefined) return;
  const bytes = await files.read(row.file);
  const { name } = row;
  if (bytes === undefined) await saveResults(db, job, [{ item, name, analysis: null, error: LOST }], clock());
  else await saveResults(db, job, [{ item, name, ...(await tryToAnalyze(bytes, analyze)) }], clock());
  await files.remove(row.file);
}

const LOST: JobError = { code: 'FILE_NOT_FOUND', message: 'the file is gone from the file store' };

async function tryToAnalyze(
  bytes: Uint8Array,
  analyze: WorkerParts['analyze'],
): Promise<{ analysis: Analysis | null; error: JobError | null }> {
  try {
    const { model, image, faces } = await analyze(bytes);
    return { analysis: { model, image, faces }, error: null };
  } catch (error) {
    if (!(error instanceof MememojiError) || error.code === 'CLOSED') throw error;
    return { analysis: null, error: toJobError(error) };
  }
}

/** What failed each time that it was tried gets an error for its result, so that its job comes to an end. */
async function giveUp(data: ImageTask | VideoTask, { db, files, clock = now }: WorkerParts): Promise<void> {
  const message = 'it failed each time that it was tried; the log has the reasons';
  const error: JobError = { code: 'ANALYZER_FAILED', message };
  const item = 'item' in data ? data.item : 0;
  const row = await readOpenItem(db, data.job, item);
  if (row === undefined) return;
  if ('item' in data) await saveResults(db, data.job, [{ item, name: row.name, analysis: null, error }], clock());
  else await endJob(db, data.job, clock(), error);
  await files.remove(row.file);
}

/** Code, message and hint of an error of this project. */
export function toJobError({ code, message, hint }: MememojiError): JobError {
  return { code, message, ...(hint !== undefined && { hint }) };
}

function now(): Date {
  return new Date();
}
