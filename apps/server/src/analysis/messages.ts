/** What passes between the server and its threads of analysis. */
import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import type { MememojiErrorCode } from 'mememoji/error';
import type { Reading, Wishes } from './image-analyzer.ts';

/** What a thread is started with. */
export interface WorkerSettings {
  model?: string | undefined;
  maxPixels: number;
}

/** To the thread: an image file and what is wished for, or the request to end. */
export type WorkerRequest = { image: Uint8Array; wishes: Wishes } | 'end';

export interface PlainError {
  /** Undefined for a fault of the program. */
  code: MememojiErrorCode | undefined;
  message: string;
  hint: string | undefined;
}

/** From the thread: first that it is ready or that it cannot be, then one answer for each image. */
export type WorkerAnswer = { spec: ClassifierSpec } | { reading: Reading } | { error: PlainError };
