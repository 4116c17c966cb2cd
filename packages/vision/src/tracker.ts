import { assignRows } from './assignment.ts';
import { withConfidence } from './doubts.ts';
import type { Face, TrackedFace } from './result.ts';
import { chooseDominant, smoothExpressions } from './smoothing.ts';
import { COST_OF_A_NEW_FACE, costOf, nextVelocity, type Track } from './track.ts';

export interface TrackerOptions {
  /** Seconds after which a face that was not in every frame since is a new one. 1 if left out. */
  maxGap?: number | undefined;
  /** Time constant of the smoothing in seconds; 0 for none. 0.3 if left out. */
  smoothing?: number | undefined;
  /** Probability by which another expression must lead before it becomes the dominant one. 0.1 if left out. */
  hysteresis?: number | undefined;
  /** The model's threshold, against which the smoothed confidence is held; if left out, `unclear` is that of the frame alone. */
  uncertainBelow?: number | undefined;
}

/** All that a tracker knows. Plain JSON: written to a file and read again it goes on as if nothing had happened. */
export interface TrackerState {
  nextId: number;
  /** Seconds of the last frame; null before the first. */
  timestamp: number | null;
  tracks: readonly Track[];
}

/**
 * Gives the faces of a video ids that last, and smooths their expressions over time. What it does depends on times, not
 * on the number of frames. It follows boxes and knows no persons: who leaves for longer than `maxGap` comes back with
 * another id, and no id is given twice.
 */
export class Tracker {
  readonly #maxGap: number;
  readonly #smoothing: number;
  readonly #hysteresis: number;
  readonly #uncertainBelow: number | undefined;
  #nextId = 0;
  #timestamp: number | null = null;
  #tracks: readonly Track[] = [];

  constructor({ maxGap = 1, smoothing = 0.3, hysteresis = 0.1, uncertainBelow }: TrackerOptions = {}) {
    this.#maxGap = maxGap;
    this.#smoothing = smoothing;
    this.#hysteresis = hysteresis;
    this.#uncertainBelow = uncertainBelow;
  }

  /** A tracker that goes on where another, with the same options, stood when `state` was taken. */
  static from({ nextId, timestamp, tracks }: TrackerState, options: TrackerOptions = {}): Tracker {
    const tracker = new Tracker(options);
    tracker.#nextId = nextId;
    tracker.#timestamp = timestamp;
    tracker.#tracks = tracks;
    return tracker;
  }

  /** What is known now; later updates do not change it. */
  state(): TrackerState {
    return { nextId: this.#nextId, timestamp: this.#timestamp, tracks: this.#tracks };
  }

  /**
   * Takes the faces of the next frame.
   * @param timestamp seconds. One that is not later than the last begins a new scene: all faces are new.
   * @returns the same faces in the same order, with the ids of their tracks and smoothed expressions.
   */
  update(timestamp: number, faces: readonly Face[]): TrackedFace[] {
    const goesOn = this.#timestamp !== null && timestamp > this.#timestamp;
    const alive = goesOn ? this.#tracks.filter((track) => this.#isAlive(track, timestamp)) : [];
    const trackOf = matchTracks(alive, faces, timestamp);
    const seen = faces.map((face, i) => this.#follow(trackOf[i], face, timestamp));
    const unseen = alive.filter((track) => !trackOf.includes(track));
    this.#tracks = [...seen, ...unseen];
    this.#timestamp = timestamp;
    return faces.map((face, i) => this.#describe(face, seen[i]!));
  }

  /** A face of the frame before has not been out of sight, however long ago that frame was. */
  #isAlive({ seen }: Track, timestamp: number): boolean {
    return seen === this.#timestamp || timestamp - seen <= this.#maxGap;
  }

  #follow(track: Track | undefined, face: Face, timestamp: number): Track {
    const box = { ...face.box };
    const { expressions, dominant } = face;
    if (track === undefined) {
      return {
        id: this.#nextId++,
        seen: timestamp,
        box,
        velocity: { x: 0, y: 0 },
        expressions: { ...expressions },
        dominant,
      };
    }
    const smoothed = smoothExpressions(track.expressions, expressions, timestamp - track.seen, this.#smoothing);
    return {
      id: track.id,
      seen: timestamp,
      box,
      velocity: nextVelocity(track, face, timestamp),
      expressions: smoothed,
      dominant: chooseDominant(track.dominant, smoothed, this.#hysteresis),
    };
  }

  #describe(face: Face, { id, expressions, dominant }: Track): TrackedFace {
    const confidence = expressions[dominant];
    const below = this.#uncertainBelow;
    const doubts = below === undefined ? face.doubts : withConfidence(face.doubts, confidence, below);
    const uncertain = doubts.length > 0;
    return {
      ...face,
      id,
      expressions: { ...expressions },
      dominant,
      confidence,
      doubts,
      uncertain,
      raw: face.expressions,
    };
  }
}

/** The track of each face, or undefined for a new one: the choice for all together that costs least. */
function matchTracks(tracks: readonly Track[], faces: readonly Face[], timestamp: number): (Track | undefined)[] {
  const costs = faces.map((face) => [
    ...tracks.map((track) => costOf(track, face, timestamp)),
    ...faces.map(() => COST_OF_A_NEW_FACE),
  ]);
  return assignRows(costs).map((column) => tracks[column]);
}
