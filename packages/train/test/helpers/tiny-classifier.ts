import { encodeModel } from '@mememoji/graph/codec';
import { Graph, type Tensor } from '@mememoji/graph/graph';
import { initialValues, Scope } from '@mememoji/graph/layers';
import { lower } from '@mememoji/graph/lowering';
import type { Model } from '@mememoji/graph/model';
import { type ClassifierSpec, SPEC_KEY } from '@mememoji/vision/classifier-spec';
import { EXPRESSIONS } from '@mememoji/vision/expression';
import { buildInferenceModel } from '../../src/inference-model.ts';
import { Random } from '../../src/random.ts';
import { parseRecipe } from '../../src/recipe.ts';
import { classifier } from '../../src/training-graph.ts';
import { normalise } from '../../src/zoo/net.ts';
import { createNet, type ModelOptions } from '../../src/zoo/zoo.ts';

/** A description for a model of these tests; the net is given pixels as they are, 0..255. */
export function specOf(size: number, labels: ClassifierSpec['labels'] = ['happy', 'sad']): ClassifierSpec {
  return {
    format: 1,
    name: 'tiny',
    version: '1',
    labels,
    input: { name: 'pixels', width: size, height: size, range: [0, 255] },
    output: { name: 'logits' },
    normalisation: 'none',
    temperature: 1,
    uncertainBelow: 0,
    framing: { scale: 1, shiftY: 0, rotate: true },
    training: { run: 'none', seed: 0, epochs: 0, recipe: 'none', dataHash: 'none', date: '2026-01-01' },
    metrics: {},
  };
}

/** A classifier of two labels made by hand: pixels [1, 1, size, size] to logits [1, 2]. */
export function tinyClassifier(size: number, build: (pixels: Tensor) => Tensor): Model {
  const graph = new Graph();
  graph.output('logits', build(graph.input('pixels', [1, 1, size, size])));
  return lower(graph, {
    metadata: { [SPEC_KEY]: JSON.stringify(specOf(size)) },
    dynamic: { pixels: { 0: 'batch' }, logits: { 0: 'batch' } },
  });
}

export function encodeTiny(size: number, build: (pixels: Tensor) => Tensor): Uint8Array {
  return encodeModel(tinyClassifier(size, build));
}

/** A net of the zoo as `train` exports it, with weights as they are before training. */
export function untrained(options: object, size: number): Model {
  const recipe = parseRecipe({ name: 'untrained', model: options, epochs: 1, inputSize: size });
  const scope = new Scope(new Graph());
  const model: ModelOptions = recipe.model;
  const { features } = createNet(model)(scope, normalise(scope.graph.input('pixels', [2, 1, size, size])));
  classifier(scope, features, EXPRESSIONS.length);
  const random = new Random(1);
  const values = initialValues(scope.variables.values(), () => random.normal());
  return buildInferenceModel(recipe, values, specOf(size, [...EXPRESSIONS]));
}

/** A picture with slopes and an edge, grey 0..255. */
export function testPicture(size: number): Float32Array {
  return Float32Array.from({ length: size * size }, (_, i) => {
    const [x, y] = [i % size, Math.floor(i / size)];
    return x + y < size ? 40 + (150 * x) / size : 220 - 90 * Math.sin(y / 3);
  });
}
