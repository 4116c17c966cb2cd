import type { EpochMetrics } from './checkpoint.ts';

/**
 * Successive halving: all trials run for a few epochs, the best of them for some times as many, and so on, so that most of the
 * time goes to what is worth it (Jamieson and Talwalkar, Non-stochastic best arm identification and hyperparameter optimization,
 * 2016; Li et al., Hyperband, 2018). It compares all trials after the same number of epochs, so it favours those that learn fast:
 * `firstEpochs` should go beyond the warm-up.
 */
export interface Halving {
  /** Epochs before the first choice. */
  firstEpochs: number;
  /** One of so many goes on, for so many times as many epochs. */
  factor: number;
}

/** After how many epochs there is a choice: below `epochs`, in rising order. */
export function rungs({ firstEpochs, factor }: Halving, epochs: number): number[] {
  const all: number[] = [];
  for (let rung = firstEpochs; rung < epochs; rung = Math.round(rung * factor)) all.push(rung);
  return all;
}

/** What a choice knows of a trial. */
export interface Contender {
  history: readonly EpochMetrics[];
  /** Whether it ended by itself, be it before the rung. */
  finished: boolean;
}

/**
 * Those that go on after a rung, at least one: of `contenders`, one of `factor`, those with the best validation accuracy up to
 * there. It depends on nothing that comes after the rung, so that a sweep that is continued chooses the same. Trials that failed
 * before the rung never go on.
 */
export function survivors<T extends Contender>(contenders: readonly T[], rung: number, factor: number): T[] {
  const arrived = contenders.filter(({ history, finished }) => finished || history.length >= rung);
  const best = arrived.toSorted((a, b) => bestUntil(b, rung) - bestUntil(a, rung));
  const chosen = new Set(best.slice(0, Math.max(1, Math.floor(contenders.length / factor))));
  return contenders.filter((contender) => chosen.has(contender));
}

function bestUntil({ history }: Contender, rung: number): number {
  return history.slice(0, rung).reduce((best, { validationAccuracy }) => Math.max(best, validationAccuracy), 0);
}
