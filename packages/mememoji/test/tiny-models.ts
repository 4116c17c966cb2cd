/** ONNX files that compute what the fakes do, a few nodes each. */
import { encodeModel } from '@mememoji/graph/codec';
import type { Model, ModelNode } from '@mememoji/graph/model';
import { float32, int64 } from '@mememoji/graph/tensor';
import { type ClassifierSpec, SPEC_KEY } from '@mememoji/vision/classifier-spec';
import { ANCHOR, SPEC } from './fakes.ts';

const node = (
  operator: string,
  inputs: string[],
  output: string,
  attributes: ModelNode['attributes'] = {},
): ModelNode => ({
  operator,
  domain: '',
  name: output,
  inputs,
  outputs: [output],
  attributes,
});

const encode = (graph: Model['graph'], metadata: Record<string, string>): Uint8Array =>
  encodeModel({ irVersion: 8, producer: 'test', producerVersion: '1', opsets: { '': 17 }, metadata, graph });

/** Logits of a face: its mean brightness and 100. Its metadata hold `spec`, or nothing for null. */
export function tinyClassifier(spec: ClassifierSpec | null = SPEC): Uint8Array {
  const graph: Model['graph'] = {
    name: 'tiny',
    inputs: [{ name: 'face', dtype: 'float32', shape: ['batch', 1, 8, 8] }],
    outputs: [{ name: 'scores', dtype: 'float32', shape: ['batch', 2] }],
    initializers: new Map([
      ['weight', float32([1, 2], [1, 0])],
      ['bias', float32([2], [0, 100])],
    ]),
    nodes: [
      node('GlobalAveragePool', ['face'], 'mean'),
      node('Flatten', ['mean'], 'flat'),
      node('Gemm', ['flat', 'weight', 'bias'], 'scores'),
    ],
  };
  return encode(graph, spec === null ? {} : { [SPEC_KEY]: JSON.stringify(spec) });
}

/** Sees a face wherever a cell of 4x4 pixels is brighter than middle grey. */
export function tinyDetector(): Uint8Array {
  const graph: Model['graph'] = {
    name: 'tiny-detector',
    inputs: [{ name: 'image', dtype: 'float32', shape: [1, 3, 'height', 'width'] }],
    outputs: [
      { name: 'reg', dtype: 'float32', shape: [1, 'anchors', 16] },
      { name: 'cls', dtype: 'float32', shape: [1, 'anchors', 1] },
    ],
    initializers: new Map([
      ['brightness', float32([1, 3, 1, 1], [8 / 3, 8 / 3, 8 / 3])],
      ['nothing', float32([16, 3, 1, 1], new Float32Array(48))],
      ['anchor', float32([16], ANCHOR)],
      ['clsShape', int64([1, -1, 1])],
      ['regShape', int64([1, -1, 16])],
    ]),
    nodes: [
      node('AveragePool', ['image'], 'cells', {
        kernel_shape: { type: 'ints', value: [4, 4] },
        strides: { type: 'ints', value: [4, 4] },
      }),
      node('Conv', ['cells', 'brightness'], 'logits'),
      node('Reshape', ['logits', 'clsShape'], 'cls'),
      node('Conv', ['cells', 'nothing', 'anchor'], 'boxes'),
      node('Transpose', ['boxes'], 'boxesLast', { perm: { type: 'ints', value: [0, 2, 3, 1] } }),
      node('Reshape', ['boxesLast', 'regShape'], 'reg'),
    ],
  };
  return encode(graph, {});
}
