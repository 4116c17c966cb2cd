import { decodeModel, encodeModel } from '@mememoji/graph/codec';
import type { Model } from '@mememoji/graph/model';
import { quantiseModel, valuesToMeasure } from '@mememoji/graph/quantise';
import { readWeights, replaceWeights, storeAsFloat16 } from '@mememoji/graph/stored-weights';
import { float32, type TensorData } from '@mememoji/graph/tensor';
import { parseClassifierSpec } from '@mememoji/vision/classifier-spec';
import { describe, expect, it } from 'vitest';
import { openClassifier } from '../src/classifier-session.ts';
import { splitIndices } from '../src/dataset.ts';
import { joinDatasets } from '../src/join.ts';
import { blendModels, describeAnew } from '../src/model-edit.ts';
import { datasetOf, ferLikeRows } from './helpers/fer-like.ts';
import { testPicture, untrained } from './helpers/tiny-classifier.ts';

const NET = { architecture: 'residual', stem: 16, widths: [16], blocks: 1 };
/** The second's kernels are computed from others, so that it stays in float32 where the first is put into 8 bits. */
const JOINT = { architecture: 'joint', members: [NET, { ...NET, mirror: true }] };
const SIZE = 16;

type Weights = ReturnType<typeof readWeights>;

/** A net whose weights are all multiplied by a factor. */
function scaled(factor: number, options: Record<string, unknown> = NET): Model {
  const model = untrained(options, SIZE);
  const weights = [...readWeights(model)].map(([name, { shape, data }]): [string, TensorData] => [
    name,
    float32(
      shape,
      (data as Float32Array).map((value) => factor * value),
    ),
  ]);
  return replaceWeights(model, new Map(weights));
}

/** The bytes of its file, with weights as float16. */
function encodeScaled(factor: number): Uint8Array {
  return encodeModel(storeAsFloat16(scaled(factor)));
}

function numbersOf(data: TensorData['data']): number[] {
  return Array.from<number | bigint, number>(data, Number);
}

function encodeInt8(model: Model): Uint8Array {
  const ranges = new Map(valuesToMeasure(model).map((name) => [name, { low: -1, high: 3 }]));
  return encodeModel(storeAsFloat16(quantiseModel(model, ranges)));
}

describe('blendModels', () => {
  it('mixes what is stored by its numbers, in whatever bits, and leaves all else', () => {
    const [first, second] = [1, 3].map((factor) => encodeInt8(scaled(factor, JOINT))) as [Uint8Array, Uint8Array];
    const blended = decodeModel(blendModels(first, second, 0.25));
    const forms = new Set([...blended.graph.initializers.values()].map(({ dtype }) => dtype));
    expect([...forms].sort()).toEqual(['float16', 'float32', 'int32', 'int64', 'int8', 'uint8']);
    const mixed = readWeights(blended);
    const [from, to] = [first, second].map((bytes) => readWeights(decodeModel(bytes))) as [Weights, Weights];
    for (const [name, { data }] of from) {
      const expected = numbersOf(data).map((value, i) => 0.75 * value + 0.25 * numbersOf(to.get(name)!.data)[i]!);
      const step = Math.max(...expected.map(Math.abs)) / 64;
      for (const [i, value] of numbersOf(mixed.get(name)!.data).entries())
        expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(0.51 * step);
    }
    const shapes = (bytes: Uint8Array) =>
      [...decodeModel(bytes).graph.initializers].filter(([, { dtype }]) => dtype === 'int64');
    expect(shapes(blendModels(first, second, 0.25))).toEqual(shapes(first));
  });

  it('gives the first at 0 and the second at 1, as models that run', async () => {
    const [first, second] = [encodeScaled(1), encodeScaled(1.5)];
    const answers = await Promise.all(
      [first, blendModels(first, second, 0), second, blendModels(first, second, 1)].map(async (bytes) => {
        const classifier = await openClassifier(bytes);
        return [...(await classifier.run(testPicture(SIZE), 1).finally(() => classifier.close()))];
      }),
    );
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[3]).toEqual(answers[2]);
    expect(answers[0]).not.toEqual(answers[2]);
  });

  it('refuses another net', () => {
    const other = encodeModel(untrained({ ...NET, widths: [32] }, SIZE));
    expect(() => blendModels(encodeScaled(1), other, 0.5)).toThrow(expect.objectContaining({ code: 'BAD_MODEL' }));
  });
});

describe('describeAnew', () => {
  it('changes what a file says of itself, and nothing else', () => {
    const bytes = encodeScaled(1);
    const named = describeAnew(bytes, (spec) => ({ ...spec, name: 'other', version: '7' }));
    expect(parseClassifierSpec(decodeModel(named).metadata)).toMatchObject({ name: 'other', version: '7' });
    expect(decodeModel(named).graph).toEqual(decodeModel(bytes).graph);
    expect(() => describeAnew(bytes, (spec) => ({ ...spec, labels: [] }))).toThrow(
      expect.objectContaining({ code: 'BAD_METADATA' }),
    );
  });
});

describe('joinDatasets', () => {
  const first = datasetOf(ferLikeRows({ rows: 14, size: 4 }));
  const second = { ...datasetOf(ferLikeRows({ rows: 21, size: 4, seed: 2 })), source: { path: 'b', sha256: '11' } };

  it('puts rows one after the other, with classes by name and their splits', () => {
    const renamed = { ...second, labels: [...second.labels].reverse() };
    const joined = joinDatasets([first, renamed], first.labels);
    expect(joined.count).toBe(35);
    expect([...joined.pixels.subarray(14 * 16)]).toEqual([...second.pixels]);
    expect([...joined.targets.subarray(14)]).toEqual([...second.targets].map((target) => 6 - target));
    expect(splitIndices(joined, 'Training')).toHaveLength(splitIndices(first, 'Training').length + 13);
    expect(joined.source.sha256).not.toBe(joinDatasets([renamed, first], first.labels).source.sha256);
  });

  it('refuses pictures of another size and classes that have no place', () => {
    const larger = datasetOf(ferLikeRows({ rows: 7, size: 5 }));
    expect(() => joinDatasets([first, larger], first.labels)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }));
    expect(() => joinDatasets([first], ['happy', 'sad'])).toThrow(expect.objectContaining({ code: 'BAD_CLASSES' }));
    expect(() => joinDatasets([], ['happy', 'sad'])).toThrow(expect.objectContaining({ code: 'EMPTY_SELECTION' }));
  });
});
