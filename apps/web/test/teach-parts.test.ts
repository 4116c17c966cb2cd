/** The parts of teaching and looking inside that need no browser. */
import { colourAt, VIRIDIS } from '@mememoji/train/explain/draw/colour-map';
import { EXPRESSIONS } from '@mememoji/vision/expression';
import { describe, expect, it } from 'vitest';
import { paintFeatures, paintHeat } from '../src/inside/paint-maps.ts';
import { planTasks } from '../src/teach/plan.ts';

describe('planTasks', () => {
  it('asks for everything once before it asks for anything again', () => {
    const tasks = planTasks(EXPRESSIONS);
    expect(tasks.map(({ expression }) => expression)).toEqual([...EXPRESSIONS, ...EXPRESSIONS]);
    expect(tasks.map(({ round }) => round)).toEqual([...Array(7).fill(0), ...Array(7).fill(1)]);
    expect(tasks.filter(({ round }) => round === 0).every(({ frames }) => frames === 20)).toBe(true);
  });
});

/** Red, green and blue of a pixel. */
function pixelAt({ width, data }: { width: number; data: ArrayLike<number> }, x: number, y: number): number[] {
  return [0, 1, 2].map((channel) => data[(y * width + x) * 3 + channel]!);
}

describe('paintHeat', () => {
  const grey = { width: 2, height: 2, data: new Float32Array(4).fill(100) };

  it('leaves the face as it is where a diverging map is zero, and tells for from against', () => {
    const map = { width: 3, height: 1, data: Float32Array.of(-2, 0, 2) };
    const image = paintHeat(grey, map, 'diverging', 30);
    expect(pixelAt(image, 15, 15).every((value) => Math.abs(value - 100) < 10)).toBe(true);
    const [against, speaking] = [pixelAt(image, 0, 15), pixelAt(image, 29, 15)];
    expect(against[2]).toBeGreaterThan(against[0]! + 80); // blue
    expect(speaking[0]).toBeGreaterThan(speaking[2]! + 80); // red
  });

  it('glows where a sequential map is largest, also if it is zero all over', () => {
    const image = paintHeat(grey, { width: 2, height: 1, data: Float32Array.of(0, 5) }, 'sequential', 20);
    const brightness = (x: number) => pixelAt(image, x, 10).reduce((a, b) => a + b);
    expect(brightness(19)).toBeGreaterThan(brightness(0) + 150);
    const flat = paintHeat(grey, { width: 1, height: 1, data: Float32Array.of(0) }, 'sequential', 4);
    expect(pixelAt(flat, 0, 0)).toEqual(pixelAt(flat, 3, 3));
  });
});

describe('paintFeatures', () => {
  it('paints each map in the colours of its own range, with gaps between them', () => {
    // Two maps of 2x2: one from 0 to 3, one that is 7 all over.
    const maps = { layer: 'pool', channels: 2, width: 2, height: 2, data: Float32Array.of(0, 1, 2, 3, 7, 7, 7, 7) };
    const image = paintFeatures(maps);
    const colour = (value: number) => colourAt(VIRIDIS, value).map(Math.round);
    expect(pixelAt(image, 0, 0)).toEqual(colour(0));
    const columns = Math.ceil(Math.sqrt(2) * 1.6);
    const side = (image.width + 1) / columns;
    expect(Number.isInteger(side)).toBe(true);
    expect(pixelAt(image, side - 2, side - 2)).toEqual(colour(1)); // the last number of the first map
    expect(pixelAt(image, side - 1, 0)).toEqual([0, 0, 0]); // the gap
    expect(pixelAt(image, side, 0)).toEqual(colour(0)); // a map without range
    expect(pixelAt(image, 2 * side, 0)).toEqual([0, 0, 0]); // no third map
  });
});
