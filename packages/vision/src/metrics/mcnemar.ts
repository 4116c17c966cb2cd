import { fault } from './predictions.ts';

/** Below this many disagreements the exact test is used. */
const EXACT_BELOW = 25;

export interface McNemarResult {
  /** Samples that only the first classifier got right. */
  onlyFirst: number;
  onlySecond: number;
  /** Probability of a difference at least this large if both were equally good (two-sided). */
  p: number;
  method: 'exact' | 'chi-squared';
}

/**
 * McNemar's test of two classifiers on the same samples; the arguments say per sample whether each was right (1 or 0, as
 * from `correctness`). Exact binomial below 25 disagreements, else chi-squared with Edwards's continuity correction.
 * McNemar 1947; Edwards 1948.
 * @throws VisionError `BAD_METRICS_INPUT` if the arguments differ in length or are empty.
 */
export function mcNemarTest(first: ArrayLike<number>, second: ArrayLike<number>): McNemarResult {
  if (first.length !== second.length || first.length === 0) {
    throw fault(
      `${first.length} and ${second.length} results cannot be paired`,
      'pass both classifiers on the same samples',
    );
  }
  let onlyFirst = 0;
  let onlySecond = 0;
  for (let i = 0; i < first.length; i++) {
    if (first[i]! > second[i]!) onlyFirst++;
    if (second[i]! > first[i]!) onlySecond++;
  }
  const exact = onlyFirst + onlySecond < EXACT_BELOW;
  const p = exact ? binomialP(onlyFirst, onlySecond) : chiSquaredP(onlyFirst, onlySecond);
  return { onlyFirst, onlySecond, p, method: exact ? 'exact' : 'chi-squared' };
}

/** Two-sided exact p of `a` against `b` heads and tails of a fair coin. */
function binomialP(a: number, b: number): number {
  const trials = a + b;
  let term = 0.5 ** trials;
  let tail = 0;
  for (let k = 0; k <= Math.min(a, b); k++) {
    tail += term;
    term *= (trials - k) / (k + 1);
  }
  return Math.min(1, 2 * tail);
}

function chiSquaredP(a: number, b: number): number {
  const statistic = Math.max(0, Math.abs(a - b) - 1) ** 2 / (a + b);
  return complementaryError(Math.sqrt(statistic / 2));
}

/** erfc(x) for x >= 0, relative error below 1.2e-7; Press et al., Numerical Recipes in C, 1992, section 6.2 (erfcc). */
function complementaryError(x: number): number {
  const t = 1 / (1 + x / 2);
  const coefficients = [
    0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196, 1.00002368,
    -1.26551223,
  ];
  const polynomial = coefficients.reduce((sum, coefficient) => sum * t + coefficient);
  return t * Math.exp(-x * x + polynomial);
}
