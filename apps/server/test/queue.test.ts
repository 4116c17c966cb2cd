import { describe, expect, it } from 'vitest';
import { AnalysisQueue, BusyError } from '../src/analysis/queue.ts';
import { SPEC } from './fakes.ts';

/** Ends analyses one by one, and tells in which order they began. */
function createManual(parallel: number) {
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const analyzer = {
    spec: SPEC,
    parallel,
    analyze: async ([name]: Uint8Array) => {
      begun.push(name!);
      await new Promise<void>((resolve) => ends.push(resolve));
      return { model: '', image: { width: 1, height: 1 }, faces: [] };
    },
    replaceModel: async () => {},
    close: async () => {},
  };
  const endOne = async (): Promise<void> => {
    ends.shift()?.();
    await new Promise((resolve) => setTimeout(resolve));
  };
  return { analyzer, begun, endOne };
}

const image = (name: number): Uint8Array => Uint8Array.of(name);

describe('the queue in front of the analyzer', () => {
  it('runs as many as the analyzer takes, lets a limited number wait, and refuses the rest', async () => {
    const { analyzer, begun, endOne } = createManual(2);
    const queue = new AnalysisQueue(analyzer, 2);
    const all = [1, 2, 3, 4].map((name) => queue.analyze(image(name)));
    await expect(queue.analyze(image(5))).rejects.toBeInstanceOf(BusyError);
    expect(() => queue.checkRoom()).toThrow(expect.objectContaining({ code: 'BUSY', retryAfter: 1 }));
    expect([queue.running, queue.waiting]).toEqual([2, 2]);
    expect(begun).toEqual([1, 2]);
    await endOne();
    expect(begun).toEqual([1, 2, 3]);
    queue.checkRoom();
    while (queue.running > 0) await endOne();
    await Promise.all(all);
    expect(begun).toEqual([1, 2, 3, 4]);
    expect([queue.running, queue.waiting]).toEqual([0, 0]);
  });

  it('gives no turn to those who have gone', async () => {
    const { analyzer, begun, endOne } = createManual(1);
    const queue = new AnalysisQueue(analyzer, 5);
    const first = queue.analyze(image(1));
    const controller = new AbortController();
    const gone = expect(queue.analyze(image(2), {}, controller.signal)).rejects.toMatchObject({ name: 'AbortError' });
    const last = queue.analyze(image(3));
    controller.abort();
    await endOne();
    await gone;
    await endOne();
    await Promise.all([first, last]);
    expect(begun).toEqual([1, 3]);
  });

  it('goes on after a failure', async () => {
    const { analyzer } = createManual(1);
    const analyze = async (): Promise<never> => {
      throw new Error('broken');
    };
    const queue = new AnalysisQueue({ ...analyzer, analyze }, 1);
    for (let i = 0; i < 3; i++) await expect(queue.analyze(image(i))).rejects.toThrow('broken');
    expect(queue.running).toBe(0);
  });

  it('lets background work wait without limit, behind requests, but not for ever', async () => {
    const { analyzer, begun, endOne } = createManual(1);
    const queue = new AnalysisQueue(analyzer, 100);
    const background = [101, 102, 103].map((name) => queue.analyzeInBackground(image(name)));
    const requests = Array.from({ length: 12 }, (_, i) => queue.analyze(image(i)));
    queue.checkRoom();
    while (queue.running > 0) await endOne();
    await Promise.all([...background, ...requests]);
    expect(begun).toHaveLength(15);
    expect(begun[0]).toBe(101);
    expect(begun.slice(1, 8).every((name) => name < 100)).toBe(true);
    expect(begun[8]).toBe(102);
  });
});
