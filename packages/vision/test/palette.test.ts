import { EXPRESSIONS } from '@mememoji/vision/expression';
import { EXPRESSION_COLOURS, parseColour, relativeLuminance, textColourOn } from '@mememoji/vision/palette';
import { describe, expect, it } from 'vitest';

/** What is seen without one kind of cone, in linear RGB: Machado, Oliveira and Fernandes, 2009, severity 1. */
const SIGHTS = {
  'all colours': [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritanopia: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
};

/** CIE L*a*b*, white D65, of a colour as it is seen. */
function toLab(colour: string, sight: readonly number[]): number[] {
  const linear = parseColour(colour).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const times = (matrix: readonly number[], vector: readonly number[]): number[] =>
    [0, 3, 6].map((row) => vector.reduce((sum, value, i) => sum + matrix[row + i]! * value, 0));
  const seen = times(sight, linear).map((value) => Math.min(1, Math.max(0, value)));
  const xyz = times([0.4124, 0.3576, 0.1805, 0.2126, 0.7152, 0.0722, 0.0193, 0.1192, 0.9505], seen);
  const [x, y, z] = xyz.map((value, i) => {
    const share = value / [0.9505, 1, 1.089][i]!;
    return share > 0.008856 ? Math.cbrt(share) : 7.787 * share + 16 / 116;
  });
  return [116 * y! - 16, 500 * (x! - y!), 200 * (y! - z!)];
}

describe('EXPRESSION_COLOURS', () => {
  it.each(Object.entries(SIGHTS))('are told apart with %s', (_, sight) => {
    const seen = EXPRESSIONS.map((name) => toLab(EXPRESSION_COLOURS[name], sight));
    const distances = seen.flatMap((a, i) =>
      seen.slice(i + 1).map((b) => Math.hypot(...a.map((value, k) => value - b[k]!))),
    );
    // Two colours side by side differ visibly from about 2.3 on; a legend needs several times that.
    expect(Math.min(...distances)).toBeGreaterThan(10);
  });

  it.each(EXPRESSIONS)('%s carries text that can be read', (name) => {
    const [ink, ground] = [textColourOn(EXPRESSION_COLOURS[name]), EXPRESSION_COLOURS[name]].map((colour) =>
      relativeLuminance(parseColour(colour)),
    );
    const contrast = (Math.max(ink!, ground!) + 0.05) / (Math.min(ink!, ground!) + 0.05);
    expect(contrast).toBeGreaterThan(4.5);
  });
});

describe('relativeLuminance', () => {
  it('is that of WCAG 2', () => {
    expect(relativeLuminance([255, 255, 255])).toBeCloseTo(1, 10);
    expect(relativeLuminance([0, 0, 0])).toBe(0);
    expect(relativeLuminance([255, 0, 0])).toBeCloseTo(0.2126, 10);
    // 21:1 at most, and #767676 is the lightest grey with 4.5:1 on white.
    expect(1.05 / (relativeLuminance([0x76, 0x76, 0x76]) + 0.05)).toBeCloseTo(4.54, 2);
  });
});
