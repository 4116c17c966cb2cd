import { type MemePlacement, memeName, memeOf, memePlacement } from '@mememoji/vision/meme';
import type { TrackedFace } from '@mememoji/vision/result';

/** Seconds for which another meme must hold before it is shown. */
const PATIENCE = 0.25;

/** Cut-off of the filter at rest in hertz, and how much it rises with speed: steady when the head is still, quick when not. */
const REST = 1.5;
const HASTE = 0.9;
/** Cut-off for the speed itself, as in the paper. */
const SPEED_CUT_OFF = 1;

interface Held {
  meme: string;
  waiting: { meme: string; since: number } | undefined;
  filters: { x: OneEuro; y: OneEuro; size: OneEuro; cos: OneEuro; sin: OneEuro };
  placement: MemePlacement;
}

/** Memes that neither flicker between two faces nor tremble with the detector. One entry per track. */
export class SteadyMemes {
  #held = new Map<number, Held>();

  /** Takes the faces of the next frame; tracks that are not among them are forgotten. */
  update(timestamp: number, faces: readonly TrackedFace[]): void {
    this.#held = new Map(faces.map((face) => [face.id, this.#next(timestamp, face)]));
  }

  /** Name of the artwork of a face of the last frame. */
  meme(face: { id: number }): string | undefined {
    return this.#held.get(face.id)?.meme;
  }

  placement(face: { id: number }): MemePlacement | undefined {
    return this.#held.get(face.id)?.placement;
  }

  #next(timestamp: number, face: TrackedFace): Held {
    const before = this.#held.get(face.id);
    const seen = memeName(memeOf(face.expressions));
    const filters = before?.filters ?? createFilters();
    const placement = steadyPlacement(filters, memePlacement(face), timestamp);
    return { ...chooseMeme(before, seen, timestamp), filters, placement };
  }
}

function chooseMeme(before: Held | undefined, seen: string, timestamp: number): Pick<Held, 'meme' | 'waiting'> {
  if (before === undefined || before.meme === seen) return { meme: seen, waiting: undefined };
  const waiting = before.waiting?.meme === seen ? before.waiting : { meme: seen, since: timestamp };
  if (timestamp - waiting.since >= PATIENCE) return { meme: seen, waiting: undefined };
  return { meme: before.meme, waiting };
}

function createFilters(): Held['filters'] {
  return { x: new OneEuro(), y: new OneEuro(), size: new OneEuro(), cos: new OneEuro(), sin: new OneEuro() };
}

/** Lengths are filtered in sizes of the meme, so that near and far heads are treated alike; angles as points of the circle. */
function steadyPlacement(filters: Held['filters'], seen: MemePlacement, timestamp: number): MemePlacement {
  const { center, size, angle } = seen;
  const cos = filters.cos.update(Math.cos(angle), timestamp, 1);
  const sin = filters.sin.update(Math.sin(angle), timestamp, 1);
  return {
    center: { x: filters.x.update(center.x, timestamp, size), y: filters.y.update(center.y, timestamp, size) },
    size: filters.size.update(size, timestamp, size),
    angle: Math.atan2(sin, cos),
  };
}

/** The one-euro filter (Casiez, Roussel, Vogel: 1 € Filter, CHI 2012). */
export class OneEuro {
  #value: number | undefined;
  #speed = 0;
  #time = 0;

  /** @param unit by which the speed of the value is judged: the cut-off rises by {@link HASTE} hertz at 0.1 units a second. */
  update(value: number, time: number, unit: number): number {
    if (this.#value === undefined) {
      this.#time = time;
      this.#value = value;
      return value;
    }
    const step = Math.max(time - this.#time, 1e-3);
    const speed = (value - this.#value) / step / unit;
    this.#speed += smoothing(SPEED_CUT_OFF, step) * (speed - this.#speed);
    const cutOff = REST + HASTE * 10 * Math.abs(this.#speed);
    this.#value += smoothing(cutOff, step) * (value - this.#value);
    this.#time = time;
    return this.#value;
  }
}

function smoothing(cutOff: number, step: number): number {
  const ratio = 2 * Math.PI * cutOff * step;
  return ratio / (ratio + 1);
}
