import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeModel } from '@mememoji/graph/codec';
import type { Model } from '@mememoji/graph/model';
import { float32 } from '@mememoji/graph/tensor';
import { describe, expect, test } from 'vitest';
import { openClassifier } from '../src/classifier-session.ts';

const SPEC = {
  format: 1,
  name: 'linear',
  version: '1',
  labels: ['happy', 'sad', 'neutral'],
  input: { name: 'pixels', width: 2, height: 1, range: [0, 255] },
  output: { name: 'logits' },
  normalisation: 'none',
  temperature: 1,
  uncertainBelow: 0,
  framing: { scale: 1, shiftY: 0, rotate: false },
  training: { run: '', seed: 0, epochs: 0, recipe: '', dataHash: '', date: '' },
  metrics: {},
};

/** logits = pixels [2] times a matrix [2, `columns`]. */
function linearModel(spec: object = SPEC, columns = 3): Uint8Array {
  const weights = Float32Array.from({ length: 2 * columns }, (_, i) => i + 1);
  const model: Model = {
    irVersion: 8,
    producer: 'test',
    producerVersion: '',
    opsets: { '': 17 },
    metadata: { mememoji: JSON.stringify(spec) },
    graph: {
      name: 'linear',
      inputs: [{ name: 'pixels', dtype: 'float32', shape: ['batch', 1, 1, 2] }],
      outputs: [{ name: 'logits', dtype: 'float32', shape: ['batch', columns] }],
      initializers: new Map([['weights', float32([2, columns], weights)]]),
      nodes: [
        { operator: 'Flatten', domain: '', name: 'flat', inputs: ['pixels'], outputs: ['flat'], attributes: {} },
        {
          operator: 'MatMul',
          domain: '',
          name: 'product',
          inputs: ['flat', 'weights'],
          outputs: ['logits'],
          attributes: {},
        },
      ],
    },
  };
  return encodeModel(model);
}

test('runs a model from bytes and from a file, whatever the batch', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'classifier-'));
  await writeFile(join(folder, 'linear.onnx'), linearModel());
  for (const source of [linearModel(), join(folder, 'linear.onnx')]) {
    const classifier = await openClassifier(source, { threads: 1 });
    expect(classifier.spec.labels).toEqual(['happy', 'sad', 'neutral']);
    // Rows of the matrix are 1 2 3 and 4 5 6.
    expect([...(await classifier.run(Float32Array.of(1, 0, 10, 100), 2))]).toEqual([1, 2, 3, 410, 520, 630]);
    expect([...(await classifier.run(Float32Array.of(0, 2), 1))]).toEqual([8, 10, 12]);
    await classifier.close();
  }
  await rm(folder, { recursive: true });
});

describe('what is no classifier is refused', () => {
  const coded = (code: string, message: RegExp) =>
    expect.objectContaining({ code, message: expect.stringMatching(message) });

  test('a file that does not exist, and a folder', async () => {
    await expect(openClassifier('/nowhere/m.onnx')).rejects.toEqual(coded('FILE_NOT_FOUND', /'\/nowhere\/m.onnx'/));
    await expect(openClassifier(tmpdir())).rejects.toEqual(coded('UNREADABLE_FILE', /cannot read/));
  });

  test('bytes that are no ONNX file', async () => {
    const text = new TextEncoder().encode('emotion,pixels,Usage\n');
    await expect(openClassifier(text)).rejects.toEqual(coded('BAD_METADATA', /not ONNX/));
  });

  test('a model that does not say what it is', async () => {
    await expect(openClassifier(linearModel({}))).rejects.toEqual(coded('BAD_METADATA', /format/));
  });

  test('metadata that names other inputs or outputs than the graph', async () => {
    const input = { ...SPEC.input, name: 'image' };
    await expect(openClassifier(linearModel({ ...SPEC, input }))).rejects.toEqual(
      coded('BAD_MODEL', /'image'.*pixels/),
    );
    const output = { name: 'scores' };
    await expect(openClassifier(linearModel({ ...SPEC, output }))).rejects.toEqual(
      coded('BAD_MODEL', /'scores'.*logits/),
    );
  });

  test('an output of another width than there are labels, an input of another size', async () => {
    const wide = await openClassifier(linearModel(SPEC, 4));
    await expect(wide.run(Float32Array.of(1, 2), 1)).rejects.toEqual(coded('BAD_MODEL', /not float32 \[1, 3\]/));
    await wide.close();
    const large = await openClassifier(linearModel({ ...SPEC, input: { ...SPEC.input, width: 3 } }));
    await expect(large.run(Float32Array.of(1, 2, 3), 1)).rejects.toEqual(coded('BAD_MODEL', /cannot be run on 1/));
    await large.close();
  });
});
