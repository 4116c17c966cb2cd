import { describe, expect, it } from 'vitest';
import { type AugmentOptions, createAugmenter, SHADED_AUGMENTATION } from '../src/augment.ts';
import { blur, erase, lowerResolution, type Plane, shade } from '../src/augment-effects.ts';
import { Random } from '../src/random.ts';

const SIDE = 12;
const NOISE = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => (i * 73 + 19) % 256);

/** One picture of `out` x `out` pixels. */
function augment(options: AugmentOptions, out = SIDE, key = 1, pixels: Uint8Array = NOISE): number[] {
  const geometry = { width: SIDE, height: SIDE, outWidth: out, outHeight: out };
  const result = new Float32Array(out * out);
  createAugmenter(options, geometry)(pixels, 0, new Random(key), result, 0);
  return [...result];
}

/** The part of the picture that begins at (left, top). */
function slice(left: number, top: number, side: number, pixels: ArrayLike<number> = NOISE): number[] {
  return Array.from(
    { length: side * side },
    (_, i) => pixels[(top + Math.floor(i / side)) * SIDE + left + (i % side)]!,
  );
}

function mirrored(values: readonly number[], side: number): number[] {
  return values.map((_, i) => values[i - (i % side) + side - 1 - (i % side)]!);
}

/** A smooth hill whose middle lies at (x, y): its place after a resampling can be measured. */
function hill(x: number, y: number): Uint8Array {
  return Uint8Array.from({ length: SIDE * SIDE }, (_, i) => {
    const distance = ((i % SIDE) - x) ** 2 + (Math.floor(i / SIDE) - y) ** 2;
    return Math.round(250 * Math.exp(-distance / 4));
  });
}

function centre(values: readonly number[], side = SIDE): { x: number; y: number; mass: number } {
  const mass = values.reduce((sum, value) => sum + value, 0);
  const x = values.reduce((sum, value, i) => sum + value * (i % side), 0) / mass;
  const y = values.reduce((sum, value, i) => sum + value * Math.floor(i / side), 0) / mass;
  return { x, y, mass };
}

const always = { probability: 1 };

describe('geometry', () => {
  it('gives the picture itself, or its middle, without options', () => {
    expect(augment({})).toEqual([...NOISE]);
    expect(augment({}, 8)).toEqual(slice(2, 2, 8));
  });

  it('mirrors exactly', () => {
    expect(augment({ flip: 1 })).toEqual(mirrored([...NOISE], SIDE));
    expect(augment({ flip: 1 }, 8)).toEqual(mirrored(slice(2, 2, 8), 8));
  });

  it('crops at every whole place of the picture and nowhere else', () => {
    const places = Array.from({ length: 25 }, (_, i) => JSON.stringify(slice(i % 5, Math.floor(i / 5), 8)));
    const seen = Array.from({ length: 400 }, (_, key) => JSON.stringify(augment({ crop: { random: true } }, 8, key)));
    expect(new Set(seen)).toEqual(new Set(places));
  });

  it('crops with an odd rest too', () => {
    const places = Array.from({ length: 16 }, (_, i) => JSON.stringify(slice(i % 4, Math.floor(i / 4), 9)));
    const seen = Array.from({ length: 300 }, (_, key) => JSON.stringify(augment({ crop: { random: true } }, 9, key)));
    expect(new Set(seen)).toEqual(new Set(places));
  });

  it('enlarges a crop to the output', () => {
    const ramp = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => 20 * (i % SIDE));
    const enlarged = augment({ crop: { random: false, size: 6 } }, 12, 1, ramp);
    expect(enlarged.slice(0, 12)).toEqual(Array.from({ length: 12 }, (_, x) => 20 * (3 + (x + 0.5) / 2 - 0.5)));
  });

  it('scales about the middle', () => {
    const scaled = centre(augment({ scale: { ...always, range: [1.25, 1.25] } }, SIDE, 1, hill(6.5, 5.5)));
    expect(scaled.x).toBeCloseTo(5.5 + 1.25, 1);
    expect(scaled.y).toBeCloseTo(5.5, 1);
    const ratio = scaled.mass / centre([...hill(6.5, 5.5)]).mass;
    expect(ratio).toBeCloseTo(1.25 ** 2, 1);
  });

  it('stretches the axes apart, keeping the area', () => {
    const stretch = { scale: { ...always, range: [1, 1], stretch: 0.5 } } as const;
    const ratios = Array.from({ length: 50 }, (_, key) => {
      const { x, y } = centre(augment(stretch, SIDE, key, hill(6.5, 6.5)));
      return (x - 5.5) / (y - 5.5);
    });
    expect(Math.max(...ratios)).toBeGreaterThan(1.3);
    expect(Math.max(...ratios)).toBeLessThan(1.6);
    expect(Math.min(...ratios)).toBeLessThan(0.75);
  });

  it('turns about the middle by up to the angle, both ways', () => {
    const turned = Array.from({ length: 60 }, (_, key) => {
      const { x, y } = centre(augment({ rotation: { ...always, degrees: 30 } }, SIDE, key, hill(8, 5.5)));
      return { angle: (Math.atan2(y - 5.5, x - 5.5) * 180) / Math.PI, radius: Math.hypot(x - 5.5, y - 5.5) };
    });
    const angles = turned.map(({ angle }) => angle);
    expect(Math.max(...angles)).toBeGreaterThan(24);
    expect(Math.min(...angles)).toBeLessThan(-24);
    expect(Math.max(...angles.map(Math.abs))).toBeLessThan(32);
    for (const { radius } of turned) expect(radius).toBeCloseTo(2.5, 0);
  });

  it('shifts both axes by up to the fraction', () => {
    const moved = Array.from({ length: 80 }, (_, key) =>
      centre(augment({ shift: { ...always, fraction: 0.2 } }, SIDE, key, hill(5.5, 5.5))),
    );
    for (const axis of ['x', 'y'] as const) {
      const offsets = moved.map((place) => place[axis] - 5.5);
      expect(Math.max(...offsets)).toBeGreaterThan(1.8);
      expect(Math.min(...offsets)).toBeLessThan(-1.8);
      expect(Math.max(...offsets.map(Math.abs))).toBeLessThan(2.5);
    }
  });

  it('refuses sizes that cannot be', () => {
    const bad = expect.objectContaining({ code: 'BAD_OPTION' });
    const geometry = { width: 4, height: 4, outWidth: 0, outHeight: 4 };
    expect(() => createAugmenter({}, geometry)).toThrow(bad);
    expect(() => createAugmenter({ crop: { random: true, size: 0 } }, { ...geometry, outWidth: 4 })).toThrow(bad);
  });
});

describe('light', () => {
  const mean = NOISE.reduce((sum, value) => sum + value, 0) / NOISE.length;

  it('keeps the mean under contrast and clamps', () => {
    const low = augment({ contrast: { ...always, range: [0.5, 0.5] } });
    low.forEach((value, i) => {
      expect(value).toBeCloseTo(mean + 0.5 * (NOISE[i]! - mean), 3);
    });
    const high = augment({ contrast: { ...always, range: [4, 4] } });
    expect([Math.min(...high), Math.max(...high)]).toEqual([0, 255]);
  });

  it('lifts by up to delta, both ways', () => {
    const middle = new Uint8Array(SIDE * SIDE).fill(128);
    const lifts = Array.from({ length: 60 }, (_, key) => {
      return augment({ brightness: { ...always, delta: 30 } }, SIDE, key, middle)[0]! - 128;
    });
    expect(Math.max(...lifts)).toBeGreaterThan(24);
    expect(Math.min(...lifts)).toBeLessThan(-24);
    expect(Math.max(...lifts.map(Math.abs))).toBeLessThanOrEqual(30);
  });

  it('raises to the power of gamma', () => {
    augment({ gamma: { ...always, range: [2, 2] } }).forEach((value, i) => {
      expect(value).toBeCloseTo(255 * (NOISE[i]! / 255) ** 2, 3);
    });
  });

  it('happens with the chance given', () => {
    const changed = Array.from({ length: 1000 }, (_, key) => {
      return augment({ gamma: { probability: 0.3, range: [2, 2] } }, 2, key)[0] !== augment({}, 2)[0];
    });
    expect(changed.filter(Boolean).length).toBeGreaterThan(250);
    expect(changed.filter(Boolean).length).toBeLessThan(350);
  });
});

/** A plane that does not begin its array, with marks around it that must stay. */
function plane(width: number, height: number, value: (x: number, y: number) => number): Plane {
  const data = new Float32Array(width * height + 2).fill(-7);
  for (let i = 0; i < width * height; i++) data[i + 1] = value(i % width, Math.floor(i / width));
  return { data, offset: 1, width, height };
}

function valuesOf({ data, offset, width, height }: Plane): number[] {
  expect([data[0], data.at(-1)]).toEqual([-7, -7]);
  return [...data.subarray(offset, offset + width * height)];
}

describe('effects', () => {
  it('blurs a point into a Gaussian of its sigma, on both axes, and a flat picture into itself', () => {
    const point = plane(15, 13, (x, y) => (x === 7 && y === 6 ? 100 : 0));
    blur(point, 1.2, new Float32Array(15 * 13));
    const values = valuesOf(point);
    const at = (x: number, y: number) => values[y * 15 + x]!;
    expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(100, 3);
    expect(at(8, 6) / at(7, 6)).toBeCloseTo(Math.exp(-1 / (2 * 1.44)), 4);
    expect(at(7, 8) / at(7, 6)).toBeCloseTo(Math.exp(-4 / (2 * 1.44)), 4);
    expect(at(5, 6)).toBeCloseTo(at(9, 6), 6);
    const flat = plane(5, 4, () => 33);
    blur(flat, 2, new Float32Array(20));
    for (const value of valuesOf(flat)) expect(value).toBeCloseTo(33, 4);
  });

  it('lowers the resolution: what is left are averages, enlarged', () => {
    const stripes = plane(8, 8, (x) => (x % 2) * 100);
    lowerResolution(stripes, 4, new Float32Array(64));
    expect(valuesOf(stripes)).toEqual(new Array(64).fill(50));
    const halves = plane(8, 8, (x) => (x < 4 ? 0 : 80));
    lowerResolution(halves, 4, new Float32Array(64));
    expect(valuesOf(halves).slice(0, 8)).toEqual([0, 0, 0, 20, 60, 80, 80, 80]);
    const same = plane(8, 8, (x, y) => x + y);
    const before = valuesOf(same);
    lowerResolution(same, 8, new Float32Array(64));
    expect(valuesOf(same)).toEqual(before);
  });

  it('lights from one side: evenly brighter towards it, as before in the middle', () => {
    const right = plane(5, 3, () => 100);
    shade(right, 0.5, 0);
    const row = [60, 80, 100, 120, 140];
    valuesOf(right).forEach((value, i) => {
      expect(value).toBeCloseTo(row[i % 5]!, 3);
    });
    const bottom = plane(3, 5, () => 100);
    shade(bottom, 0.5, Math.PI / 2);
    valuesOf(bottom).forEach((value, i) => {
      expect(value).toBeCloseTo(row[Math.floor(i / 3)]!, 3);
    });
    const corners = plane(40, 40, () => 200);
    shade(corners, 1, Math.PI / 4);
    const values = valuesOf(corners);
    expect([values[0], values.at(-1)]).toEqual([0, 255]);
    const same = plane(4, 4, (x, y) => 10 * x + y);
    const before = valuesOf(same);
    shade(same, 0, 1);
    expect(valuesOf(same)).toEqual(before);
  });

  it('lights from any side, as deep as is asked for', () => {
    const grey = new Uint8Array(SIDE * SIDE).fill(100);
    const lit = Array.from({ length: 200 }, (_, key) => {
      const values = augment({ shade: { ...always, depth: [0.2, 0.6] } }, SIDE, key, grey);
      const mean = (pixels: number[]) => pixels.reduce((sum, value) => sum + value, 0) / pixels.length / 100 - 1;
      const towards = (side: (x: number, y: number) => boolean) =>
        mean(values.filter((_, i) => side(i % SIDE, Math.floor(i / SIDE))));
      return { right: towards((x) => x >= SIDE / 2), bottom: towards((_, y) => y >= SIDE / 2) };
    });
    // On the mean, half a picture is half as much brighter or darker as its edge.
    const depths = lit.map(({ right, bottom }) => 2 * Math.hypot(right, bottom));
    expect(Math.min(...depths)).toBeGreaterThan(0.19);
    expect(Math.max(...depths)).toBeLessThan(0.61);
    expect(Math.max(...depths) - Math.min(...depths)).toBeGreaterThan(0.35);
    const quarters = new Set(lit.map(({ right, bottom }) => `${right > 0},${bottom > 0}`));
    expect(quarters.size).toBe(4);
  });

  it('erases one rectangle of the area asked for, with noise or the mean', () => {
    const random = new Random(4);
    const options = { ...always, area: [0.1, 0.3], aspect: [0.5, 2], fill: 'noise' } as const;
    for (let round = 0; round < 50; round++) {
      const target = plane(20, 20, () => -1);
      erase(target, options, random);
      const erased = valuesOf(target).flatMap((value, i) =>
        value === -1 ? [] : [{ value, x: i % 20, y: Math.floor(i / 20) }],
      );
      const wide = Math.max(...erased.map(({ x }) => x)) - Math.min(...erased.map(({ x }) => x)) + 1;
      const tall = Math.max(...erased.map(({ y }) => y)) - Math.min(...erased.map(({ y }) => y)) + 1;
      expect(erased.length).toBe(wide * tall);
      expect(erased.length / 400).toBeGreaterThan(0.07);
      expect(erased.length / 400).toBeLessThan(0.34);
      expect(new Set(erased.map(({ value }) => value)).size).toBeGreaterThan(20);
    }
    const ramp = plane(4, 4, (x) => x);
    erase(ramp, { ...always, area: [1, 1], aspect: [1, 1], fill: 'mean' }, random);
    expect(valuesOf(ramp)).toEqual(new Array(16).fill(1.5));
  });
});

describe('createAugmenter', () => {
  it('depends on the random state alone, not on what came before', () => {
    const options: AugmentOptions = {
      ...SHADED_AUGMENTATION,
      blur: { probability: 0.5, sigma: [0.4, 1.2] },
      lowResolution: { probability: 0.5, side: [4, 9] },
    };
    const geometry = { width: SIDE, height: SIDE, outWidth: 10, outHeight: 9 };
    const [used, fresh] = [createAugmenter(options, geometry), createAugmenter(options, geometry)];
    const [first, second] = [new Float32Array(90), new Float32Array(92)];
    for (let key = 0; key < 50; key++) used(NOISE, 0, new Random(key), first, 0);
    used(NOISE, 0, new Random(99), first, 0);
    fresh(NOISE, 0, new Random(99), second, 2);
    expect(second.subarray(2)).toEqual(first);
    expect(first.every((value) => value >= 0 && value <= 255)).toBe(true);
  });
});
