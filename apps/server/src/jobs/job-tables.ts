import type { Analysis, FrameAnalysis } from '@mememoji/vision/result';
import type { Generated, JSONColumnType } from 'kysely';

/** A job is `uploading` until all its files are there; the last three are its ends. */
export type JobStatus = 'uploading' | 'queued' | 'running' | 'finished' | 'cancelled' | 'failed';

export type JobKind = 'images' | 'video';

/** What a client may wish of a job. */
export interface JobSettings {
  /** Of a video: at most so many frames a second; all if left out. */
  fps?: number | undefined;
}

/** Why an item or a job failed. */
export interface JobError {
  code: string;
  message: string;
  hint?: string | undefined;
}

/** What came out of an item: of an image its analysis, of a video those of its frames. */
export type ItemAnalysis = Analysis | FrameAnalysis;

/** Many images or a video that are analyzed in the background. */
export interface JobsTable {
  /** UUID. */
  id: string;
  kind: JobKind;
  status: JobStatus;
  created_at: Date;
  started_at: Generated<Date | null>;
  finished_at: Generated<Date | null>;
  /** Items; null while it is not known, as with a video. */
  total: Generated<number | null>;
  /** Items with a result, be it an error. */
  done: Generated<number>;
  /** Items whose result is an error. */
  failed: Generated<number>;
  /** Files of archives that are no pictures. */
  skipped: Generated<number>;
  options: JSONColumnType<JobSettings>;
  error: JSONColumnType<JobError | null, string | null | undefined, string | null>;
  /** Of a video: where a worker goes on. */
  progress: JSONColumnType<object | null, string | null | undefined, string | null>;
}

/** A file of a job: an image, or the video. */
export interface JobItemsTable {
  job_id: string;
  /** 0, 1, ... in the order of sending. */
  item: number;
  /** As the client calls it. */
  name: string;
  /** Key in `JobFiles`. */
  file: string;
  /** Of the queue's entry, a UUID. */
  queue_id: string;
}

/** One row for each image, or each frame of a video. */
export interface JobResultsTable {
  job_id: string;
  /** Of a video: the frame's number in the source. */
  item: number;
  name: string;
  analysis: JSONColumnType<ItemAnalysis | null>;
  error: JSONColumnType<JobError | null>;
}
