import { describe, expect, it } from 'vitest';
import { fromInteger, gridOf, rangeOf, toInt8, toInt32 } from '../src/int8.ts';
import { float32, type TensorData } from '../src/tensor.ts';

const CHANNELS = 40;

/** Kernels whose channels differ much in size; those of the first are all 0. */
const KERNELS = float32(
  [CHANNELS, 1, 3, 3],
  Array.from({ length: CHANNELS * 9 }, (_, i) => Math.sin(i) * 1.3 ** Math.floor(i / 9) * (i < 9 ? 0 : 1)),
);

function numbers({ data }: TensorData): number[] {
  return Array.from<number | bigint, number>(data, Number);
}

describe('a kernel in 8 bits', () => {
  const { weights, scale } = toInt8(KERNELS);

  it('is off by at most half a step of its own channel', () => {
    const read = numbers(fromInteger(weights, scale));
    for (let channel = 0; channel < CHANNELS; channel++) {
      const own = numbers(KERNELS).slice(9 * channel, 9 * channel + 9);
      const step = Math.max(...own.map(Math.abs)) / 64;
      const errors = own.map((value, i) => Math.abs(value - read[9 * channel + i]!));
      expect(Math.max(...errors)).toBeLessThanOrEqual(0.5001 * step);
    }
  });

  it('keeps two products with a uint8 within 16 bits, as processors without VNNI add them', () => {
    expect(2 * 255 * Math.max(...numbers(weights).map(Math.abs))).toBeLessThan(2 ** 15);
  });

  it('is read and written again as it was, also with factors next to 1', () => {
    const read = fromInteger(weights, scale);
    for (const factor of [1, 1 + 5e-8, 1 - 5e-8])
      expect(
        toInt8(
          float32(
            read.shape,
            numbers(read).map((value) => value * factor),
          ),
        ),
      ).toEqual({ weights, scale });
  });

  it('needs a scale for each channel', () => {
    for (const wrong of [undefined, float32([1], [1])])
      expect(() => fromInteger(weights, wrong)).toThrow(expect.objectContaining({ code: 'BAD_MODEL' }));
  });

  it('that is all 0 has a unit in which a bias fits into 32 bits', () => {
    const unit = float32(
      [CHANNELS],
      numbers(scale).map((value) => value * 1e-3),
    );
    const bias = float32([CHANNELS], new Float32Array(CHANNELS).fill(20));
    const [read] = numbers(fromInteger(toInt32(bias, unit), unit));
    expect(read).toBeCloseTo(20, 3);
  });
});

describe('a grid', () => {
  it.each([
    [0, 6.3],
    [-1, 2],
    [-3, -1],
    [2, 5],
    [0, 0],
  ])('has 0 on it exactly, and covers %f to %f to within a step', (low, high) => {
    const grid = gridOf({ low, high });
    expect(grid.step).toBeGreaterThan(0);
    expect(Number.isInteger(grid.zero) && grid.zero >= 0 && grid.zero <= 255).toBe(true);
    const covered = rangeOf(grid);
    expect(covered.low).toBeLessThanOrEqual(Math.min(0, low) + grid.step);
    expect(covered.high).toBeGreaterThanOrEqual(Math.max(0, high) - grid.step);
  });

  it('is the same for the range that it covers', () => {
    const grid = gridOf({ low: -1.234, high: 5.678 });
    expect(gridOf(rangeOf(grid))).toEqual(grid);
  });
});
