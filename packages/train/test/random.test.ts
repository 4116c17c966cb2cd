import { describe, expect, it } from 'vitest';
import { Random } from '../src/random.ts';

function sample(count: number, draw: () => number): { mean: number; deviation: number; values: number[] } {
  const values = Array.from({ length: count }, draw);
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
  return { mean, deviation: Math.sqrt(variance), values };
}

/** sfc32 by its definition (PractRand), on BigInt: an independent form. */
function sfc32(a: bigint, b: bigint, c: bigint, counter: bigint): () => number {
  const low = (value: bigint) => value & 0xffffffffn;
  return () => {
    const sum = low(a + b + counter);
    counter = low(counter + 1n);
    a = b ^ (b >> 9n);
    b = low(c + (c << 3n));
    c = low(low((c << 21n) | (c >> 11n)) + sum);
    return Number(sum);
  };
}

describe('Random', () => {
  it('is sfc32', () => {
    const reference = sfc32(12n, 0xffffffffn, 34n, 3n);
    for (let i = 0; i < 15; i++) reference();
    const random = new Random(12, -1, 34, 2);
    expect(Array.from({ length: 200 }, () => random.uint32())).toEqual(Array.from({ length: 200 }, reference));
  });

  it('gives the same for the same keys and other numbers for others', () => {
    const first = (...key: [number, number, number, number]) => new Random(...key).uint32();
    expect(new Random(1).uint32()).toBe(first(1, 0, 0, 0));
    const keys: [number, number, number, number][] = [
      [1, 0, 0, 0],
      [2, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 1, 0],
      [0, 0, 0, 1],
      [1, 1, 0, 0],
    ];
    expect(new Set(keys.map((key) => first(...key))).size).toBe(keys.length);
    expect(new Random(3, 4, 5).uint32()).toBe(new Random(9).seed(3, 4, 5).uint32());
  });

  it('goes on from a stored state', () => {
    const random = new Random(7);
    random.normal();
    const copy = Random.restore(JSON.parse(JSON.stringify(random.state())));
    expect(Array.from({ length: 10 }, () => copy.normal())).toEqual(Array.from({ length: 10 }, () => random.normal()));
  });

  it('draws from the distributions it names', () => {
    const random = new Random(11);
    const uniform = sample(40_000, () => random.uniform(-2, 4));
    expect(uniform.mean).toBeCloseTo(1, 1);
    expect(uniform.deviation).toBeCloseTo(6 / Math.sqrt(12), 1);
    expect(uniform.values.every((value) => value >= -2 && value < 4)).toBe(true);
    const normal = sample(40_000, () => random.normal());
    expect(normal.mean).toBeCloseTo(0, 1);
    expect(normal.deviation).toBeCloseTo(1, 1);
    const gamma = sample(40_000, () => random.gamma(0.5));
    expect(gamma.mean).toBeCloseTo(0.5, 1);
    expect(gamma.deviation).toBeCloseTo(Math.sqrt(0.5), 1);
    const beta = sample(40_000, () => random.beta(2, 6));
    expect(beta.mean).toBeCloseTo(0.25, 2);
    expect(beta.deviation).toBeCloseTo(Math.sqrt((2 * 6) / (64 * 9)), 2);
    expect(sample(40_000, () => Number(random.chance(0.3))).mean).toBeCloseTo(0.3, 1);
  });

  it('keeps Beta within 0..1 where the gammas underflow', () => {
    const random = new Random(5);
    const { values, mean } = sample(4000, () => random.beta(0.001, 0.001));
    expect(values.every((value) => value >= 0 && value <= 1)).toBe(true);
    expect(mean).toBeCloseTo(0.5, 1);
  });

  it('draws whole numbers and shuffles evenly', () => {
    const random = new Random(1);
    const counts = [0, 0, 0, 0, 0, 0];
    for (let i = 0; i < 12_000; i++) {
      const order = random.shuffle([0, 1, 2]);
      counts[order[0]! * 2 + Number(order[1]! > order[2]!)]!++;
    }
    expect(Math.min(...counts)).toBeGreaterThan(1850);
    expect(Math.max(...counts)).toBeLessThan(2150);
    const whole = Array.from({ length: 1000 }, () => random.int(5));
    expect(new Set(whole)).toEqual(new Set([0, 1, 2, 3, 4]));
  });
});
