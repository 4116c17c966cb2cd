import type { FrameAnalysis } from '@mememoji/vision/result';
import { effect, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { AppError } from '../app-error.ts';
import type { Overlay } from '../draw/overlay.ts';
import { createCanvas } from '../export/picture-file.ts';
import type { LiveSession } from './live-session.ts';
import { paintFrame } from './paint-frame.ts';

/** What a recording gives. */
export interface Recording {
  video: Blob;
  /** `webm` or `mp4`. */
  extension: string;
  /** What was found in its frames; times count from its beginning. */
  frames: FrameAnalysis[];
}

/** The cheapest to encode first: a camera, two networks and an encoder share one processor. */
const TYPES = ['video/webm;codecs=vp8', 'video/webm', 'video/mp4'];

/** Records what is seen, with its overlay, in the camera's own size. Held in memory until the person takes it. */
export class Recorder {
  /** Seconds since the beginning; undefined while nothing is recorded. */
  readonly #seconds: Signal<number | undefined> = signal(undefined);
  #stop: (() => Promise<Recording>) | undefined;

  get seconds(): ReadonlySignal<number | undefined> {
    return this.#seconds;
  }

  /** @throws AppError `record.impossible` where the browser cannot record or nothing is seen yet. */
  start(session: LiveSession, overlay: Omit<Overlay, 'unit'>, mirror: boolean): void {
    const first = session.frame.value;
    const type = findType();
    if (first === undefined || type === undefined) throw new AppError('record.impossible');
    const [canvas] = createCanvas(first.picture.width, first.picture.height);
    const frames: FrameAnalysis[] = [];
    const begin = first.analysis.timestamp;
    const stopPainting = effect(() => {
      const frame = session.frame.value;
      if (frame === undefined) return;
      paintFrame(canvas, frame, { ...overlay, unit: Math.max(1, canvas.width / 640) }, mirror);
      const timestamp = frame.analysis.timestamp - begin;
      frames.push({ ...frame.analysis, frame: frames.length, timestamp });
      this.#seconds.value = Math.floor(timestamp);
    });
    const stopStream = recordCanvas(canvas, type);
    this.#stop = async () => {
      stopPainting();
      return { video: await stopStream(), extension: type.includes('mp4') ? 'mp4' : 'webm', frames };
    };
  }

  /** Ends the recording, if one is under way. */
  async stop(): Promise<Recording | undefined> {
    const stop = this.#stop;
    this.#stop = undefined;
    this.#seconds.value = undefined;
    return stop?.();
  }
}

function findType(): string | undefined {
  return typeof MediaRecorder === 'undefined' ? undefined : TYPES.find((type) => MediaRecorder.isTypeSupported(type));
}

/** Begins to record a canvas. The result ends it and gives the file. */
function recordCanvas(canvas: HTMLCanvasElement, mimeType: string): () => Promise<Blob> {
  const stream = canvas.captureStream();
  const recorder = new MediaRecorder(stream, { mimeType, videoBitsPerSecond: 4_000_000 });
  const parts: Blob[] = [];
  recorder.addEventListener('dataavailable', ({ data }) => parts.push(data));
  recorder.start(1000);
  return () =>
    new Promise((resolve) => {
      recorder.addEventListener('stop', () => {
        for (const track of stream.getTracks()) track.stop();
        resolve(new Blob(parts, { type: mimeType.split(';')[0] ?? mimeType }));
      });
      recorder.stop();
    });
}
