import { describe, expect, it } from 'vitest';
import { sweepSvg } from '../src/plots/sweep.ts';
import type { TrialResult } from '../src/sweep-results.ts';

/** A trial that ended after one epoch with this accuracy. */
function trial(id: string, accuracy: number): TrialResult {
  const metrics = {
    epoch: 1,
    learningRate: 0.1,
    loss: 1,
    validationLoss: 1,
    seconds: 60,
    imagesPerSecond: 1000,
  };
  return {
    trial: id,
    status: 'finished',
    changes: {},
    accuracy,
    loss: 1,
    epochs: 1,
    parameters: 180_000,
    seconds: 60,
    error: null,
    history: [{ ...metrics, validationAccuracy: accuracy }],
  };
}

describe('the plot of a sweep', () => {
  it('has another number at each line of the grid where the trials lie close together', () => {
    const svg = sweepSvg({ name: 'close', trials: [trial('002', 0.556), trial('001', 0.55), trial('003', 0.546)] });
    const labels = [...svg.matchAll(/>(\d+(?:\.\d+)?%)<\/text>/g)].map(([, label]) => label!);
    expect([...new Set(labels)].sort()).toEqual(['54%', '54.5%', '55%', '55.5%', '56%', '56.5%']);
    // Once for each panel: by epoch, parameters and time.
    expect(labels).toHaveLength(18);
  });
});
