import { describe, expect, it } from 'vitest';
import { parseRecipe } from '../src/recipe.ts';
import { learningRate } from '../src/schedule.ts';

function rates(schedule: Record<string, unknown>, epochs: number, at: readonly number[]): number[] {
  const recipe = parseRecipe({ name: 'x', model: { architecture: 'residual' }, epochs, schedule });
  return at.map((progress) => learningRate(recipe, progress));
}

function expectRates(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((rate, i) => {
    expect(rate).toBeCloseTo(expected[i]!, 12);
  });
}

describe('learningRate', () => {
  it('rises evenly in the warm-up, then falls along half a cosine to 0', () => {
    const schedule = { kind: 'cosine', peak: 0.4, warmupEpochs: 2 };
    const quarter = 0.2 * (1 + Math.SQRT1_2);
    expectRates(rates(schedule, 10, [0, 0.5, 1, 2, 4, 6, 10]), [0, 0.1, 0.2, 0.4, quarter, 0.2, 0]);
  });

  it('needs no warm-up', () => {
    expectRates(rates({ kind: 'cosine', peak: 1, warmupEpochs: 0 }, 2, [0, 1, 2]), [1, 0.5, 0]);
    expectRates(rates({ kind: 'constant', peak: 1 }, 2, [0, 1, 2]), [1, 1, 1]);
  });

  it('stays below the peak where all epochs are warm-up', () => {
    expectRates(rates({ kind: 'cosine', peak: 1, warmupEpochs: 4 }, 2, [1, 2]), [0.25, 0.5]);
    expectRates(rates({ kind: 'cosine', peak: 1, warmupEpochs: 2 }, 2, [1, 2]), [0.5, 1]);
  });

  it('stays constant behind the warm-up', () => {
    expectRates(rates({ kind: 'constant', peak: 0.3, warmupEpochs: 3 }, 9, [1, 3, 8.9]), [0.1, 0.3, 0.3]);
  });

  it('falls in steps, in whatever order they are given', () => {
    const schedule = { kind: 'steps', peak: 1, at: [8, 4], factor: 0.5 };
    expectRates(rates(schedule, 10, [0, 3.99, 4, 7.5, 8, 10]), [1, 1, 0.5, 0.5, 0.25, 0.25]);
  });
});
