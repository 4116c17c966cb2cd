import { decodeModel, encodeModel } from '@mememoji/graph/codec';
import { fromFloat16 } from '@mememoji/graph/half';
import { parseClassifierSpec } from '@mememoji/vision/classifier-spec';
import { describe, expect, it } from 'vitest';
import { openClassifier } from '../src/classifier-session.ts';
import { splitIndices } from '../src/dataset.ts';
import { joinDatasets } from '../src/join.ts';
import { blendModels, describeAnew } from '../src/model-edit.ts';
import { datasetOf, ferLikeRows } from './helpers/fer-like.ts';
import { testPicture, untrained } from './helpers/tiny-classifier.ts';

const NET = { architecture: 'residual', stem: 16, widths: [16], blocks: 1 };
const SIZE = 16;

/** A net whose weights are all multiplied by a factor, but for what is no weight. */
function scaled(factor: number): Uint8Array {
  const model = untrained(NET, SIZE);
  const initializers = new Map(
    [...model.graph.initializers].map(([name, value]) => {
      if (value.data instanceof Float32Array) return [name, { ...value, data: value.data.map((one) => factor * one) }];
      return [name, value];
    }),
  );
  return encodeModel({ ...model, graph: { ...model.graph, initializers } });
}

describe('blendModels', () => {
  it('mixes weights of both kinds, and leaves all else', () => {
    const [first, second] = [scaled(1), scaled(3)];
    const tensors = (bytes: Uint8Array) => decodeModel(bytes).graph.initializers;
    const blended = tensors(blendModels(first, second, 0.25));
    for (const [name, { data }] of tensors(first)) {
      const mixed = blended.get(name)!.data;
      if (data instanceof Float32Array) data.forEach((value, i) => void expect(mixed[i]).toBeCloseTo(1.5 * value, 5));
      else expect([...mixed]).toEqual([...data]);
    }
  });

  it('mixes what is stored as float16 by its numbers, not by its bits', () => {
    const model = untrained(NET, SIZE);
    const halves = [...model.graph.initializers].find(([, { dtype }]) => dtype === 'float16')!;
    const with1 = (bits: number) => {
      const data = Uint16Array.from(halves[1].data as Uint16Array).fill(bits);
      return encodeModel({
        ...model,
        graph: {
          ...model.graph,
          initializers: new Map([...model.graph.initializers, [halves[0], { ...halves[1], data }]]),
        },
      });
    };
    const blended = decodeModel(blendModels(with1(0x3c00), with1(0x4200), 0.5)).graph.initializers.get(halves[0])!; // 1, 3
    expect(fromFloat16(Number(blended.data[0]))).toBe(2);
  });

  it('gives the first at 0 and the second at 1, as models that run', async () => {
    const [first, second] = [scaled(1), scaled(1.5)];
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
    expect(() => blendModels(scaled(1), other, 0.5)).toThrow(expect.objectContaining({ code: 'BAD_MODEL' }));
  });
});

describe('describeAnew', () => {
  it('changes what a file says of itself, and nothing else', () => {
    const bytes = scaled(1);
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
