/** The part of the client that speaks of jobs: many pictures, an archive or a video, analyzed in the background. */
import type { Expressions } from '@mememoji/vision/expression';
import type { Face } from '@mememoji/vision/result';

export interface Job {
  id: string;
  kind: 'images' | 'video';
  status: 'uploading' | 'queued' | 'running' | 'finished' | 'cancelled' | 'failed';
  /** ISO 8601, UTC. */
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  /** Pictures, or frames of the video; null while it is not known. */
  total: number | null;
  /** With a result, be it an error. */
  done: number;
  /** Whose result is an error. */
  failed: number;
  /** Files of archives that are no pictures. */
  skipped: number;
  /** Why the whole job failed. */
  error: JobError | null;
}

export interface JobError {
  code: string;
  message: string;
  hint?: string | undefined;
}

/** A face of a frame has `raw` too, its probabilities before they were smoothed over time. */
export type JobFace = Face & { raw?: Expressions | undefined };

/** What came out of one picture, of one frame (its `timestamp` in seconds), or why nothing did. */
export type JobResult = {
  /** Number of the picture in the order of sending, or of the frame. */
  item: number;
  /** The file's name; of an archive with the path in it. */
  name: string;
} & (
  | { model: string; image: { width: number; height: number }; faces: JobFace[] }
  | { frame: number; timestamp: number; faces: JobFace[] }
  | { error: JobError }
);

export interface JobOptions {
  /** Of a video: at most so many frames a second. */
  fps?: number | undefined;
  signal?: AbortSignal | undefined;
}

export interface ResultOptions {
  /** Milliseconds between two questions while nothing new has come; 1000 if left out. */
  interval?: number | undefined;
  signal?: AbortSignal | undefined;
}

export interface Jobs {
  /** Sends pictures and archives of pictures (ZIP, TAR, TAR.GZ), or one video, by the names of their files. */
  create(files: Readonly<Record<string, Uint8Array<ArrayBuffer> | Blob>>, options?: JobOptions): Promise<Job>;
  /** How far a job is. */
  read(id: string): Promise<Job>;
  /** All results in their order, as they come, until the job has ended. */
  results(id: string, options?: ResultOptions): AsyncGenerator<JobResult>;
  /** Cancels a job that has not ended, and removes one that has, with its results. */
  remove(id: string): Promise<void>;
}

type Ask = <Answer>(path: string, init?: RequestInit) => Promise<Answer>;

/** @param json one request whose answer is JSON. @param remove one that deletes */
export function createJobs(json: Ask, remove: (path: string) => Promise<void>): Jobs {
  const pathOf = (id: string): string => `/v1/jobs/${encodeURIComponent(id)}`;
  return {
    create: (files, { fps, signal } = {}) => {
      const body = new FormData();
      for (const [name, content] of Object.entries(files)) body.append('files', new Blob([content]), name);
      return json(`/v1/jobs${fps === undefined ? '' : `?fps=${fps}`}`, {
        method: 'POST',
        body,
        signal: signal ?? null,
      });
    },
    read: (id) => json(pathOf(id)),
    results: (id, options) => followResults(json, `${pathOf(id)}/results`, options),
    remove: (id) => remove(pathOf(id)),
  };
}

async function* followResults(
  json: Ask,
  path: string,
  { interval = 1000, signal }: ResultOptions = {},
): AsyncGenerator<JobResult> {
  for (let after: number | null = -1; after !== null; ) {
    const page: { results: JobResult[]; next: number | null } = await json(`${path}?limit=500&after=${after}`, {
      signal: signal ?? null,
    });
    yield* page.results;
    if (page.results.length === 0 && page.next !== null) await pause(interval, signal);
    after = page.next;
  }
}

/** Rejects with the signal's reason as soon as it is given. */
function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
