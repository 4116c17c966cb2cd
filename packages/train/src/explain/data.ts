import type { Explanation, FeatureMaps, Heatmap } from './explanation.ts';

/** Puts numbers somewhere and gives what stands for them in the description: the numbers themselves, or where they are. */
export type Store = (name: string, shape: readonly number[], data: Float32Array) => Record<string, unknown>;

/**
 * An explanation as plain data for a JSON file: every map with its `shape`, outermost axis first, and what `store` gives for
 * its numbers. Their names are `input`, `features-1`, ..., `gradcam`, `occlusion` and `integrated-gradients`.
 */
export function describeExplanation(explanation: Explanation, store: Store): Record<string, unknown> {
  const { model, expression, probabilities, picture, features, gradcam, occlusion, integratedGradients } = explanation;
  return {
    model,
    expression,
    probabilities,
    input: describeHeatmap('input', picture, store),
    ...(features && { features: features.map((maps, i) => describeFeatures(`features-${i + 1}`, maps, store)) }),
    ...(gradcam && { gradcam: describeHeatmap('gradcam', gradcam, store) }),
    ...(occlusion && { occlusion: describeHeatmap('occlusion', occlusion, store) }),
    ...(integratedGradients && {
      integratedGradients: describeHeatmap('integrated-gradients', integratedGradients, store),
    }),
  };
}

function describeHeatmap(
  name: string,
  { width, height, data, ...about }: Heatmap,
  store: Store,
): Record<string, unknown> {
  const shape = [height, width];
  return { ...about, shape, ...store(name, shape, data) };
}

function describeFeatures(name: string, { layer, channels, width, height, data }: FeatureMaps, store: Store) {
  const shape = [channels, height, width];
  return { layer, shape, ...store(name, shape, data) };
}

/** Numbers as they are, in the digits that float32 holds. */
export function inlineValues(_name: string, _shape: readonly number[], data: Float32Array): Record<string, unknown> {
  return { values: Array.from(data, (value) => Number(value.toPrecision(7))) };
}
