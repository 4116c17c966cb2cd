import type { Face } from '@mememoji/vision/result';
import type { Generated, JSONColumnType } from 'kysely';
import type { JobItemsTable, JobResultsTable, JobsTable } from '../jobs/job-tables.ts';

/** One analysis of one image. Its id is the `pic_id` of the original's interface and the id of the image, if that is kept. */
export interface PredictionsTable {
  /** UUID. */
  id: string;
  created_at: Date;
  /** Name and version of the classifier. */
  model: string;
  /** Size of the upright image in pixels. */
  width: number;
  height: number;
  face_count: number;
}

/** One face of a prediction. */
export interface FacesTable {
  prediction_id: string;
  /** 0, 1, ... from left to right. */
  face_index: number;
  dominant: string;
  /** Probability of `dominant`, 0..1. */
  confidence: number;
  /** The whole face as the API gives it. */
  face: JSONColumnType<Face>;
}

/** What a person said of a face. One row for each expression that was ever said of it. */
export interface FeedbackTable {
  prediction_id: string;
  face_index: number;
  expression: string;
  /** When it was said last. */
  created_at: Date;
}

/** An image that is kept: upright JPEG without metadata. The row stands before the file does, and goes after it. */
export interface ImagesTable {
  prediction_id: string;
  /** Key in {@link ImageFiles}. */
  file: string;
  /** Of the file's content, hexadecimal. */
  sha256: string;
  bytes: number;
  created_at: Date;
  /** When the retention period ends; null: never. */
  delete_after: Date | null;
}

/** An API key, of which only the hash is known. */
export interface ApiKeysTable {
  id: string;
  name: string;
  /** SHA-256 of the key, hexadecimal. */
  hash: string;
  /** Scopes, separated by a space. */
  scopes: string;
  created_at: Date;
  revoked_at: Generated<Date | null>;
}

/** A face cut out of an image that is not kept, to train on. */
export interface FaceCropsTable {
  prediction_id: string;
  face_index: number;
  /** Of the picture, in pixels. */
  side: number;
  /** [side, side] grey 0..255. */
  pixels: Uint8Array;
  /** SHA-256 of the image, hexadecimal. */
  image_sha256: string;
}

/** All tables of the store. */
export interface Tables {
  predictions: PredictionsTable;
  faces: FacesTable;
  feedback: FeedbackTable;
  images: ImagesTable;
  api_keys: ApiKeysTable;
  face_crops: FaceCropsTable;
  jobs: JobsTable;
  job_items: JobItemsTable;
  job_results: JobResultsTable;
}
