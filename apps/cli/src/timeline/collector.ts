import { EXPRESSIONS, type Expression } from '@mememoji/vision/expression';
import {
  type AnalyzedEntry,
  type Entry,
  type FailedEntry,
  type FrameEntry,
  isFailed,
  isFrame,
  isOfSameVideo,
  probabilitiesOf,
} from '../entry.ts';
import { MediaSummarizer, type MediaSummary } from '../summary.ts';

/** A short span of a track: what was read in the frames that fall into it, on average. */
export interface TimelinePoint {
  /** Mean timestamp of the frames, in seconds. */
  time: number;
  /** Mean probabilities, 0..1, in the order of `names`. */
  means: number[];
  /** Whether most of the frames were uncertain. */
  uncertain: boolean;
}

/** One face over time. */
export interface TrackTimeline {
  id: number;
  points: TimelinePoint[];
}

/** One picture or video, with all that a figure or a report of it needs. */
export interface MediaTimeline {
  summary: MediaSummary;
  /** What the columns of all means are. */
  names: Expression[];
  /** Timestamps of the first frame and of the end of the last one, in seconds. */
  start: number;
  end: number;
  /** Width of a span in seconds. */
  step: number;
  /** By id. */
  tracks: TrackTimeline[];
  /** Why it broke off. */
  error?: FailedEntry['error'];
}

/** Spans of a video; when it gets longer they get wider, so that an hour takes no more memory than a minute. */
const MAX_SPANS = 2048;

/** Width in seconds to begin with: every frame of a short video has its own. */
const FIRST_STEP = 1 / 128;

/** Gathers what figures and reports need, while entries pass by. */
export class TimelineCollector {
  readonly media: (MediaTimeline | FailedEntry)[] = [];
  #video: VideoTimeline | undefined;
  #previous: FrameEntry | undefined;

  add(entry: Entry): void {
    const frame = !isFailed(entry) && isFrame(entry) ? entry : undefined;
    if (frame !== undefined && isOfSameVideo(this.#previous, frame)) this.#video?.add(frame);
    else if (isFailed(entry) && entry.path === this.#previous?.path) this.#endVideo(entry.error);
    else this.#begin(entry);
    this.#previous = frame;
  }

  end(): void {
    this.#endVideo();
  }

  #begin(entry: Entry): void {
    this.#endVideo();
    if (isFailed(entry)) this.media.push(entry);
    else if (!isFrame(entry)) this.media.push(pictureTimeline(entry));
    else {
      this.#video = new VideoTimeline(entry);
      this.#video.add(entry);
    }
  }

  #endVideo(error?: FailedEntry['error']): void {
    if (this.#video !== undefined) this.media.push({ ...this.#video.end(), ...(error && { error }) });
    this.#video = undefined;
  }
}

function pictureTimeline(entry: AnalyzedEntry): MediaTimeline {
  const summarizer = new MediaSummarizer(entry);
  summarizer.add(entry);
  return { summary: summarizer.end(), names: namesOf(entry), start: 0, end: 0, step: 0, tracks: [] };
}

function namesOf({ faces }: AnalyzedEntry): Expression[] {
  return faces[0] === undefined ? [...EXPRESSIONS] : probabilitiesOf(faces[0]).map(([name]) => name);
}

/** Sums of the frames that fall into one span. */
interface Span {
  frames: number;
  time: number;
  sums: number[];
  uncertain: number;
}

class VideoTimeline {
  readonly #summary: MediaSummarizer;
  readonly #start: number;
  readonly #tracks = new Map<number, Map<number, Span>>();
  #names: Expression[];
  #step = FIRST_STEP;

  constructor(first: FrameEntry) {
    this.#summary = new MediaSummarizer(first);
    this.#start = first.timestamp;
    this.#names = namesOf(first);
  }

  add(entry: FrameEntry): void {
    this.#summary.add(entry);
    if (entry.faces.length > 0) this.#names = namesOf(entry);
    while ((entry.timestamp - this.#start) / this.#step >= MAX_SPANS) this.#widen();
    const index = Math.floor((entry.timestamp - this.#start) / this.#step);
    for (const face of entry.faces) {
      const span: Span = {
        frames: 1,
        time: entry.timestamp,
        sums: probabilitiesOf(face).map(([, probability]) => probability),
        uncertain: face.uncertain ? 1 : 0,
      };
      const spans = this.#tracks.get(face.id) ?? new Map<number, Span>();
      this.#tracks.set(face.id, spans);
      merge(spans, index, span);
    }
  }

  end(): MediaTimeline {
    const summary = this.#summary.end();
    const tracks = [...this.#tracks].map(([id, spans]) => ({ id, points: [...spans.values()].map(toPoint) }));
    const [start, end] = [this.#start, this.#start + summary.seconds];
    const step = Math.max(this.#step, summary.seconds / Math.max(summary.frames, 1));
    return { summary, names: this.#names, start, end, step, tracks: tracks.sort((a, b) => a.id - b.id) };
  }

  #widen(): void {
    this.#step *= 2;
    for (const [id, spans] of this.#tracks) {
      const wider = new Map<number, Span>();
      for (const [index, span] of spans) merge(wider, Math.floor(index / 2), span);
      this.#tracks.set(id, wider);
    }
  }
}

function merge(spans: Map<number, Span>, index: number, span: Span): void {
  const there = spans.get(index);
  if (there === undefined) {
    spans.set(index, span);
    return;
  }
  there.frames += span.frames;
  there.time += span.time;
  there.uncertain += span.uncertain;
  there.sums = there.sums.map((sum, i) => sum + span.sums[i]!);
}

function toPoint({ frames, time, sums, uncertain }: Span): TimelinePoint {
  return { time: time / frames, means: sums.map((sum) => sum / frames), uncertain: uncertain > frames / 2 };
}
