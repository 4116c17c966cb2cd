import { fault } from './predictions.ts';

export interface BootstrapOptions {
  /** How many resamples are drawn. */
  rounds?: number;
  /** Share of resamples inside the interval, 0..1. */
  level?: number;
  /** The same seed gives the same interval. */
  seed?: number;
}

/**
 * Percentile bootstrap interval [low, high] of the mean of `values`; of an accuracy if they are 0 and 1.
 * Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
 * @throws VisionError `BAD_METRICS_INPUT`
 */
export function bootstrapMean(values: ArrayLike<number>, options: BootstrapOptions = {}): [number, number] {
  const mean = (sample: Uint32Array) => sample.reduce((sum, i) => sum + values[i]!, 0) / sample.length;
  return bootstrapInterval(values.length, mean, options);
}

/**
 * Percentile bootstrap interval [low, high] of any statistic of `size` samples. `statistic` gets the indices of a
 * resample, drawn with replacement, in an array that is written anew for each round.
 * @throws VisionError `BAD_METRICS_INPUT`
 */
export function bootstrapInterval(
  size: number,
  statistic: (sample: Uint32Array) => number,
  { rounds = 2000, level = 0.95, seed = 1 }: BootstrapOptions = {},
): [number, number] {
  if (!(Number.isInteger(size) && size > 0)) throw fault(`a bootstrap of ${size} samples is not possible`);
  if (!(Number.isInteger(rounds) && rounds > 0)) throw fault(`${rounds} bootstrap rounds are not possible`);
  if (!(level > 0 && level < 1)) throw fault(`interval level ${level} is not in 0..1`, 'pass 0.95 for a 95% interval');
  const random = mulberry32(seed);
  const sample = new Uint32Array(size);
  const statistics = Float64Array.from({ length: rounds }, () => {
    for (let i = 0; i < size; i++) sample[i] = random() * size;
    return statistic(sample);
  }).sort();
  return [quantile(statistics, (1 - level) / 2), quantile(statistics, (1 + level) / 2)];
}

/** Quantile `q` (0..1) of ascending values, linear between the two nearest, as numpy's default. */
export function quantile(sorted: Float64Array, q: number): number {
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below]!;
  return low + (position - below) * ((sorted[below + 1] ?? low) - low);
}

/** Uniform numbers 0..1 from a 32-bit state; Tommy Ettinger's mulberry32, public domain. */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
