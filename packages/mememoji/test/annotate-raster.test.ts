import { layoutText, textWidth } from 'mememoji/annotate-font';
import { drawText, fillBox, type Raster, strokeBox, strokeSegments, toRaster } from 'mememoji/annotate-raster';
import { createSprite, drawSprite } from 'mememoji/annotate-sprite';
import { describe, expect, it } from 'vitest';

const WHITE = [255, 255, 255] as const;

function black(width: number, height: number): Raster {
  return { width, height, channels: 3, data: new Uint8ClampedArray(3 * width * height) };
}

/** Red of each pixel, row by row. */
function redOf({ data }: Raster): number[] {
  return Array.from({ length: data.length / 3 }, (_, i) => data[3 * i]!);
}

/** Light that was added to a black picture, in whole pixels. */
function lightOf(raster: Raster): number {
  return redOf(raster).reduce((sum, value) => sum + value, 0) / 255;
}

/** Extent of what is not black: left, top, right and bottom, whole pixels. */
function extentOf(raster: Raster): [number, number, number, number] {
  const lit = redOf(raster).flatMap((value, i) =>
    value > 0 ? [[i % raster.width, Math.floor(i / raster.width)]] : [],
  );
  const columns = lit.map(([x]) => x!);
  const rows = lit.map(([, y]) => y!);
  return [Math.min(...columns), Math.min(...rows), Math.max(...columns) + 1, Math.max(...rows) + 1];
}

describe('toRaster', () => {
  it('makes RGB of grey, and lays what is transparent over white', () => {
    expect([...toRaster({ width: 1, height: 1, channels: 1, data: Uint8Array.of(7) }).data]).toEqual([7, 7, 7]);
    const half = { width: 2, height: 1, channels: 4 as const, data: Uint8Array.of(0, 100, 255, 0, 0, 100, 255, 51) };
    expect([...toRaster(half).data]).toEqual([255, 255, 255, 204, 224, 255]);
  });

  it('copies, so that the original stays as it is', () => {
    const data = Uint8Array.of(1, 2, 3);
    toRaster({ width: 1, height: 1, channels: 3, data }).data.fill(9);
    expect([...data]).toEqual([1, 2, 3]);
  });
});

describe('fillBox', () => {
  it('covers pixels by the share of their area, and blends by opacity', () => {
    const raster = black(4, 3);
    fillBox(raster, { x: 0.5, y: 1, width: 2, height: 1.5 }, WHITE);
    expect(redOf(raster)).toEqual([0, 0, 0, 0, 128, 255, 128, 0, 64, 128, 64, 0]);
    fillBox(raster, { x: 3, y: 0, width: 1, height: 1 }, WHITE, 0.2);
    expect(redOf(raster)[3]).toBe(51);
  });

  it('leaves out what lies beyond the edge', () => {
    const raster = black(2, 2);
    fillBox(raster, { x: -10, y: -10, width: 11, height: 30 }, WHITE);
    fillBox(raster, { x: 50, y: 50, width: 5, height: 5 }, WHITE);
    expect(redOf(raster)).toEqual([255, 0, 255, 0]);
  });
});

describe('strokeSegments', () => {
  it('draws a line with round ends of the right area', () => {
    const raster = black(60, 40);
    strokeSegments(
      raster,
      [
        [
          { x: 15, y: 12 },
          { x: 45, y: 27 },
        ],
      ],
      6,
      WHITE,
    );
    expect(lightOf(raster)).toBeCloseTo(6 * Math.hypot(30, 15) + 9 * Math.PI, -0.5);
    expect(extentOf(raster)).toEqual([12, 9, 48, 30]);
  });

  it('draws nothing twice where lines cross', () => {
    const raster = black(20, 20);
    const cross = [
      [
        { x: 2, y: 10 },
        { x: 18, y: 10 },
      ],
      [
        { x: 10, y: 2 },
        { x: 10, y: 18 },
      ],
    ] as const;
    strokeSegments(raster, cross, 4, [100, 100, 100]);
    expect(Math.max(...redOf(raster))).toBe(100);
    expect(redOf(raster)[10 * 20 + 10]).toBe(100);
  });
});

describe('strokeBox', () => {
  it('draws the outline and leaves the inside, also beyond the edge', () => {
    const raster = black(40, 40);
    strokeBox(raster, { x: 10, y: 10, width: 100, height: 20 }, 2, WHITE);
    const at = (x: number, y: number): number => redOf(raster)[y * 40 + x]!;
    expect([at(10, 20), at(25, 10), at(25, 29), at(25, 20), at(5, 20)]).toEqual([255, 255, 255, 0, 0]);
  });

  it('leaves gaps where it is dashed, but keeps the corners', () => {
    const [whole, dashed] = [black(60, 60), black(60, 60)];
    strokeBox(whole, { x: 10, y: 10, width: 40, height: 40 }, 2, WHITE);
    strokeBox(dashed, { x: 10, y: 10, width: 40, height: 40 }, 2, WHITE, 8);
    const corners = [10 * 60 + 10, 10 * 60 + 50, 50 * 60 + 10, 50 * 60 + 50];
    expect(corners.filter((at) => redOf(dashed)[at]! < 240)).toEqual([]);
    expect(lightOf(dashed) / lightOf(whole)).toBeGreaterThan(0.5);
    expect(lightOf(dashed) / lightOf(whole)).toBeLessThan(0.8);
  });
});

describe('text', () => {
  const LETTERS = [...'abcdefghijklmnopqrstuvwxyz0123456789%?#.,:-+/'];

  it('fills the place that its width and height promise', () => {
    const raster = black(400, 100);
    drawText(raster, 'happy 90%', { x: 20, y: 60 }, 40, WHITE);
    const [left, top, right, bottom] = extentOf(raster);
    expect(Math.abs(left - 20)).toBeLessThanOrEqual(1);
    expect(Math.abs(right - 20 - textWidth('happy 90%', 40))).toBeLessThanOrEqual(1);
    // The descender of p, and the stem of h.
    expect(Math.abs(bottom - 60 - 0.2775 * 40)).toBeLessThanOrEqual(1);
    expect(Math.abs(60 - top - 0.8075 * 40)).toBeLessThanOrEqual(1);
  });

  it('has letters that differ from each other', () => {
    const drawn = LETTERS.map((letter) => {
      const raster = black(30, 50);
      drawText(raster, letter, { x: 2, y: 35 }, 30, WHITE);
      return redOf(raster);
    });
    drawn.forEach((one, i) => {
      for (const [k, other] of drawn.slice(i + 1).entries()) {
        const difference = one.reduce((sum, value, at) => sum + Math.abs(value - other[at]!), 0) / 255;
        expect(difference, `${LETTERS[i]} and ${LETTERS[i + 1 + k]}`).toBeGreaterThan(8);
      }
    });
  });

  it('is as wide as its letters, grows with its size, and takes capitals and strange signs', () => {
    expect(textWidth('sad', 20)).toBeCloseTo(2 * textWidth('sad', 10), 10);
    expect(textWidth('', 20)).toBe(0);
    expect(layoutText('HAPPY', 12)).toEqual(layoutText('happy', 12));
    expect(layoutText('ü', 12)).toEqual(layoutText('?', 12));
    expect(textWidth('100%', 10)).toBe(textWidth('888%', 10));
  });
});

describe('drawSprite', () => {
  /** Left half opaque red, right half transparent green. */
  const data = Uint8Array.from({ length: 8 * 8 * 4 }, (_, i) => {
    const left = ((i >> 2) & 7) < 4;
    return [left ? 255 : 0, left ? 0 : 255, 0, left ? 255 : 0][i & 3]!;
  });
  const sprite = createSprite(data, 8);
  const ground = (): Raster => toRaster({ width: 40, height: 40, channels: 1, data: new Uint8Array(1600).fill(100) });
  const at = (raster: Raster, x: number, y: number): number[] => [
    ...raster.data.subarray(3 * (y * 40 + x), 3 * (y * 40 + x) + 3),
  ];

  it('has all sizes down to a single pixel', () => {
    expect(sprite.map(({ side }) => side)).toEqual([8, 4, 2, 1]);
  });

  it.each([4, 16])('lies where it should at %i pixels, without a trace of transparent colours', (side) => {
    const raster = ground();
    drawSprite(raster, sprite, { centre: { x: 20, y: 20 }, side, angle: 0 });
    expect(at(raster, 20 - side / 4, 20)).toEqual([255, 0, 0]);
    expect(at(raster, 20 + side / 4, 20)).toEqual([100, 100, 100]);
    expect(at(raster, 20 - side / 2 - 2, 20)).toEqual([100, 100, 100]);
    for (let i = 0; i < 1600; i++) expect(raster.data[3 * i + 1]).toBeLessThanOrEqual(100);
  });

  it('turns clockwise', () => {
    const raster = ground();
    drawSprite(raster, sprite, { centre: { x: 20, y: 20 }, side: 16, angle: Math.PI / 2 });
    expect(at(raster, 20, 16)).toEqual([255, 0, 0]);
    expect(at(raster, 20, 24)).toEqual([100, 100, 100]);
  });

  it('may reach beyond the edge, or lie outside', () => {
    const raster = ground();
    drawSprite(raster, sprite, { centre: { x: 20, y: 0 }, side: 160, angle: 0 });
    drawSprite(raster, sprite, { centre: { x: 500, y: 500 }, side: 40, angle: 0 });
    expect([at(raster, 0, 20)[0], at(raster, 39, 0)[0]]).toEqual([255, 100]);
  });
});
