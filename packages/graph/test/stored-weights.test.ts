import { describe, expect, it } from 'vitest';
import { decodeModel, encodeModel } from '../src/codec.ts';
import { Graph } from '../src/graph.ts';
import { importModel } from '../src/import.ts';
import { lower } from '../src/lowering.ts';
import type { Model } from '../src/model.ts';
import { conv } from '../src/operators/convolution.ts';
import { gemm } from '../src/operators/matmul.ts';
import { flatten } from '../src/operators/shape.ts';
import { readWeights, replaceWeights, storeWeights } from '../src/stored-weights.ts';
import { float32, sizeOf, type TensorData } from '../src/tensor.ts';
import { createNodeSession } from './node-session.ts';

const CHANNELS = 40;

/** Kernels whose channels differ much in size; those of the first are all 0. */
const KERNELS = float32(
  [CHANNELS, 1, 3, 3],
  Array.from({ length: CHANNELS * 9 }, (_, i) => Math.sin(i) * 1.3 ** Math.floor(i / 9) * (i < 9 ? 0 : 1)),
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

function numbers(tensor: TensorData | undefined): number[] {
  return Array.from<number | bigint, number>(tensor!.data, Number);
}

describe('storeWeights', () => {
  const stored = storeWeights(buildNet(), 'int8');

  it('keeps kernels in 8 bits with a scale for each channel, what is dense in 16, and what is small as it is', () => {
    const { initializers } = stored.graph;
    const forms = [...initializers].map(([name, { dtype }]) => `${name} ${dtype}`);
    expect(forms.filter((form) => !form.endsWith('int64')).sort()).toEqual([
      'bias float32',
      'dense:half float16',
      'kernels:int8 int8',
      'kernels:scale float32',
    ]);
    expect(initializers.get('kernels:scale')!.shape).toEqual([CHANNELS, 1, 1, 1]);
    const [full, small] = [buildNet(), stored].map((model) => encodeModel(model).length);
    expect(small).toBeLessThan(0.55 * full!);
  });

  it('rounds each weight by at most half a step of its own channel', () => {
    const weights = readWeights(stored);
    const read = numbers(weights.get('kernels'));
    for (let channel = 0; channel < CHANNELS; channel++) {
      const own = numbers(KERNELS).slice(9 * channel, 9 * channel + 9);
      const step = Math.max(...own.map(Math.abs)) / 127;
      const errors = own.map((value, i) => Math.abs(value - read[9 * channel + i]!));
      expect(Math.max(...errors)).toBeLessThanOrEqual(0.5001 * step);
    }
    numbers(weights.get('dense')).forEach((value, i) => {
      expect(Math.abs(value - DENSE.data[i]!)).toBeLessThanOrEqual(2 ** -12);
    });
    expect(weights.get('bias')).toEqual(BIAS);
  });

  it('gives nearly the same results, through a file, and those of the weights that are read from it', async () => {
    const full = await run(buildNet());
    const decoded = decodeModel(encodeModel(stored));
    const small = await run(decoded);
    const size = Math.max(...full.map(Math.abs));
    for (const [i, value] of small.entries()) expect(Math.abs(value - full[i]!)).toBeLessThan(0.01 * size);
    expect(small).not.toEqual(full);
    expect(await run(replaceWeights(buildNet(), readWeights(decoded)))).toEqual(small);
    const { graph } = importModel(decoded, 1);
    const imported = lower(graph);
    expect(imported.graph.nodes.map(({ operator }) => operator)).not.toContain('Mul');
    expect(await run(imported)).toEqual(small);
  });

  it('keeps all that is large as float16 where that is asked for', () => {
    const { initializers } = storeWeights(buildNet(), 'float16').graph;
    expect([...initializers.keys()]).toEqual(expect.arrayContaining(['bias', 'dense:half', 'kernels:half']));
    expect(initializers.has('kernels:int8')).toBe(false);
  });

  it.each(['float16', 'int8'] as const)('stores what it has read as it was: %s', (kernels) => {
    const once = storeWeights(buildNet(), kernels);
    const again = storeWeights(replaceWeights(buildNet(), readWeights(once)), kernels);
    expect(again.graph.initializers).toEqual(once.graph.initializers);
  });
});

describe('readWeights', () => {
  it('refuses 8-bit weights without a scale for each channel', () => {
    const { graph, ...model } = storeWeights(buildNet(), 'int8');
    for (const scale of [undefined, float32([1], [1])]) {
      const initializers = new Map(graph.initializers);
      if (scale === undefined) initializers.delete('kernels:scale');
      else initializers.set('kernels:scale', scale);
      expect(() => readWeights({ ...model, graph: { ...graph, initializers } })).toThrow(
        expect.objectContaining({ code: 'BAD_MODEL' }),
      );
    }
  });
});

describe('replaceWeights', () => {
  it.each([
    ['float32', (model: Model) => model],
    ['float16', (model: Model) => storeWeights(model, 'float16')],
    ['int8', (model: Model) => storeWeights(model, 'int8')],
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
    const model = storeWeights(buildNet(), 'int8');
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
