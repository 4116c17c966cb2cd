import { describe, expect, it } from 'vitest';
import { decodeModel, encodeModel } from '../src/codec.ts';
import { Graph } from '../src/graph.ts';
import { importModel } from '../src/import.ts';
import { lower } from '../src/lowering.ts';
import type { Model } from '../src/model.ts';
import { conv } from '../src/operators/convolution.ts';
import { gemm } from '../src/operators/matmul.ts';
import { flatten } from '../src/operators/shape.ts';
import { readWeights, replaceWeights, storeAsFloat16 } from '../src/stored-weights.ts';
import { float32, sizeOf } from '../src/tensor.ts';
import { createNodeSession } from './node-session.ts';

const CHANNELS = 40;

const KERNELS = float32(
  [CHANNELS, 1, 3, 3],
  Array.from({ length: CHANNELS * 9 }, (_, i) => Math.sin(i)),
);
const DENSE = float32(
  [10, CHANNELS * 36],
  Array.from({ length: 10 * CHANNELS * 36 }, (_, i) => Math.cos(i)),
);
const BIAS = float32([10], new Float32Array(10).fill(0.1));
const FEEDS = {
  x: float32(
    [1, 1, 6, 6],
    Array.from({ length: 36 }, (_, i) => Math.cos(i)),
  ),
};

/** A convolution, a dense layer over it, and a bias that is too small to be worth it. */
function buildNet(): Model {
  const graph = new Graph();
  const maps = conv(graph.input('x', [1, 1, 6, 6]), graph.constant(KERNELS, 'kernels'));
  const dense = gemm(flatten(maps), graph.constant(DENSE, 'dense'), false, true, graph.constant(BIAS, 'bias'));
  graph.output('y', dense);
  return lower(graph);
}

async function run(model: Model): Promise<number[]> {
  const session = await createNodeSession(encodeModel(model));
  const { y } = await session.run(FEEDS);
  await session.close();
  return Array.from(y!.data, Number);
}

describe('storeAsFloat16', () => {
  const stored = storeAsFloat16(buildNet());

  it('keeps what is large in 16 bits, and what is small as it is', () => {
    const { initializers } = stored.graph;
    const forms = [...initializers].map(([name, { dtype }]) => `${name} ${dtype}`);
    expect(forms.filter((form) => !form.endsWith('int64')).sort()).toEqual([
      'bias float32',
      'dense:half float16',
      'kernels:half float16',
    ]);
    const [full, small] = [buildNet(), stored].map((model) => encodeModel(model).length);
    expect(small).toBeLessThan(0.55 * full!);
    expect(readWeights(stored).get('bias')).toEqual(BIAS);
  });

  it('gives nearly the same results, through a file, and those of the weights that are read from it', async () => {
    const full = await run(buildNet());
    const decoded = decodeModel(encodeModel(stored));
    const small = await run(decoded);
    const size = Math.max(...full.map(Math.abs));
    for (const [i, value] of small.entries()) expect(Math.abs(value - full[i]!)).toBeLessThan(2e-3 * size);
    expect(small).not.toEqual(full);
    expect(await run(replaceWeights(buildNet(), readWeights(decoded)))).toEqual(small);
    expect(await run(lower(importModel(decoded, 1).graph))).toEqual(small);
  });

  it('stores what it has read as it was', () => {
    const again = storeAsFloat16(replaceWeights(buildNet(), readWeights(stored)));
    expect(again.graph.initializers).toEqual(stored.graph.initializers);
  });
});

describe('replaceWeights', () => {
  it.each([
    ['float32', (model: Model) => model],
    ['float16', storeAsFloat16],
  ])('puts other weights in the place of those that are there, as %s', async (_, form) => {
    const model = form(buildNet());
    const changed = replaceWeights(
      model,
      new Map([
        ['kernels', { ...KERNELS, data: KERNELS.data.map((value) => 2 * value) }],
        ['bias', { ...BIAS, data: BIAS.data.map(() => 0) }],
      ]),
    );
    expect([...changed.graph.initializers.keys()]).toEqual([...model.graph.initializers.keys()]);
    const [before, after] = [await run(model), await run(changed)];
    const size = Math.max(...after.map(Math.abs));
    for (const [i, value] of after.entries())
      expect(Math.abs(value - 2 * (before[i]! - 0.1))).toBeLessThan(1e-5 * size);
  });

  it('refuses weights of another shape or name', () => {
    const model = storeAsFloat16(buildNet());
    for (const [name, shape] of [
      ['kernels', [CHANNELS, 1, 1, 9]],
      ['bias', [11]],
      ['nobody', [10]],
    ] as const) {
      const weights = new Map([[name, float32(shape, new Float32Array(sizeOf(shape)))]]);
      expect(() => replaceWeights(model, weights)).toThrow(`it has no weights '${name}'`);
    }
  });
});
