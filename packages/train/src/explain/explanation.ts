import type { Expression } from '@mememoji/vision/expression';

/** Ways to look into a classifier; see docs/explain.md. */
export const METHODS = ['features', 'gradcam', 'occlusion', 'integrated-gradients'] as const;

export type Method = (typeof METHODS)[number];

/** Numbers over an image, row by row from the top left. */
export interface Heatmap {
  width: number;
  height: number;
  /** `width * height` numbers. */
  data: Float32Array;
}

/** What a layer gives: one map for each channel. */
export interface FeatureMaps {
  /** Name of the value in the model file. */
  layer: string;
  channels: number;
  width: number;
  height: number;
  /** [channels, height, width]. */
  data: Float32Array;
}

/** Where the last feature maps speak for the expression: not negative, in units of the logit's slope. */
export interface GradCam extends Heatmap {
  layer: string;
}

/** How much the expression's probability falls, -1..1, where a grey patch hides the pixel: the mean over such patches. */
export interface Occlusion extends Heatmap {
  /** Side of the patch and distance between patches, in pixels of the map. */
  patch: number;
  stride: number;
}

/** What each pixel adds to the expression's logit, in logits, on the way from a flat picture to this one. */
export interface IntegratedGradients extends Heatmap {
  /** Parts into which the way was divided. */
  steps: number;
  /** Sum of the map, and what it must be: the logit of the picture less that of the flat one. They differ by the steps' error. */
  sum: number;
  difference: number;
}

/** What was found out about one face; a method that was not asked for is left out. */
export interface Explanation {
  /** Name and version of the model. */
  model: string;
  /** The expression that is explained. */
  expression: Expression;
  /** Calibrated probabilities of the model's labels, together 1. */
  probabilities: Partial<Record<Expression, number>>;
  /** What the net was given, grey 0..255. */
  picture: Heatmap;
  features?: FeatureMaps[];
  gradcam?: GradCam;
  occlusion?: Occlusion;
  integratedGradients?: IntegratedGradients;
}
