import type { Expression } from '@mememoji/vision/expression';
import {
  type AnalyzedEntry,
  type Entry,
  type FailedEntry,
  type FrameEntry,
  isFailed,
  isFrame,
  isOfSameVideo,
  probabilitiesOf,
} from './entry.ts';
import type { MediaKind } from './media.ts';

type Shares = Partial<Record<Expression, number>>;

/** What is to be said of one face of a picture, or of one track of a video. */
export interface FaceSummary {
  /** Index in the picture, or id of the track. */
  id: number;
  /** In which it was seen. */
  frames: number;
  /** Timestamps of the first and the last of them, in seconds. */
  first: number;
  last: number;
  /** For how long it was seen. */
  seconds: number;
  /** The expression that was the likeliest for the longest time. */
  dominant: Expression;
  /** Share of the time, 0..1, in which each was the likeliest; together 1. */
  share: Shares;
  /** Mean probability of each over the time; together 1. */
  mean: Shares;
  /** How often the likeliest expression changed, for each minute in which the face was seen. */
  changesPerMinute: number;
  /** Share of the time, 0..1, in which the answer was uncertain. */
  uncertain: number;
}

/** What is to be said of one picture or video. */
export interface MediaSummary {
  path: string;
  kind: MediaKind;
  /** In pixels. */
  width: number;
  height: number;
  /** Those that were analyzed; 1 for a picture. */
  frames: number;
  /** From the first to the end of the last of them; 0 for a picture. */
  seconds: number;
  /** By id. */
  faces: FaceSummary[];
}

type Face = (AnalyzedEntry | FrameEntry)['faces'][number];

/** Gives one summary for each video as soon as all of it has come; pictures and what has failed are passed on. */
export async function* summarizeVideos(
  entries: AsyncIterable<Entry>,
): AsyncGenerator<MediaSummary | AnalyzedEntry | FailedEntry> {
  let video: MediaSummarizer | undefined;
  let previous: FrameEntry | undefined;
  for await (const entry of entries) {
    const frame = !isFailed(entry) && isFrame(entry) ? entry : undefined;
    if (video !== undefined && !(frame !== undefined && isOfSameVideo(previous, frame))) {
      yield video.end();
      video = undefined;
    }
    if (frame === undefined) yield entry;
    else {
      video ??= new MediaSummarizer(frame);
      video.add(frame);
    }
    previous = frame;
  }
  if (video !== undefined) yield video.end();
}

/** Gives one summary for each picture and video; what has failed is passed on. */
export async function* summarize(entries: AsyncIterable<Entry>): AsyncGenerator<MediaSummary | FailedEntry> {
  for await (const one of summarizeVideos(entries)) {
    yield 'kind' in one || isFailed(one) ? one : summarizePicture(one);
  }
}

function summarizePicture(entry: AnalyzedEntry): MediaSummary {
  const summarizer = new MediaSummarizer(entry);
  summarizer.add(entry);
  return summarizer.end();
}

/**
 * Sums over the frames of one video, or the only one of a picture. Each frame counts for as long as it is shown, until
 * the next one that was analyzed; the last as long as the one before it.
 */
export class MediaSummarizer {
  readonly #media: Omit<MediaSummary, 'frames' | 'seconds' | 'faces'>;
  readonly #faces = new Map<number, FaceSummarizer>();
  #frames = 0;
  #seconds = 0;
  #waiting: { timestamp: number; faces: readonly Face[] } | undefined;
  #duration = 0;

  constructor(entry: AnalyzedEntry | FrameEntry) {
    const { path, width, height } = entry;
    this.#media = { path, kind: isFrame(entry) ? 'video' : 'picture', width, height };
  }

  add(entry: AnalyzedEntry | FrameEntry): void {
    const timestamp = isFrame(entry) ? entry.timestamp : 0;
    if (this.#waiting !== undefined) this.#count(timestamp - this.#waiting.timestamp);
    this.#waiting = { timestamp, faces: entry.faces };
  }

  end(): MediaSummary {
    if (this.#waiting !== undefined) this.#count(this.#duration, this.#frames === 0 ? 1 : this.#duration);
    this.#waiting = undefined;
    const faces = [...this.#faces.values()].map((face) => face.end()).sort((a, b) => a.id - b.id);
    return { ...this.#media, frames: this.#frames, seconds: this.#seconds, faces };
  }

  /** @param weight in the means; a single frame counts though it has no duration */
  #count(duration: number, weight = duration): void {
    const { timestamp, faces } = this.#waiting!;
    this.#frames += 1;
    this.#seconds += duration;
    this.#duration = duration;
    for (const face of faces) {
      const sums = this.#faces.get(face.id) ?? new FaceSummarizer(face.id, timestamp);
      this.#faces.set(face.id, sums);
      sums.add(face, timestamp, { duration, weight });
    }
  }
}

/** Sums over the frames in which one face was seen. */
class FaceSummarizer {
  readonly #id: number;
  readonly #first: number;
  #last: number;
  #frames = 0;
  #seconds = 0;
  #weight = 0;
  #uncertain = 0;
  #changes = 0;
  #dominant: Expression | undefined;
  readonly #share = new Map<Expression, number>();
  readonly #mean = new Map<Expression, number>();

  constructor(id: number, first: number) {
    this.#id = id;
    this.#first = first;
    this.#last = first;
  }

  add(face: Face, timestamp: number, { duration, weight }: { duration: number; weight: number }): void {
    this.#frames += 1;
    this.#last = timestamp;
    this.#seconds += duration;
    this.#weight += weight;
    if (face.uncertain) this.#uncertain += weight;
    if (this.#dominant !== undefined && this.#dominant !== face.dominant) this.#changes += 1;
    this.#dominant = face.dominant;
    for (const [name, probability] of probabilitiesOf(face)) {
      this.#mean.set(name, (this.#mean.get(name) ?? 0) + weight * probability);
      this.#share.set(name, (this.#share.get(name) ?? 0) + (name === face.dominant ? weight : 0));
    }
  }

  end(): FaceSummary {
    const weight = this.#weight || 1;
    const share = sharesOf(this.#share, weight);
    const [dominant] = [...this.#share].reduce((best, one) => (one[1] > best[1] ? one : best));
    return {
      id: this.#id,
      frames: this.#frames,
      first: this.#first,
      last: this.#last,
      seconds: this.#seconds,
      dominant,
      share,
      mean: sharesOf(this.#mean, weight),
      changesPerMinute: this.#seconds > 0 ? (this.#changes * 60) / this.#seconds : 0,
      uncertain: this.#uncertain / weight,
    };
  }
}

function sharesOf(sums: ReadonlyMap<Expression, number>, weight: number): Shares {
  return Object.fromEntries([...sums].map(([name, sum]) => [name, sum / weight]));
}
