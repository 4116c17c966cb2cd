import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { encodeModel } from '@mememoji/graph/codec';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/random.ts';
import { clusterMeans, decodeMemory, encodeMemory } from '../../src/tuning/memory.ts';
import { splitModel } from '../../src/tuning/split-model.ts';
import { untrained } from '../helpers/tiny-classifier.ts';

const MODELS = fileURLToPath(new URL('../../../../models/', import.meta.url));

describe('clusterMeans', () => {
  /** Rows of two numbers about three places, and one row far away from all. */
  const random = new Random(3);
  const places = [
    [0, 0],
    [10, 0],
    [0, 10],
  ] as const;
  const rows = Float32Array.from([
    ...Array.from({ length: 60 }, (_, i) => places[i % 3]!.map((at) => at + 0.3 * random.normal())).flat(),
    90,
    90,
  ]);

  it('finds the places, and leaves out what is alone', () => {
    const means = clusterMeans(rows, 2, { count: 8, smallest: 3, random: new Random(1) });
    const pairs = Array.from({ length: means.length / 2 }, (_, i) => [means[2 * i]!, means[2 * i + 1]!] as const);
    for (const [x, y] of places) {
      const nearest = Math.min(...pairs.map((pair) => Math.hypot(pair[0] - x, pair[1] - y)));
      expect(nearest).toBeLessThan(0.5);
    }
    expect(pairs.every((pair) => places.some(([x, y]) => Math.hypot(pair[0] - x, pair[1] - y) < 1))).toBe(true);
  });

  it('gives no more means than rows', () => {
    expect(clusterMeans(Float32Array.of(1, 2, 3), 1, { count: 9, smallest: 1, random: new Random(1) }).length).toBe(3);
    expect(clusterMeans(new Float32Array(0), 4, { count: 9, smallest: 1, random: new Random(1) }).length).toBe(0);
  });
});

describe('a memory file', () => {
  const split = splitModel(encodeModel(untrained({ architecture: 'residual', stem: 4, widths: [4], blocks: 1 }, 8)));

  it('keeps rows in float16, for the model that they are of', () => {
    const rows = Float32Array.of(1, 0.5, -2, 0.25, 3, 0, 0.125, 7);
    const bytes = encodeMemory(split, rows);
    expect(decodeMemory(split, bytes)).toEqual(rows);
    const other = { ...split, spec: { ...split.spec, training: { ...split.spec.training, run: 'another' } } };
    expect(() => decodeMemory(other, bytes)).toThrow(expect.objectContaining({ code: 'BAD_MODEL' }));
  });

  it('of the shipped model is that of the shipped model', () => {
    const shipped = splitModel(readFileSync(`${MODELS}mememoji.onnx`));
    const rows = decodeMemory(shipped, readFileSync(`${MODELS}mememoji.memory`));
    const size = shipped.features.shape[0]!;
    expect(rows.length % size).toBe(0);
    expect(rows.length / size).toBeGreaterThan(200);
    expect(rows.every((value) => value >= 0 && value < 100)).toBe(true); // means of what comes out of a Relu
  });
});
