import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeModel } from '@mememoji/graph/codec';
import type { ModelNode } from '@mememoji/graph/model';
import { float32, int64 } from '@mememoji/graph/tensor';
import { type ClassifierSpec, SPEC_KEY } from '@mememoji/vision/classifier-spec';
import { EXPRESSIONS, type Expression, type Expressions } from '@mememoji/vision/expression';

/** What the stand-in says of every face. With disgust counted as angry, angry becomes the likeliest. */
export const STAND_IN_ANSWER: Expressions = {
  angry: 0.2,
  disgust: 0.15,
  fear: 0.05,
  happy: 0.3,
  sad: 0.1,
  surprise: 0.05,
  neutral: 0.15,
};

const SPEC: ClassifierSpec = {
  format: 1,
  name: 'stand-in',
  version: '0.0.1',
  labels: [...EXPRESSIONS],
  input: { name: 'face', width: 48, height: 48, range: [0, 1] },
  output: { name: 'logits' },
  normalisation: 'none',
  temperature: 1,
  uncertainBelow: 0.32,
  framing: { scale: 1, shiftY: 0, rotate: true },
  training: { run: 'none', seed: 0, epochs: 0, recipe: 'none', dataHash: 'none', date: '2026-01-01' },
  metrics: { 'privateTest.accuracy': 0.25 },
};

/**
 * A classifier of these classes that gives the same answer for every face: the pixels are multiplied by 0, the bias is the
 * answer's logarithm.
 */
export function encodeStandIn(labels: readonly Expression[] = EXPRESSIONS): Uint8Array {
  const node = (operator: string, inputs: string[], output: string): ModelNode => ({
    operator,
    domain: '',
    name: output,
    inputs,
    outputs: [output],
    attributes: {},
  });
  const logits = labels.map((name) => Math.log(STAND_IN_ANSWER[name]));
  return encodeModel({
    irVersion: 8,
    producer: 'test',
    producerVersion: '',
    opsets: { '': 17 },
    metadata: { [SPEC_KEY]: JSON.stringify({ ...SPEC, labels }) },
    graph: {
      name: 'stand-in',
      inputs: [{ name: 'face', dtype: 'float32', shape: ['batch', 1, 48, 48] }],
      outputs: [{ name: 'logits', dtype: 'float32', shape: ['batch', labels.length] }],
      initializers: new Map([
        ['flat', int64([-1, 1])],
        ['weight', float32([1, labels.length], new Float32Array(labels.length))],
        ['bias', float32([labels.length], logits)],
      ]),
      nodes: [
        node('GlobalAveragePool', ['face'], 'mean'),
        node('Reshape', ['mean', 'flat'], 'column'),
        node('Gemm', ['column', 'weight', 'bias'], 'logits'),
      ],
    },
  });
}

/** Makes an empty folder for one test file, with the stand-in in it. */
export function makeFolder(): { folder: string; model: string } {
  const folder = mkdtempSync(join(tmpdir(), 'mememoji-cli-'));
  const model = join(folder, 'stand-in.onnx');
  writeFileSync(model, encodeStandIn());
  return { folder, model };
}
