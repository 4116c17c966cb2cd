import type { FrameAnalysis, TrackedFace } from '@mememoji/vision/result';
import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Sample } from '../draw/plot.ts';
import type { Engine } from '../engine/engine.ts';
import { createCanvas } from '../export/picture-file.ts';
import { squareAround } from '../geometry.ts';
import { openVideo, SampledFrames } from './sample-video.ts';

export type VideoState =
  | { phase: 'idle' }
  | { phase: 'analyzing'; done: number }
  | { phase: 'done' }
  | { phase: 'failed'; error: unknown };

/** One face through the video. */
export interface FaceTrack {
  id: number;
  /** How it looked when it was first seen. */
  portrait: HTMLCanvasElement;
  samples: Sample[];
}

export interface Found {
  /** What was analyzed, in the order of time. */
  frames: readonly FrameAnalysis[];
  /** In the order in which they were first seen. */
  tracks: readonly FaceTrack[];
}

/** A moment that the person marked. */
export interface Mark {
  /** Seconds. */
  timestamp: number;
  note: string;
}

/** Milliseconds between two looks at what was found while the analysis goes on. */
const TELL_PERIOD = 300;

/** Side of a portrait in pixels. */
const PORTRAIT = 128;

/** A video file on the device, and what is found in it. */
export class VideoSession {
  readonly name: string;
  /** For video elements; valid until {@link close}. */
  readonly address: string;
  readonly marks: Signal<readonly Mark[]> = signal([]);
  readonly #engine: Engine;
  readonly #state: Signal<VideoState> = signal({ phase: 'idle' });
  readonly #found: Signal<Found> = signal({ frames: [], tracks: [] });
  #frames: FrameAnalysis[] = [];
  #tracks = new Map<number, FaceTrack>();
  #told = 0;
  readonly #duration: Signal<number> = signal(0);
  #perSecond = 10;
  #run: AbortController | undefined;

  constructor(file: File, engine: Engine) {
    this.name = file.name;
    this.address = URL.createObjectURL(file);
    this.#engine = engine;
  }

  get state(): ReadonlySignal<VideoState> {
    return this.#state;
  }

  get found(): ReadonlySignal<Found> {
    return this.#found;
  }

  /** Seconds; 0 until the video is opened. */
  get duration(): ReadonlySignal<number> {
    return this.#duration;
  }

  /** Seconds between two frames above which they do not belong together. */
  get longestGap(): number {
    return 2.5 / this.#perSecond;
  }

  /** Analyzes the video from its beginning. What goes wrong stands in {@link state}. */
  async analyze(perSecond: number): Promise<void> {
    this.stop();
    const run = new AbortController();
    this.#run = run;
    this.#perSecond = perSecond;
    this.#state.value = { phase: 'analyzing', done: 0 };
    try {
      await this.#read(perSecond, run.signal);
      if (!run.signal.aborted) this.stop();
    } catch (error) {
      if (!run.signal.aborted) this.#state.value = { phase: 'failed', error };
    }
  }

  /** Ends the analysis that is under way; what was found stays. */
  stop(): void {
    this.#run?.abort();
    if (this.#state.value.phase !== 'analyzing') return;
    this.#tell(0, true);
    this.#state.value = { phase: 'done' };
  }

  close(): void {
    this.stop();
    URL.revokeObjectURL(this.address);
  }

  async #read(perSecond: number, ended: AbortSignal): Promise<void> {
    const source = await openVideo(this.address);
    const analyzer = await this.#engine.ready();
    if (ended.aborted) return;
    this.#duration.value = source.duration;
    this.#frames = [];
    this.#tracks = new Map();
    const sampled = new SampledFrames(source, perSecond, ended);
    for await (const { faces } of analyzer.watch(sampled.frames(), { signal: ended })) {
      const { picture, timestamp } = sampled.last;
      this.#add(faces, timestamp, picture);
    }
    sampled.close();
    source.element.removeAttribute('src');
    source.element.load();
  }

  #add(faces: TrackedFace[], timestamp: number, picture: ImageBitmap): void {
    this.#frames.push({ frame: this.#frames.length, timestamp, faces });
    for (const face of faces) {
      const track = this.#tracks.get(face.id) ?? { id: face.id, portrait: drawPortrait(picture, face), samples: [] };
      track.samples.push({ timestamp, expressions: face.expressions });
      this.#tracks.set(face.id, track);
    }
    this.#tell(timestamp);
  }

  /** Not at every frame: each time, the whole timeline is drawn anew. */
  #tell(timestamp: number, atOnce = false): void {
    if (!atOnce && performance.now() - this.#told < TELL_PERIOD) return;
    this.#told = performance.now();
    this.#found.value = { frames: [...this.#frames], tracks: [...this.#tracks.values()] };
    if (this.#state.value.phase === 'analyzing') {
      this.#state.value = { phase: 'analyzing', done: Math.min(1, timestamp / this.#duration.value) };
    }
  }
}

function drawPortrait(picture: ImageBitmap, face: TrackedFace): HTMLCanvasElement {
  const { x, y, width, height } = squareAround(face.box, 1.4);
  const [canvas, context] = createCanvas(PORTRAIT, PORTRAIT);
  context.imageSmoothingQuality = 'high';
  context.drawImage(picture, x, y, width, height, 0, 0, PORTRAIT, PORTRAIT);
  return canvas;
}
