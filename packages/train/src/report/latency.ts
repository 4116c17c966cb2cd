import { quantile } from '@mememoji/vision/metrics/bootstrap';
import type { Classifier } from '../classifier-session.ts';

/** Time that a net takes for one face, from pixels to logits, in milliseconds. */
export interface Latency {
  /** Faces per run. */
  batch: number;
  /** Median over the runs of a run's time by its faces. */
  milliseconds: number;
  /** A tenth of the runs was faster than the first, a tenth slower than the second. */
  p10: number;
  p90: number;
  runs: number;
}

export interface LatencyOptions {
  batch: number;
  runs: number;
  /** Runs before those, which do not count. */
  warmup: number;
}

/** Enough runs for a steady median, in a few seconds. */
export const LATENCY_BATCHES: readonly LatencyOptions[] = [
  { batch: 1, runs: 100, warmup: 20 },
  { batch: 32, runs: 20, warmup: 4 },
];

/**
 * Measures classifiers in turn, run by run, so that whatever else the machine does slows all of them alike.
 * @param inputs for each classifier what `options.batch` faces are to it
 * @returns one result for each classifier
 */
export async function measureLatency(
  classifiers: readonly Classifier[],
  inputs: readonly Float32Array[],
  { batch, runs, warmup }: LatencyOptions,
): Promise<Latency[]> {
  const times = classifiers.map(() => new Float64Array(runs));
  for (let run = -warmup; run < runs; run++) {
    for (const [i, classifier] of classifiers.entries()) {
      const milliseconds = await timeOf(() => classifier.run(inputs[i]!, batch));
      if (run >= 0) times[i]![run] = milliseconds / batch;
    }
  }
  return times.map((values) => {
    const sorted = values.sort();
    return { batch, milliseconds: quantile(sorted, 0.5), p10: quantile(sorted, 0.1), p90: quantile(sorted, 0.9), runs };
  });
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
