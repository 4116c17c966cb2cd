import type { Face, TrackedFace } from '@mememoji/vision/result';
import { Tracker, type TrackerState } from '@mememoji/vision/tracker';
import { describe, expect, it } from 'vitest';
import { expressionsOf, faceAt, randomNumbers } from './faces.ts';

type Scene = (seconds: number) => Record<string, Face>;

/** Plays a scene; gives for each person the ids that it had, in order and without repetitions. */
function play(scene: Scene, times: readonly number[], tracker = new Tracker()): Record<string, number[]> {
  const ids: Record<string, number[]> = {};
  for (const time of times) {
    const people = Object.entries(scene(time));
    const tracked = tracker.update(
      time,
      people.map(([, face]) => face),
    );
    people.forEach(([name], i) => {
      ids[name] ??= [];
      if (ids[name].at(-1) !== tracked[i]!.id) ids[name].push(tracked[i]!.id);
    });
  }
  return ids;
}

const evenTimes = (rate: number, seconds: number): number[] =>
  Array.from({ length: Math.round(rate * seconds) }, (_, i) => i / rate);

/** Times as of a telephone: 5 to 60 frames a second, changing from frame to frame. */
function unevenTimes(seconds: number, seed: number): number[] {
  const random = randomNumbers(seed);
  const times = [0];
  while (times.at(-1)! < seconds) times.push(times.at(-1)! + 1 / 60 + random() * (1 / 5 - 1 / 60));
  return times;
}

describe('ids', () => {
  const people: Scene = (t) => ({ ann: faceAt(100 + 40 * t, 100), bob: faceAt(400, 120 + 10 * Math.sin(t)) });

  it.each([
    ['5 frames a second', evenTimes(5, 6)],
    ['25 frames a second', evenTimes(25, 6)],
    ['60 frames a second', evenTimes(60, 6)],
    ['uneven times', unevenTimes(6, 3)],
  ])('last at %s', (_, times) => {
    expect(play(people, times)).toEqual({ ann: [0], bob: [1] });
  });

  it.each([10, 25, 60])('last through a crossing, in which one hides the other, at %i frames a second', (rate) => {
    const scene: Scene = (t) => {
      const ann = faceAt(100 + 150 * t, 200, 100);
      const bob = faceAt(700 - 150 * t, 210, 90);
      const hidden = Math.abs(ann.box.x - bob.box.x) < 50;
      return hidden ? { ann } : { ann, bob };
    };
    expect(play(scene, evenTimes(rate, 4))).toEqual({ ann: [0], bob: [1] });
  });

  it('last through a crossing of two that are both seen, whatever the order in which they come', () => {
    const scene: Scene = (t) => {
      const ann = faceAt(100 + 200 * t, 200);
      const bob = faceAt(700 - 200 * t, 215);
      return t % 0.2 < 0.1 ? { ann, bob } : { bob, ann };
    };
    expect(play(scene, evenTimes(25, 3))).toEqual({ ann: [0], bob: [1] });
  });

  it('last through gaps up to maxGap, also of one who moves', () => {
    const scene: Scene = (t) => (t > 1 && t < 1.8 ? {} : { ann: faceAt(100 + 120 * t, 200) });
    expect(play(scene, evenTimes(25, 4))).toEqual({ ann: [0] });
    expect(play(scene, evenTimes(25, 4), new Tracker({ maxGap: 0.5 }))).toEqual({ ann: [0, 1] });
  });

  it('are never given twice', () => {
    // One after the other comes and goes, at the same place, with more than a second between.
    const scene: Scene = (t) => (t % 3 < 1 ? { [`visitor ${Math.floor(t / 3)}`]: faceAt(200, 200) } : {});
    const ids = Object.values(play(scene, evenTimes(10, 30))).flat();
    expect(ids).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('are new for one who enters as another leaves elsewhere', () => {
    const scene: Scene = (t) => (t < 1 ? { ann: faceAt(80, 200) } : { bob: faceAt(560, 200) });
    expect(play(scene, evenTimes(25, 2))).toEqual({ ann: [0], bob: [1] });
  });

  it('are new for a face of quite another size at the same place', () => {
    const scene: Scene = (t) => (t < 1 ? { near: faceAt(200, 200, 200) } : { far: faceAt(200, 200, 60) });
    expect(play(scene, evenTimes(25, 2))).toEqual({ near: [0], far: [1] });
  });

  it('last for thirty faces that tremble, in changing order, with each face lost now and then', () => {
    const random = randomNumbers(11);
    const jitter = (): number => (random() - 0.5) * 12;
    const scene: Scene = (t) => {
      const faces = Array.from({ length: 30 }, (_, i): [string, Face] => [
        `person ${i}`,
        faceAt(100 + 130 * (i % 6) + 20 * t + jitter(), 100 + 130 * Math.floor(i / 6) + jitter()),
      ]);
      const seen = faces.filter(() => random() > 0.1);
      return Object.fromEntries(
        seen
          .map((face) => ({ face, at: random() }))
          .sort((a, b) => a.at - b.at)
          .map(({ face }) => face),
      );
    };
    const ids = Object.values(play(scene, evenTimes(15, 8)));
    expect(ids).toHaveLength(30);
    expect(ids.every((list) => list.length === 1)).toBe(true);
    expect(new Set(ids.flat()).size).toBe(30);
  });

  it('last where frames are farther apart than a gap may be', () => {
    expect(play(people, [0, 2, 4, 5, 7])).toEqual({ ann: [0], bob: [1] });
  });

  it('are new for each box without area, and others keep theirs', () => {
    const tracker = new Tracker();
    tracker.update(0, [faceAt(100, 100), faceAt(300, 100, 0)]);
    expect(tracker.update(0.1, [faceAt(100, 100), faceAt(300, 100, 0)]).map(({ id }) => id)).toEqual([0, 2]);
  });

  it('begin anew when time jumps back', () => {
    const tracker = new Tracker();
    tracker.update(5, [faceAt(100, 100)]);
    expect(tracker.update(0, [faceAt(100, 100)])[0]!.id).toBe(1);
    expect(tracker.update(0, [faceAt(100, 100)])[0]!.id).toBe(2);
  });

  it('stay with the faces in the order in which they were given', () => {
    const tracker = new Tracker();
    tracker.update(0, [faceAt(100, 100), faceAt(400, 100)]);
    const [right, left] = tracker.update(0.04, [faceAt(402, 100), faceAt(101, 100)]);
    expect([right!.id, right!.box.x, left!.id, left!.box.x]).toEqual([1, 352, 0, 51]);
  });
});

describe('smoothing', () => {
  /** The face after `seconds` of happy, after it had been neutral. */
  function afterChange(rate: number, seconds: number, options = {}): TrackedFace {
    const tracker = new Tracker({ smoothing: 0.5, ...options });
    tracker.update(0, [faceAt(100, 100, 100, expressionsOf('neutral', 1))]);
    const steps = Math.round(rate * seconds);
    const happy = faceAt(100, 100, 100, expressionsOf('happy', 1));
    for (let i = 1; i < steps; i++) tracker.update((i * seconds) / steps, [happy]);
    return tracker.update(seconds, [happy])[0]!;
  }

  it.each([1, 7, 30, 120])('goes 1 - 1/e of the way in its time constant at %i frames a second', (rate) => {
    expect(afterChange(rate, 1).expressions.happy).toBeCloseTo(1 - Math.exp(-2), 10);
    expect(afterChange(2 * rate, 0.5).expressions.happy).toBeCloseTo(1 - Math.exp(-1), 10);
  });

  it('keeps what was read', () => {
    const face = afterChange(30, 0.2);
    expect(face.raw).toEqual(expressionsOf('happy', 1));
    expect(face.expressions.happy).toBeLessThan(0.4);
  });

  it('keeps probabilities that sum to 1', () => {
    const sum = Object.values(afterChange(30, 0.2).expressions).reduce((a, b) => a + b);
    expect(sum).toBeCloseTo(1, 12);
  });

  it('is off with a time constant of 0', () => {
    expect(afterChange(30, 0.1, { smoothing: 0 }).expressions).toEqual(expressionsOf('happy', 1));
  });

  it('starts anew with each track', () => {
    const tracker = new Tracker({ maxGap: 0.5 });
    tracker.update(0, [faceAt(100, 100, 100, expressionsOf('sad', 1))]);
    tracker.update(1, []);
    const [later] = tracker.update(2, [faceAt(100, 100, 100, expressionsOf('happy', 1))]);
    expect(later!.expressions).toEqual(expressionsOf('happy', 1));
  });

  it('does not let the dominant expression flicker', () => {
    const tracker = new Tracker({ smoothing: 0.1, hysteresis: 0.1 });
    const flicker = (i: number) => ({
      ...expressionsOf('sad', 0),
      sad: 0.5 + (i % 2 ? 0.04 : -0.04),
      angry: 0.5 - (i % 2 ? 0.04 : -0.04),
    });
    const seen = new Set<string>();
    for (let i = 0; i < 100; i++) seen.add(tracker.update(i / 10, [faceAt(100, 100, 100, flicker(i))])[0]!.dominant);
    expect(seen.size).toBe(1);
    // But a real change comes through, and the confidence is that of the expression that is named.
    let face: TrackedFace | undefined;
    for (let i = 0; i < 20; i++)
      [face] = tracker.update(10 + i / 10, [faceAt(100, 100, 100, expressionsOf('happy', 0.9))]);
    expect(face!.dominant).toBe('happy');
    expect(face!.confidence).toBe(face!.expressions.happy);
  });

  it('judges the smoothed confidence where the threshold is given', () => {
    const sure = faceAt(100, 100, 100, expressionsOf('happy', 0.9));
    const blurred: Face = { ...faceAt(100, 100, 100, expressionsOf('sad', 0.9)), doubts: ['blurred'], uncertain: true };
    const tracker = new Tracker({ smoothing: 1, uncertainBelow: 0.6 });
    expect(tracker.update(0, [sure])[0]).toMatchObject({ doubts: [], uncertain: false });
    expect(tracker.update(0.7, [blurred])[0]).toMatchObject({ doubts: ['unclear', 'blurred'], uncertain: true });
  });
});

describe('state', () => {
  it('goes on exactly as if it had not been interrupted, through JSON, wherever it is cut', () => {
    const random = randomNumbers(5);
    const frames = unevenTimes(4, 9).map((time) => ({
      time,
      faces: [0, 1, 2]
        .filter(() => random() > 0.2)
        .map((i) =>
          faceAt(
            100 + 60 * i + 50 * time + 5 * random(),
            100,
            100,
            expressionsOf(random() > 0.5 ? 'happy' : 'sad', random()),
          ),
        ),
    }));
    const options = { smoothing: 0.4, hysteresis: 0.05, uncertainBelow: 0.5 };
    const whole = new Tracker(options);
    const expected = frames.map(({ time, faces }) => whole.update(time, faces));
    for (let cut = 0; cut < frames.length; cut++) {
      const first = new Tracker(options);
      for (const { time, faces } of frames.slice(0, cut)) first.update(time, faces);
      const state: TrackerState = JSON.parse(JSON.stringify(first.state()));
      const second = Tracker.from(state, options);
      expect(frames.slice(cut).map(({ time, faces }) => second.update(time, faces))).toEqual(expected.slice(cut));
    }
  });

  it('is not changed by later updates', () => {
    const tracker = new Tracker();
    tracker.update(0, [faceAt(100, 100)]);
    const before = tracker.state();
    const text = JSON.stringify(before);
    tracker.update(0.1, [faceAt(110, 100), faceAt(400, 100)]);
    expect(JSON.stringify(before)).toBe(text);
  });
});
