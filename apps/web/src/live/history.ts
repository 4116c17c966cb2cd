import type { FrameAnalysis } from '@mememoji/vision/result';
import type { Sample } from '../draw/plot.ts';

/** Seconds that are kept: enough to look back at, and no more memory than that however long the camera runs. */
const KEPT = 300;

/** What was seen in the last five minutes. */
export class History {
  readonly #frames: FrameAnalysis[] = [];

  add(frame: FrameAnalysis): void {
    this.#frames.push(frame);
    const first = this.#frames.findIndex(({ timestamp }) => timestamp > frame.timestamp - KEPT);
    // Cut seldom, in one go.
    if (first > 500) this.#frames.splice(0, first);
  }

  get frames(): readonly FrameAnalysis[] {
    return this.#frames;
  }

  /** What one face showed in the last `seconds`, the earliest first. */
  samples(id: number, seconds: number): Sample[] {
    const samples: Sample[] = [];
    const end = this.#frames.at(-1)?.timestamp ?? 0;
    for (let i = this.#frames.length - 1; i >= 0 && this.#frames[i]!.timestamp >= end - seconds; i--) {
      const { timestamp, faces } = this.#frames[i]!;
      const face = faces.find((one) => one.id === id);
      if (face) samples.push({ timestamp, expressions: face.expressions });
    }
    return samples.reverse();
  }
}
