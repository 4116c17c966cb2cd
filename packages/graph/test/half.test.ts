import { describe, expect, it } from 'vitest';
import { decodeModel, encodeModel } from '../src/codec.ts';
import { Graph } from '../src/graph.ts';
import { fromFloat16, storeAsFloat16, toFloat16 } from '../src/half.ts';
import { lower } from '../src/lowering.ts';
import { gemm } from '../src/operators/matmul.ts';
import { float32 } from '../src/tensor.ts';
import { createNodeSession } from './node-session.ts';

describe('float16', () => {
  it('gives the bits of IEEE 754 binary16', () => {
    const cases: [number, number][] = [
      [0, 0x0000],
      [-0, 0x8000],
      [1, 0x3c00],
      [-2, 0xc000],
      [65504, 0x7bff],
      [65519.9, 0x7bff],
      [65520, 0x7c00],
      [2 ** -14, 0x0400],
      [2 ** -24, 0x0001],
      [2 ** -25, 0x0000],
      [1.5 * 2 ** -24, 0x0002],
      [1 + 2 ** -11, 0x3c00],
      [1 + 3 * 2 ** -11, 0x3c02],
      [Number.POSITIVE_INFINITY, 0x7c00],
      [Number.NaN, 0x7e00],
    ];
    for (const [value, bits] of cases) expect(toFloat16(value), String(value)).toBe(bits);
  });

  it('returns every finite float16 unchanged', () => {
    const finite = Array.from({ length: 0x10000 }, (_, half) => half).filter((half) => (half & 0x7c00) !== 0x7c00);
    expect(finite).toHaveLength(63488);
    expect(finite.filter((half) => toFloat16(fromFloat16(half)) !== half)).toEqual([]);
  });
});

describe('storeAsFloat16', () => {
  it('halves the file and keeps the results to float16 accuracy', async () => {
    const graph = new Graph();
    const weights = Float32Array.from({ length: 64 * 64 }, (_, i) => Math.sin(i));
    graph.output('y', gemm(graph.input('x', [1, 64]), graph.constant(float32([64, 64], weights))));
    const model = lower(graph);
    const full = encodeModel(model);
    const half = encodeModel(storeAsFloat16(model));
    expect(half.length).toBeLessThan(0.6 * full.length);
    expect(decodeModel(half).graph.initializers.size).toBe(1);
    const feeds = {
      x: float32(
        [1, 64],
        Float32Array.from({ length: 64 }, (_, i) => Math.cos(i)),
      ),
    };
    const [a, b] = [await run(full, feeds), await run(half, feeds)];
    for (const [i, value] of b.entries()) expect(Math.abs(value - a[i]!)).toBeLessThan(64 * 2 ** -11);
    expect(b).not.toEqual(a);
  });
});

async function run(
  bytes: Uint8Array,
  feeds: Parameters<Awaited<ReturnType<typeof createNodeSession>>['run']>[0],
): Promise<number[]> {
  const session = await createNodeSession(bytes);
  const { y } = await session.run(feeds);
  await session.close();
  return Array.from(y!.data, Number);
}
