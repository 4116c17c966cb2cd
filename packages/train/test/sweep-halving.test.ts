import { describe, expect, it } from 'vitest';
import { type Contender, rungs, survivors } from '../src/sweep-halving.ts';

function contender(...accuracies: number[]): Contender {
  const rest = { learningRate: 0.1, loss: 1, validationLoss: 1, seconds: 1, imagesPerSecond: 1 };
  const history = accuracies.map((validationAccuracy, i) => ({ epoch: i + 1, validationAccuracy, ...rest }));
  return { history, finished: false };
}

describe('rungs', () => {
  it('are some times as far apart each time, and below the end', () => {
    expect(rungs({ firstEpochs: 1, factor: 3 }, 27)).toEqual([1, 3, 9]);
    expect(rungs({ firstEpochs: 2, factor: 2 }, 17)).toEqual([2, 4, 8, 16]);
    expect(rungs({ firstEpochs: 1, factor: 1.5 }, 6)).toEqual([1, 2, 3, 5]);
    expect(rungs({ firstEpochs: 5, factor: 3 }, 5)).toEqual([]);
  });
});

describe('survivors', () => {
  const all = [0.3, 0.5, 0.1, 0.6, 0.2, 0.4].map((accuracy) => contender(accuracy));

  it('are one of so many, the best, in their order', () => {
    expect(survivors(all, 1, 3)).toEqual([all[1], all[3]]);
    expect(survivors(all, 1, 2)).toEqual([all[1], all[3], all[5]]);
    expect(survivors(all, 1, 4)).toEqual([all[3]]);
    expect(survivors(all, 1, 50)).toEqual([all[3]]);
  });

  it('are the first of equal ones', () => {
    const equal = [contender(0.5), contender(0.5), contender(0.5)];
    expect(survivors(equal, 1, 3)[0]).toBe(equal[0]);
  });

  it('count their best epoch so far, and none after the rung', () => {
    const [early, late, steady] = [contender(0.7, 0.1), contender(0.1, 0.2, 0.9), contender(0.3, 0.4, 0.5)];
    expect(survivors([early, late, steady], 2, 3)).toEqual([early]);
    expect(survivors([early, late, steady], 3, 3)).toEqual([late]);
  });

  it('are never those that failed before, but may be those that ended by themselves', () => {
    const failed = contender(0.9);
    const ended = { ...contender(0.8), finished: true };
    const others = [contender(0.1, 0.2), contender(0.1, 0.3)];
    expect(survivors([failed, ended, ...others], 2, 2)).toEqual([ended, others[1]]);
    expect(survivors([failed, contender()], 2, 2)).toEqual([]);
  });
});
