/** What the page and its worker say to each other. */
import type { Detection } from '@mememoji/vision/blaze-face';
import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import type { Expressions } from '@mememoji/vision/expression';
import type { PixelImage } from '@mememoji/vision/image';
import type { Analysis } from '@mememoji/vision/result';
import type { DetectionMode } from '../detector.ts';
import type { MememojiErrorCode } from '../error.ts';

/** A picture that is handed over to the worker, and closed there. */
export type Handed = ImageBitmap | VideoFrame;

/** A picture on its way to the worker; pixels are copied. */
export type Frame = Handed | PixelImage;

/** Everything that the worker needs for its start. */
export interface WorkerFiles {
  /** Address of ONNX Runtime's script, absolute. */
  script: string;
  /** ONNX Runtime itself, a `.wasm` file. */
  runtime: Uint8Array;
  /** ONNX files of the two networks. */
  detector: Uint8Array;
  model: Uint8Array;
}

export interface WorkerOptions {
  threads: number;
  /** Score 0..1 that a face must reach. */
  minDetection: number;
  /** Pictures with more pixels are refused. */
  maxPixels: number;
}

/** What can be asked of the worker, and what it answers. */
export interface Calls {
  start: { request: { files: WorkerFiles; options: WorkerOptions }; result: ClassifierSpec };
  analyze: { request: { frame: Frame; detection: DetectionMode }; result: Analysis };
  detect: { request: { frame: Frame; detection: DetectionMode }; result: Detection[] };
  classify: { request: { pixels: Uint8Array | Uint8ClampedArray | Float32Array }; result: Expressions[] };
  warmup: { request: { detection: DetectionMode }; result: undefined };
}

export type Kind = keyof Calls;

export interface Message<K extends Kind> {
  id: number;
  kind: K;
  request: Calls[K]['request'];
}

/** An error on its way to the page: the class is lost on it, all else stays. */
export interface PlainError {
  code: MememojiErrorCode;
  message: string;
  hint: string | undefined;
}

export type Answer<Result> = { id: number; result: Result } | { id: number; error: PlainError };
