import { encodeModel } from '@mememoji/graph/codec';
import { Graph } from '@mememoji/graph/graph';
import type { Range } from '@mememoji/graph/int8';
import { Scope, type VariableValues } from '@mememoji/graph/layers';
import { lower } from '@mememoji/graph/lowering';
import type { Model } from '@mememoji/graph/model';
import { quantiseModel } from '@mememoji/graph/quantise';
import { storeAsFloat16 } from '@mememoji/graph/stored-weights';
import { type ClassifierSpec, SPEC_KEY } from '@mememoji/vision/classifier-spec';
import type { Recipe } from './recipe.ts';
import { classifier } from './training-graph.ts';
import { normalise } from './zoo/net.ts';
import { createNet } from './zoo/zoo.ts';

/** The model to use a trained net with: pixels [batch, 1, height, width] -> logits [batch, classes], any batch size, in float32. */
export function buildInferenceModel(recipe: Recipe, values: VariableValues, spec: ClassifierSpec): Model {
  const graph = new Graph();
  const scope = new Scope(graph, values);
  const pixels = graph.input(spec.input.name, [1, 1, spec.input.height, spec.input.width]);
  const { features } = createNet(recipe.model)(scope, normalise(pixels));
  graph.output(spec.output.name, classifier(scope, features, spec.labels.length));
  return lower(graph, {
    name: spec.name,
    metadata: { [SPEC_KEY]: JSON.stringify(spec) },
    dynamic: { [spec.input.name]: { 0: 'batch' }, [spec.output.name]: { 0: 'batch' } },
  });
}

/**
 * Bytes of the file of {@link buildInferenceModel}, with its weights as float16.
 * @param ranges of its values, if its convolutions shall compute in 8 bits
 */
export function encodeInferenceModel(
  recipe: Recipe,
  values: VariableValues,
  spec: ClassifierSpec,
  ranges?: ReadonlyMap<string, Range>,
): Uint8Array {
  const model = buildInferenceModel(recipe, values, spec);
  return encodeModel(storeAsFloat16(ranges === undefined ? model : quantiseModel(model, ranges)));
}
