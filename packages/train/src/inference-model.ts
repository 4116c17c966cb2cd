import { encodeModel } from '@mememoji/graph/codec';
import { Graph } from '@mememoji/graph/graph';
import { Scope, type VariableValues } from '@mememoji/graph/layers';
import { lower } from '@mememoji/graph/lowering';
import type { Model } from '@mememoji/graph/model';
import { storeWeights } from '@mememoji/graph/stored-weights';
import { type ClassifierSpec, SPEC_KEY } from '@mememoji/vision/classifier-spec';
import type { Recipe } from './recipe.ts';
import { classifier } from './training-graph.ts';
import { normalise } from './zoo/net.ts';
import { createNet } from './zoo/zoo.ts';

/**
 * The model to use a trained net with: pixels [batch, 1, height, width] -> logits [batch, classes], any batch size; weights
 * are stored as the recipe says.
 */
export function buildInferenceModel(recipe: Recipe, values: VariableValues, spec: ClassifierSpec): Model {
  const graph = new Graph();
  const scope = new Scope(graph, values);
  const pixels = graph.input(spec.input.name, [1, 1, spec.input.height, spec.input.width]);
  const { features } = createNet(recipe.model)(scope, normalise(pixels));
  graph.output(spec.output.name, classifier(scope, features, spec.labels.length));
  const model = lower(graph, {
    name: spec.name,
    metadata: { [SPEC_KEY]: JSON.stringify(spec) },
    dynamic: { [spec.input.name]: { 0: 'batch' }, [spec.output.name]: { 0: 'batch' } },
  });
  return storeWeights(model, recipe.storage);
}

/** Bytes of the file of {@link buildInferenceModel}. */
export function encodeInferenceModel(recipe: Recipe, values: VariableValues, spec: ClassifierSpec): Uint8Array {
  return encodeModel(buildInferenceModel(recipe, values, spec));
}
