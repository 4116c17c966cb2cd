import { describe, expect, it } from 'vitest';
import { fromFloat16, toFloat16 } from '../src/half.ts';

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
