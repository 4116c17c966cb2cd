import { gradients } from '@mememoji/graph/gradient';
import type { Tensor } from '@mememoji/graph/graph';
import { importModel } from '@mememoji/graph/import';
import { lower } from '@mememoji/graph/lowering';
import type { Model } from '@mememoji/graph/model';
import { relu } from '@mememoji/graph/operators/activation';
import { mul } from '@mememoji/graph/operators/arithmetic';
import { reduceMean, reduceSum } from '@mememoji/graph/operators/reduction';
import type { Values } from '@mememoji/graph/session';
import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import type { FeatureMaps, GradCam } from './explanation.ts';
import { chooseLayers, findHead, findLayers, type Layer, type LayerChoice } from './layers.ts';

/** Names of what an inspected net has beside its own input and output. */
export const TARGET = 'explain:target';
export const HEAD = 'explain:head';
const GRADCAM = 'explain:gradcam';
const featuresOf = (index: number): string => `explain:features:${index}`;

/** A net that shows what it does with one picture. */
export interface Inspection {
  /** The net for one picture, with its {@link TARGET} (1 for the label that is explained) as a further input. */
  model: Model;
  /** Those whose maps it shows. */
  layers: Layer[];
  /** The one that Grad-CAM looks at: the last feature maps. A net without convolutions has none. */
  last: Layer | undefined;
  /** The normalised picture; see {@link findHead}. */
  head: { name: string; tensor: Tensor };
}

/** @throws GraphError where the file has an operator that is not known; TrainError `BAD_OPTION` for an unknown layer */
export function buildInspection(
  model: Model,
  { input, output, labels }: ClassifierSpec,
  choice: LayerChoice,
): Inspection {
  const imported = importModel(model, 1);
  const { graph } = imported;
  const all = findLayers(imported);
  const layers = chooseLayers(all, choice);
  const last = chooseLayers(all, 'stages').at(-1);
  const head = findHead(imported, graph.inputs.get(input.name)!);
  layers.forEach(({ tensor }, i) => {
    graph.output(featuresOf(i), tensor);
  });
  graph.output(HEAD, head.tensor);
  const target = graph.input(TARGET, [1, labels.length]);
  if (last !== undefined) {
    const score = reduceSum(mul(graph.outputs.get(output.name)!, target));
    graph.output(GRADCAM, gradCam(score, last.tensor));
  }
  return { model: lower(graph), layers, last, head };
}

/**
 * Grad-CAM (Selvaraju et al., Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization, 2017): the
 * maps [1, C, H, W], each weighted by the mean of the score's gradient over it, summed, what is negative left out: [1, H, W].
 */
function gradCam(score: Tensor, maps: Tensor): Tensor {
  const [gradient] = gradients(score, [maps]) as [Tensor];
  const weights = reduceMean(gradient, [2, 3], true);
  return relu(reduceSum(mul(weights, maps), [1]));
}

/** The maps among what a run of the inspected net gave. */
export function readFeatures({ layers }: Inspection, results: Values): FeatureMaps[] {
  return layers.map(({ name, tensor }, i) => {
    const [, channels, height, width] = tensor.shape as [number, number, number, number];
    return { layer: name, channels, width, height, data: floats(results, featuresOf(i)) };
  });
}

/** Undefined for a net without convolutions. */
export function readGradCam({ last }: Inspection, results: Values): GradCam | undefined {
  if (last === undefined) return undefined;
  const [, , height, width] = last.tensor.shape as [number, number, number, number];
  return { layer: last.name, width, height, data: floats(results, GRADCAM) };
}

/** The values of an output, which sessions give as float32. */
export function floats(results: Values, name: string): Float32Array {
  return Float32Array.from(results[name]?.data ?? [], Number);
}
