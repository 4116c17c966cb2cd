/**
 * A font of strokes, drawn for this project, so that a text looks the same on every machine, also on one without fonts.
 * Its letters are lines of one width with round ends: sharp at any size, and quick to draw from their distance.
 */
import type { Point } from '@mememoji/vision/result';

/** Units of the font in its size: x-height 5, ascender 7.5, descender 2.2. */
const UNITS_PER_EM = 10;
const STROKE = 1.15;
/** Between the strokes of two letters, from middle to middle. */
const GAP = 2.3;
/** Straight ones that make a curve; with so many a letter of 80 pixels strays from it by a third of a pixel. */
const CURVE_PIECES = 4;
const FIGURE_WIDTH = 4.2;

const O = 'M0 -2.5Q0 -5 2 -5Q4 -5 4 -2.5Q4 0 2 0Q0 0 0 -2.5';

/** Width, and strokes as M, L and Q of SVG paths; y runs down from the baseline. */
const SHAPES: Readonly<Record<string, readonly [number, string]>> = {
  ' ': [0.6, ''],
  a: [4, `${O}M4 -5L4 0`],
  b: [4, `${O}M0 -7.5L0 0`],
  c: [3.7, 'M3.7 -4.2Q3.1 -5 2 -5Q0 -5 0 -2.5Q0 0 2 0Q3.1 0 3.7 -0.8'],
  d: [4, `${O}M4 -7.5L4 0`],
  e: [4, 'M0 -2.5L4 -2.5Q4 -5 2 -5Q0 -5 0 -2.5Q0 0 2.1 0Q3.2 0 3.8 -0.8'],
  f: [2.8, 'M2.8 -7.5Q1 -7.7 1 -5.8L1 0M0 -5L2.6 -5'],
  g: [4, `${O}M4 -5L4 0.2Q4 2.2 2 2.2Q0.8 2.2 0.2 1.5`],
  h: [3.8, 'M0 -7.5L0 0M0 -2.8Q0 -5 2 -5Q3.8 -5 3.8 -3L3.8 0'],
  i: [0, 'M0 -5L0 0M0 -7.2L0 -7.2'],
  j: [1, 'M1 -5L1 0.6Q1 2.2 -0.4 2.2M1 -7.2L1 -7.2'],
  k: [3.6, 'M0 -7.5L0 0M3.4 -5L0 -1.8M1.3 -3L3.6 0'],
  l: [0.9, 'M0 -7.5L0 -1Q0 0 0.9 0'],
  m: [6, 'M0 -5L0 0M0 -3Q0 -5 1.6 -5Q3 -5 3 -3L3 0M3 -3Q3 -5 4.6 -5Q6 -5 6 -3L6 0'],
  n: [3.8, 'M0 -5L0 0M0 -2.8Q0 -5 2 -5Q3.8 -5 3.8 -3L3.8 0'],
  o: [4, O],
  p: [4, `${O}M0 -5L0 2.2`],
  q: [4, `${O}M4 -5L4 2.2`],
  r: [2.4, 'M0 -5L0 0M0 -2.6Q0 -5 2.4 -5'],
  s: [3.5, 'M3.3 -4.4Q2.8 -5 1.7 -5Q0.2 -5 0.2 -3.8Q0.2 -2.7 1.7 -2.5Q3.5 -2.3 3.5 -1.2Q3.5 0 1.8 0Q0.5 0 0 -0.8'],
  t: [2.7, 'M1 -6.8L1 -1.2Q1 0 2.2 0L2.7 0M0 -5L2.6 -5'],
  u: [3.8, 'M0 -5L0 -2Q0 0 1.8 0Q3.8 0 3.8 -2.4M3.8 -5L3.8 0'],
  v: [4, 'M0 -5L2 0L4 -5'],
  w: [6, 'M0 -5L1.5 0L3 -5L4.5 0L6 -5'],
  x: [3.8, 'M0 -5L3.8 0M3.8 -5L0 0'],
  y: [4, 'M0 -5L2 -0.2M4 -5L1.4 1.2Q1 2.2 -0.2 2.2'],
  z: [3.6, 'M0 -5L3.6 -5L0 0L3.6 0'],
  '0': [FIGURE_WIDTH, 'M0 -3.5Q0 -7 2.1 -7Q4.2 -7 4.2 -3.5Q4.2 0 2.1 0Q0 0 0 -3.5'],
  '1': [FIGURE_WIDTH, 'M0.8 -5.6L2.4 -7L2.4 0'],
  '2': [FIGURE_WIDTH, 'M0.2 -5.4Q0.4 -7 2.1 -7Q4 -7 4 -5.2Q4 -4 2.8 -2.8L0.1 0L4.2 0'],
  '3': [
    FIGURE_WIDTH,
    'M0.3 -6.2Q0.9 -7 2.1 -7Q3.9 -7 3.9 -5.3Q3.9 -3.7 2 -3.7Q4.2 -3.7 4.2 -1.9Q4.2 0 2.1 0Q0.6 0 0 -1',
  ],
  '4': [FIGURE_WIDTH, 'M3.2 0L3.2 -7L0 -2L4.3 -2'],
  '5': [FIGURE_WIDTH, 'M3.8 -7L0.7 -7L0.4 -3.9Q1.1 -4.5 2.1 -4.5Q4.2 -4.5 4.2 -2.3Q4.2 0 2 0Q0.6 0 0 -0.9'],
  '6': [FIGURE_WIDTH, 'M3.6 -6.6Q3 -7 2.4 -7Q0 -7 0 -2.6Q0 0 2.1 0Q4.2 0 4.2 -2.2Q4.2 -4.3 2.2 -4.3Q0.4 -4.3 0 -2.4'],
  '7': [FIGURE_WIDTH, 'M0 -7L4.2 -7L1.5 0'],
  '8': [
    FIGURE_WIDTH,
    'M2.1 -3.8Q0.3 -3.8 0.3 -5.4Q0.3 -7 2.1 -7Q3.9 -7 3.9 -5.4Q3.9 -3.8 2.1 -3.8Q0 -3.8 0 -1.9Q0 0 2.1 0Q4.2 0 4.2 -1.9Q4.2 -3.8 2.1 -3.8',
  ],
  '9': [FIGURE_WIDTH, 'M0.6 -0.4Q1.2 0 1.8 0Q4.2 0 4.2 -4.4Q4.2 -7 2.1 -7Q0 -7 0 -4.8Q0 -2.7 2 -2.7Q3.8 -2.7 4.2 -4.6'],
  '%': [
    6,
    'M5.4 -7L0.6 0M0 -5.6Q0 -7 1.1 -7Q2.2 -7 2.2 -5.6Q2.2 -4.2 1.1 -4.2Q0 -4.2 0 -5.6M3.8 -1.4Q3.8 -2.8 4.9 -2.8Q6 -2.8 6 -1.4Q6 0 4.9 0Q3.8 0 3.8 -1.4',
  ],
  '?': [3.6, 'M0 -5.7Q0.2 -7 1.8 -7Q3.6 -7 3.6 -5.3Q3.6 -4.2 2.6 -3.6Q1.7 -3.1 1.7 -2.2M1.7 0L1.7 0'],
  '#': [4.6, 'M1.6 -6.5L0.8 -0.5M3.8 -6.5L3 -0.5M0.2 -4.6L4.6 -4.6M0 -2.4L4.4 -2.4'],
  '.': [0, 'M0 0L0 0'],
  ',': [0.4, 'M0.4 0L0 1.2'],
  ':': [0, 'M0 -4L0 -4M0 0L0 0'],
  '-': [2.4, 'M0 -2.6L2.4 -2.6'],
  '+': [3.6, 'M0 -2.8L3.6 -2.8M1.8 -4.6L1.8 -1'],
  '/': [2.8, 'M0 0.6L2.8 -7.2'],
};

/** A piece of a letter's line: a straight one, as long as it may be, also no longer than a dot. */
export type Segment = readonly [from: Point, to: Point];

interface Glyph {
  /** In units of the font. */
  width: number;
  segments: readonly Segment[];
}

const GLYPHS: ReadonlyMap<string, Glyph> = new Map(
  Object.entries(SHAPES).map(([character, [width, path]]) => [character, { width, segments: flatten(path) }]),
);

/** A text as lines: what {@link layoutText} gives. Pixels, from the left end of the baseline. */
export interface TextLines {
  segments: Segment[];
  /** Of the lines. */
  thickness: number;
  /** From the left edge of the first letter to the right edge of the last. */
  width: number;
}

/** Height of letters above the baseline and depth below it, over the size of the font, with the line's own half. */
export const ASCENT = (7.5 + STROKE / 2) / UNITS_PER_EM;
export const DESCENT = (2.2 + STROKE / 2) / UNITS_PER_EM;

/**
 * Sets a line of text. The font has letters, figures and a few signs; capitals become small letters and what it does not
 * have a question mark.
 * @param size of the font in pixels; its small letters are half as high
 */
export function layoutText(text: string, size: number): TextLines {
  const scale = size / UNITS_PER_EM;
  const segments: Segment[] = [];
  let x = STROKE / 2;
  for (const character of text.toLowerCase()) {
    const glyph = GLYPHS.get(character) ?? GLYPHS.get('?')!;
    const place = (point: Point): Point => ({ x: (x + point.x) * scale, y: point.y * scale });
    for (const [from, to] of glyph.segments) segments.push([place(from), place(to)]);
    x += glyph.width + GAP;
  }
  return { segments, thickness: STROKE * scale, width: Math.max(0, x - GAP + STROKE / 2) * scale };
}

/** Width of a text in pixels. */
export function textWidth(text: string, size: number): number {
  return layoutText(text, size).width;
}

/** The strokes of a path as straight pieces. */
function flatten(path: string): Segment[] {
  const segments: Segment[] = [];
  let at: Point = { x: 0, y: 0 };
  for (const [, command, rest] of path.matchAll(/([MLQ])([^MLQ]*)/g)) {
    const [first, second] = pointsOf(rest ?? '');
    if (command === 'L') segments.push([at, first!]);
    if (command === 'Q') segments.push(...flattenCurve(at, first!, second!));
    at = second ?? first!;
  }
  return segments;
}

function pointsOf(numbers: string): Point[] {
  const values = numbers.trim().split(' ').map(Number);
  return Array.from({ length: values.length / 2 }, (_, i) => ({ x: values[2 * i]!, y: values[2 * i + 1]! }));
}

/** A quadratic Bézier curve. */
function flattenCurve(from: Point, control: Point, to: Point): Segment[] {
  const point = (i: number): Point => {
    const t = i / CURVE_PIECES;
    const [a, b, c] = [(1 - t) ** 2, 2 * t * (1 - t), t * t];
    return { x: a * from.x + b * control.x + c * to.x, y: a * from.y + b * control.y + c * to.y };
  };
  return Array.from({ length: CURVE_PIECES }, (_, i): Segment => [point(i), point(i + 1)]);
}
