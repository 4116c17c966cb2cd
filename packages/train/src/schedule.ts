import type { Recipe } from './recipe.ts';

/**
 * Learning rate of a step: rises evenly from 0 to the peak during the warm-up, then follows the schedule.
 * @param progress epochs done, as a fraction of the current one too
 */
export function learningRate({ schedule, epochs }: Pick<Recipe, 'schedule' | 'epochs'>, progress: number): number {
  const { peak, warmupEpochs } = schedule;
  if (progress < warmupEpochs) return (peak * progress) / warmupEpochs;
  switch (schedule.kind) {
    case 'constant':
      return peak;
    case 'cosine':
      // Loshchilov and Hutter, SGDR, 2017, without restarts.
      return (peak / 2) * (1 + Math.cos((Math.PI * (progress - warmupEpochs)) / Math.max(epochs - warmupEpochs, 1e-9)));
    case 'steps':
      return peak * schedule.factor ** schedule.at.filter((epoch) => progress >= epoch).length;
  }
}
