import type { Tensor } from '@mememoji/graph/graph';
import type { Scope } from '@mememoji/graph/layers';
import { instanceNorm } from '@mememoji/graph/operators/instance-norm';

/** What a net makes of normalised pictures [N, 1, height, width]. */
export interface NetOutput {
  /** [N, F], what the last dense layer sees. */
  features: Tensor;
  /** Feature maps after each stage, by name, for whoever wants to look inside. */
  stages: ReadonlyMap<string, Tensor>;
}

/** Builds the layers of a net up to its features; the trainer adds the classifiers. */
export type Net = (scope: Scope, pictures: Tensor) => NetOutput;

/** How pictures are normalised, in words for the model file. */
export const NORMALISATION = 'each picture by itself: (x - mean) / sqrt(variance + 1), inside the graph';

/**
 * Normalises each picture [N, 1, height, width] of grey values 0..255 by its own mean and deviation, so that neither light nor
 * contrast matters. One grey level squared under the root keeps flat pictures flat.
 */
export function normalise(pixels: Tensor): Tensor {
  return instanceNorm(pixels, 1);
}
