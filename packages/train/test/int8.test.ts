/** A net that is trained and then computes in 8 bits. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeModel } from '@mememoji/graph/codec';
import { readRanges } from '@mememoji/graph/quantise';
import { parseClassifierSpec } from '@mememoji/vision/classifier-spec';
import { describe, expect, it } from 'vitest';
import { measureRanges } from '../src/activation-ranges.ts';
import { encodeInferenceModel } from '../src/inference-model.ts';
import { readStartingWeights } from '../src/model-variables.ts';
import { train } from '../src/trainer.ts';
import { selectTrainingData } from '../src/training-data.ts';
import { validate } from '../src/validation.ts';
import { operatorsOf } from './helpers/tiny-net.ts';
import { engine, folderForAll, tinyDataset, tinyRecipe } from './helpers/tiny-run.ts';

const DATASET = tinyDataset();
const RECIPE = tinyRecipe({
  model: { architecture: 'residual', stem: 16, widths: [16, 32], blocks: 1 },
  epochs: 6,
});
const FOLDER = folderForAll();
const paths = { float32: join(FOLDER, 'float32'), int8: join(FOLDER, 'int8') };

/** The same training twice, finished in either arithmetic. */
const runs = Promise.all(
  (['float32', 'int8'] as const).map((arithmetic) =>
    train({ ...RECIPE, arithmetic }, DATASET, { folder: paths[arithmetic], createSession: engine }),
  ),
);

describe('a recipe in 8 bits', () => {
  it('gives a model that is as sure and as right as in float32, and is measured as it is', async () => {
    const [exact, rounded] = (await runs).map(({ validation }) => validation!);
    expect(exact!.accuracy).toBeGreaterThan(0.5);
    expect(Math.abs(rounded!.accuracy - exact!.accuracy)).toBeLessThan(0.04);
    expect(rounded!.loss / exact!.loss).toBeCloseTo(1, 1);
    expect(rounded!.loss).not.toBe(exact!.loss);
    const bytes = readFileSync(join(paths.int8, 'model.onnx'));
    const spec = parseClassifierSpec(decodeModel(bytes).metadata);
    const again = await validate(bytes, spec, selectTrainingData(DATASET, RECIPE), engine);
    expect(again.loss).toBeCloseTo(rounded!.loss, 6);
    expect(spec.temperature).toBe(rounded!.temperature);
  });

  it('keeps every convolution in 8 bits, which the file says in standard operators', async () => {
    await runs;
    const model = decodeModel(readFileSync(join(paths.int8, 'model.onnx')));
    const kernels = [...model.graph.initializers].filter(([name]) => name.endsWith('.weight:int8'));
    expect(kernels).toHaveLength(operatorsOf(model).filter((operator) => operator === 'Conv').length);
    expect(model.graph.nodes.every(({ domain }) => domain === '')).toBe(true);
    expect(operatorsOf(model)).not.toContain('BatchNormalization');
  });

  it('is trained on, and written again as it was', async () => {
    await runs;
    const path = join(paths.int8, 'model.onnx');
    const bytes = readFileSync(path);
    const spec = parseClassifierSpec(decodeModel(bytes).metadata);
    const from = await readStartingWeights(path);
    expect(Buffer.from(encodeInferenceModel(RECIPE, from.values, spec, from.ranges)).equals(bytes)).toBe(true);
    const standing = { ...RECIPE, epochs: 1, schedule: { kind: 'constant', peak: 1e-9, warmupEpochs: 0 } as const };
    const further = await train(standing, DATASET, { folder: join(FOLDER, 'on'), createSession: engine, from });
    const [, rounded] = await runs;
    expect(further.validation!.accuracy).toBeGreaterThan(rounded!.validation!.accuracy - 0.1);
  });
});

describe('measureRanges', () => {
  it('covers nearly all that the pictures of Training give, and no more', async () => {
    await runs;
    const path = join(paths.float32, 'model.onnx');
    const from = await readStartingWeights(path);
    expect(from.ranges).toBeUndefined();
    const spec = parseClassifierSpec(decodeModel(readFileSync(path)).metadata);
    const data = selectTrainingData(DATASET, RECIPE);
    const trained = { recipe: RECIPE, values: from.values, spec };
    const ranges = await measureRanges(trained, data, engine);
    const kept = readRanges(decodeModel(readFileSync(join(paths.int8, 'model.onnx'))));
    expect([...kept.keys()].sort()).toEqual([...ranges.keys()].sort());
    const relus = [...ranges].filter(([name]) => name.startsWith('Relu'));
    expect(relus.length).toBeGreaterThan(2);
    for (const [name, { low, high }] of relus) {
      expect(low, name).toBe(0);
      expect(high, name).toBeGreaterThan(0.1);
      expect(Math.abs(kept.get(name)!.high / high - 1), name).toBeLessThan(0.02);
    }
    const few = { ...data, training: data.training.subarray(0, 1) };
    expect((await measureRanges(trained, few, engine)).size).toBe(ranges.size);
  });
});
