import type { FrameAnalysis } from '@mememoji/vision/result';
import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { WebAnalyzer } from 'mememoji/web/web-analyzer';
import { AppError } from '../app-error.ts';
import type { Engine } from '../engine/engine.ts';
import { openCamera } from './camera.ts';
import { CameraFrames } from './camera-frames.ts';
import { History } from './history.ts';
import { SteadyMemes } from './steady.ts';

export type LiveState =
  | { phase: 'off' }
  | { phase: 'starting' }
  | { phase: 'running'; camera: string | undefined }
  | { phase: 'failed'; error: unknown };

/** A frame and what was found in that very frame, so that nothing that is drawn over it lags behind. */
export interface LiveFrame {
  picture: ImageBitmap;
  analysis: FrameAnalysis;
}

export interface Speed {
  framesPerSecond: number;
  /** From the frame's arrival to its faces. */
  milliseconds: number;
}

/**
 * A camera that is watched. Of its frames the latest is analyzed as soon as the one before is done; the others are
 * dropped. Nothing of it is kept but what the person records.
 */
export class LiveSession {
  readonly #state: Signal<LiveState> = signal({ phase: 'off' });
  readonly #frame: Signal<LiveFrame | undefined> = signal(undefined);
  readonly #speed: Signal<Speed> = signal({ framesPerSecond: 0, milliseconds: 0 });
  readonly paused: Signal<boolean> = signal(false);
  readonly memes = new SteadyMemes();
  readonly #engine: Engine;
  #history = new History();
  /** Ends the run that is under way. */
  #run: AbortController | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  get state(): ReadonlySignal<LiveState> {
    return this.#state;
  }

  /** The latest frame. Its picture is closed when the next one comes. */
  get frame(): ReadonlySignal<LiveFrame | undefined> {
    return this.#frame;
  }

  get speed(): ReadonlySignal<Speed> {
    return this.#speed;
  }

  get history(): History {
    return this.#history;
  }

  /** Opens a camera, in place of one that is open. What goes wrong stands in {@link state}. */
  async start(camera?: string): Promise<void> {
    this.#end();
    const run = new AbortController();
    this.#run = run;
    this.#state.value = { phase: 'starting' };
    try {
      const video = await openVideo(camera, run);
      const analyzer = await this.#engine.ready();
      if (run.signal.aborted) return;
      this.#history = new History();
      this.paused.value = false;
      this.#state.value = { phase: 'running', camera: video.camera };
      await this.#watch(video.element, analyzer, run.signal);
    } catch (error) {
      // What fails after the person has ended it fails because of that.
      if (this.#run === run) this.#fail(error);
    } finally {
      run.abort();
    }
  }

  /** Closes the camera: its light goes out. */
  stop(): void {
    this.#end();
    this.#state.value = { phase: 'off' };
  }

  #fail(error: unknown): void {
    this.#end();
    this.#state.value = { phase: 'failed', error };
  }

  #end(): void {
    this.#run?.abort();
    this.#run = undefined;
    this.#frame.value?.picture.close();
    this.#frame.value = undefined;
  }

  async #watch(video: HTMLVideoElement, analyzer: WebAnalyzer, ended: AbortSignal): Promise<void> {
    const start = performance.now() / 1000;
    const camera = new CameraFrames(video, this.paused, ended);
    for await (const { timestamp, ...analysis } of analyzer.watch(camera.frames(), { signal: ended })) {
      const picture = camera.take();
      if (picture) this.#publish(picture, { ...analysis, timestamp: timestamp - start }, start);
    }
    camera.take()?.close();
    if (ended.reason instanceof AppError) throw ended.reason;
  }

  #publish(picture: ImageBitmap, analysis: FrameAnalysis, start: number): void {
    const before = this.#frame.value;
    this.memes.update(analysis.timestamp, analysis.faces);
    this.#history.add(analysis);
    const arrival = start + analysis.timestamp;
    if (before)
      this.#speed.value = nextSpeed(this.#speed.value, analysis.timestamp - before.analysis.timestamp, arrival);
    this.#frame.value = { picture, analysis };
    before?.picture.close();
  }
}

/** Averages over about a second. @param arrival of the frame, seconds of the page's clock */
function nextSpeed({ framesPerSecond, milliseconds }: Speed, seconds: number, arrival: number): Speed {
  const weight = Math.min(1, seconds);
  const rate = 1 / Math.max(seconds, 1e-3);
  const duration = performance.now() - 1000 * arrival;
  if (framesPerSecond === 0) return { framesPerSecond: rate, milliseconds: duration };
  return {
    framesPerSecond: framesPerSecond + weight * (rate - framesPerSecond),
    milliseconds: milliseconds + weight * (duration - milliseconds),
  };
}

/** An element that plays a camera until the run ends, or the camera does, which ends the run. */
async function openVideo(
  camera: string | undefined,
  run: AbortController,
): Promise<{ element: HTMLVideoElement; camera: string | undefined }> {
  const stream = await openCamera(camera);
  const stopAll = (): void => {
    for (const each of stream.getTracks()) each.stop();
  };
  if (run.signal.aborted) stopAll();
  run.signal.throwIfAborted();
  const track = stream.getVideoTracks()[0];
  const element = document.createElement('video');
  run.signal.addEventListener('abort', () => {
    stopAll();
    element.srcObject = null;
  });
  track?.addEventListener('ended', () => run.abort(new AppError('camera.taken')));
  element.muted = true;
  element.playsInline = true;
  element.srcObject = stream;
  await element.play();
  return { element, camera: track?.getSettings().deviceId };
}
