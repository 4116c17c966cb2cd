import type { Detection } from '@mememoji/vision/blaze-face';
import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import type { Expressions } from '@mememoji/vision/expression';
import type { Analysis, FrameAnalysis } from '@mememoji/vision/result';
import type { DetectionMode } from '../detector.ts';
import { streamFrames, videoFrames } from './frames.ts';
import type { Device } from './ort-session.ts';
import type { Calls, Frame } from './protocol.ts';
import { type FrameStream, isA, toFrame, type WebImageSource } from './source.ts';
import { type WatchOptions, watchFrames } from './watch.ts';
import type { WorkerClient } from './worker-client.ts';

/** How an analyzer was made. */
export interface WebAnalyzerFacts {
  spec: ClassifierSpec;
  device: Device;
  fallback: string | undefined;
  threads: number;
  detection: DetectionMode;
}

/**
 * Finds the faces of pictures and reads their expressions, in a worker: the page only hands pictures over. Calls may
 * overlap and are answered in their order.
 */
export class WebAnalyzer {
  readonly #client: WorkerClient;
  readonly #facts: WebAnalyzerFacts;

  constructor(client: WorkerClient, facts: WebAnalyzerFacts) {
    this.#client = client;
    this.#facts = facts;
  }

  /** What the classifier's file says of itself. */
  get spec(): ClassifierSpec {
    return this.#facts.spec;
  }

  /** Where the networks run. */
  get device(): Device {
    return this.#facts.device;
  }

  /** Why they do not run on WebGPU, where that was wanted. */
  get fallback(): string | undefined {
    return this.#facts.fallback;
  }

  /** Threads that one run may use on the processor; 1 where the page is not isolated from other origins. */
  get threads(): number {
    return this.#facts.threads;
  }

  /**
   * The faces of a picture with their expressions, from left to right. What is passed stays yours.
   * @throws MememojiError when the picture cannot be read; `CLOSED` after, or because of, `close`.
   */
  async analyze(source: WebImageSource): Promise<Analysis> {
    return this.#look('analyze', await this.#frame(source), this.#facts.detection);
  }

  /** Only finds the faces, from left to right. */
  async detect(source: WebImageSource): Promise<Detection[]> {
    return this.#look('detect', await this.#frame(source), this.#facts.detection);
  }

  /**
   * Reads the expressions of faces that are cut out already.
   * @param pixels grey 0..255, any number of faces of `spec.input` size one after the other, each row by row.
   */
  classify(pixels: Uint8Array | Uint8ClampedArray | Float32Array): Promise<Expressions[]> {
    return this.#client.call('classify', { pixels });
  }

  /**
   * Follows the faces of a video element, a webcam's for example, or of a stream of frames, until it ends or the signal
   * does; neither is an error. Frames for which there is no time are dropped. A paused video is waited for.
   *
   * ```ts
   * for await (const { timestamp, faces } of analyzer.watch(video, { signal })) draw(faces);
   * ```
   * @param source the frames of a stream are closed after use.
   * @throws MememojiError BAD_VIDEO, CROSS_ORIGIN; `CLOSED` after, or because of, `close`.
   */
  async *watch(
    source: HTMLVideoElement | FrameStream,
    options: WatchOptions = {},
  ): AsyncGenerator<FrameAnalysis, void, undefined> {
    const { ended } = this.#client;
    const signal = options.signal === undefined ? ended : AbortSignal.any([options.signal, ended]);
    try {
      yield* this.#follow(source, { ...options, signal });
      ended.throwIfAborted();
    } catch (error) {
      // Who gave up and then closed the analyzer does not want to hear that it is closed.
      if (!options.signal?.aborted) throw error;
    }
  }

  #follow(source: HTMLVideoElement | FrameStream, options: WatchOptions): AsyncGenerator<FrameAnalysis> {
    const frames = isA(source, 'HTMLVideoElement') ? videoFrames(source, options) : streamFrames(source, options);
    const { uncertainBelow } = this.spec;
    return watchFrames(frames, (image) => this.#look('analyze', image, 'video'), { ...options, uncertainBelow });
  }

  /** Runs both networks, so that the first picture does not pay for what is done only once. */
  warmup(): Promise<void> {
    return this.#client.call('warmup', { detection: this.#facts.detection });
  }

  /** Ends the worker and frees all. Calls under way fail with `CLOSED`; closing twice is harmless. */
  async close(): Promise<void> {
    this.#client.close();
  }

  #frame(source: WebImageSource): Promise<Frame> {
    this.#client.ended.throwIfAborted();
    return toFrame(source);
  }

  async #look<K extends 'analyze' | 'detect'>(
    kind: K,
    frame: Frame,
    detection: DetectionMode,
  ): Promise<Calls[K]['result']> {
    if (!('close' in frame)) return this.#client.call(kind, { frame, detection });
    try {
      return await this.#client.call(kind, { frame, detection }, [frame]);
    } finally {
      // Handed over, it is closed already, and this does nothing; it is not where the worker is ended.
      frame.close();
    }
  }
}
