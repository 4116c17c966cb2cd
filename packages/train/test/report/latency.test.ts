import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Classifier } from '../../src/classifier-session.ts';
import { measureLatency } from '../../src/report/latency.ts';

/** A clock that only classifiers move: each run of one takes the next of its times. */
function fakeClock() {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const calls: string[] = [];
  const classifier = (name: string, times: number[]): Classifier => ({
    spec: {} as Classifier['spec'],
    async run(pixels, count) {
      calls.push(`${name}${count}:${pixels.length}`);
      now += times.shift()!;
      return new Float32Array();
    },
    async close() {},
  });
  return { calls, classifier };
}

describe('measureLatency', () => {
  afterEach(() => vi.restoreAllMocks());

  it('takes turns, leaves the warm-up out, and gives the time of one face', async () => {
    const { calls, classifier } = fakeClock();
    const first = classifier('a', [999, 10, 30, 20]);
    const second = classifier('b', [999, 4, 4, 8]);
    const inputs = [new Float32Array(4), new Float32Array(6)];
    const results = await measureLatency([first, second], inputs, { batch: 2, runs: 3, warmup: 1 });
    expect(calls.join(' ')).toBe('a2:4 b2:6 a2:4 b2:6 a2:4 b2:6 a2:4 b2:6');
    // Of 5, 15 and 10 a tenth of the way from 5 to 10 is the lower bound.
    expect(results[0]).toEqual({ batch: 2, milliseconds: 10, p10: 6, p90: 14, runs: 3 });
    expect(results[1]).toMatchObject({ milliseconds: 2, p90: expect.closeTo(3.6, 9) });
  });
});
