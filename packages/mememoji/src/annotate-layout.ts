/** Where the parts of an annotation lie: outlines, labels and bars, with sizes that follow those of the picture and of the faces. */
import { EXPRESSIONS, type Expression } from '@mememoji/vision/expression';
import { intersectionArea } from '@mememoji/vision/geometry';
import type { Box, Face, Point } from '@mememoji/vision/result';
import { ASCENT, DESCENT, textWidth } from './annotate-font.ts';

/** A line of text on a plate. */
export interface Label {
  text: string;
  /** The plate. */
  box: Box;
  /** Left end of the text's baseline. */
  baseline: Point;
  /** Of the font, in pixels. */
  size: number;
}

/** One expression of a face. */
export interface Bar {
  expression: Expression;
  /** Left end of the name's baseline. */
  name: Point;
  /** The bar of a probability of 1. */
  track: Box;
  /** The bar itself. */
  filled: Box;
}

/** All expressions of a face below each other, in the order of {@link EXPRESSIONS}, so that they stand still in a video. */
export interface Bars {
  /** The plate. */
  box: Box;
  /** Size of the font of the names; undefined where a face is too small for names. */
  size: number | undefined;
  bars: Bar[];
}

/** Of the picture, or of a part of it, in pixels. */
interface Size {
  width: number;
  height: number;
}

export interface FaceLayout {
  face: Face;
  /** Thickness of the outline. */
  line: number;
  label: Label;
  bars: Bars | undefined;
}

/** Size of the font over the long side of the picture: from, to. */
const FONT_SHARE = [0.017, 0.034] as const;
/** Size of the font over the longer side of a face. */
const FONT_OF_FACE = 0.16;
/** Size of the font over the thickness of an outline. */
const LINES_PER_FONT = 7;
/** Pixels, so that at least one is covered whole wherever the line lies. */
const THINNEST_LINE = 2;
/** Pixels below which letters are no longer read. */
const SMALLEST_FONT = 10;
/** Border of a plate left and right of its text, and above and below, over the size of the font. */
const PADDING = 0.3;
const LEADING = 0.06;
/** Of a row of bars with names, over the size of their font. */
const ROW = 1.2;
const TRACK = 4.5;
/** Of a face's area, what its own bars may cover at most to have names. */
const HIDDEN_SHARE = 0.15;
/** Size of the names over that of the label. */
const NAME_SHARE = 0.85;

/**
 * Lays out the annotations of a picture. Nothing but outlines reaches beyond its edge; parts avoid faces and each other
 * where there is room.
 * @param size of the picture in pixels
 */
export function layoutFaces(size: Size, faces: readonly Face[], withBars: boolean): FaceLayout[] {
  const taken = faces.map(({ box }) => box);
  return faces.map((face) => {
    const font = fontSize(size, face.box);
    const line = Math.max(THINNEST_LINE, font / LINES_PER_FONT);
    const label = placeLabel(face, font, line, size, taken);
    taken.push(label.box);
    const bars = withBars ? placeBars(face, font * NAME_SHARE, line, size, taken) : undefined;
    if (bars !== undefined) taken.push(bars.box);
    return { face, line, label, bars };
  });
}

/** `happy 93%`, and `happy? 41%` for a face of which the model is not sure. */
export function labelText({ dominant, confidence, uncertain }: Face): string {
  return `${dominant}${uncertain ? '?' : ''} ${Math.round(100 * confidence)}%`;
}

function fontSize({ width, height }: Size, box: Box): number {
  const longSide = Math.max(width, height);
  const [from, to] = FONT_SHARE;
  const size = Math.min(Math.max(FONT_OF_FACE * longSideOf(box), from * longSide), to * longSide);
  return Math.max(SMALLEST_FONT, size);
}

function longSideOf(box: Box): number {
  return Math.max(box.width, box.height);
}

function placeLabel(face: Face, font: number, line: number, size: Size, taken: readonly Box[]): Label {
  const text = labelText(face);
  const wide = textWidth(text, 1) + 2 * PADDING;
  const high = ASCENT + DESCENT + 2 * LEADING;
  // A label that does not fit into the picture gets a smaller font.
  const fitted = Math.min(font, size.width / wide, size.height / high);
  const plate = { width: fitted * wide, height: fitted * high };
  const { x, y, width, height } = face.box;
  const edge = line / 2;
  const spots = [
    { x: x - edge, y: y - edge - plate.height },
    { x: x - edge, y: y + height + edge },
    { x: x + width + edge - plate.width, y: y - edge - plate.height },
    { x: x + width + edge - plate.width, y: y + height + edge },
    { x: x + edge, y: y + edge },
  ];
  const box = choosePlace(spots, plate, size, taken);
  const baseline = { x: box.x + PADDING * fitted, y: box.y + (LEADING + ASCENT) * fitted };
  return { text, size: fitted, box, baseline };
}

/**
 * With names where these hide nothing but a corner of a large face, else a narrow strip without names, as high as the face.
 */
function placeBars(face: Face, font: number, line: number, size: Size, taken: readonly Box[]): Bars {
  const named = barsWith(namedStyle(font), face, line, size, taken);
  const others = taken.filter((box) => box !== face.box);
  const hidden = covered(named.box, [face.box]) / (face.box.width * face.box.height);
  if (covered(named.box, others) === 0 && hidden <= HIDDEN_SHARE) return named;
  return barsWith(stripStyle(face.box), face, line, size, taken);
}

/** Measures of a block of bars in pixels. */
interface BarStyle {
  /** Size of the font of the names; undefined for none. */
  font: number | undefined;
  /** Width of the names with the gap behind them. */
  names: number;
  /** Width of a bar of probability 1. */
  track: number;
  /** Height of a row. */
  row: number;
  padding: number;
}

function namedStyle(font: number): BarStyle {
  const padding = PADDING * font;
  return { font, names: NAMES_WIDTH * font + padding, track: TRACK * font, row: ROW * font, padding };
}

function stripStyle({ width, height }: Box): BarStyle {
  return { font: undefined, names: 0, track: width / 3, row: height / EXPRESSIONS.length, padding: 0 };
}

function barsWith(
  style: BarStyle,
  { box: face, expressions }: Face,
  line: number,
  size: Size,
  taken: readonly Box[],
): Bars {
  const plate = {
    width: style.names + style.track + 2 * style.padding,
    height: style.row * EXPRESSIONS.length + 2 * style.padding,
  };
  const shrink = Math.min(1, size.width / plate.width, size.height / plate.height);
  const [width, height] = [shrink * plate.width, shrink * plate.height];
  const spots = [
    { x: face.x + face.width + line, y: face.y },
    { x: face.x - line - width, y: face.y },
    { x: face.x, y: face.y + face.height + line },
    { x: face.x, y: face.y - line - height },
    { x: face.x + face.width - width, y: face.y },
    { x: face.x + face.width - width / 2, y: face.y + face.height - height / 2 },
  ];
  const box = choosePlace(spots, { width, height }, size, taken);
  const bars = EXPRESSIONS.map((expression, i) => barIn(box, shrink, style, i, expression, expressions[expression]));
  return { box, size: style.font === undefined ? undefined : shrink * style.font, bars };
}

function barIn(
  plate: Box,
  scale: number,
  { names, track, row, padding }: BarStyle,
  index: number,
  expression: Expression,
  probability: number,
): Bar {
  const x = plate.x + scale * padding;
  const y = plate.y + scale * (padding + index * row);
  const place = { x: x + scale * names, y: y + 0.18 * scale * row, height: 0.64 * scale * row };
  return {
    expression,
    name: { x, y: y + 0.74 * scale * row },
    track: { ...place, width: scale * track },
    filled: { ...place, width: scale * track * probability },
  };
}

/** Width of the longest name at a font of size 1. */
const NAMES_WIDTH = Math.max(...EXPRESSIONS.map((name) => textWidth(name, 1)));

/** The first of the spots, each moved into the picture, where least of what is taken is covered. */
function choosePlace(spots: readonly Point[], plate: Size, size: Size, taken: readonly Box[]): Box {
  const boxes = spots.map(({ x, y }) => ({
    x: Math.min(Math.max(x, 0), size.width - plate.width),
    y: Math.min(Math.max(y, 0), size.height - plate.height),
    ...plate,
  }));
  return boxes.reduce((best, box) => (covered(box, taken) < covered(best, taken) ? box : best));
}

function covered(box: Box, taken: readonly Box[]): number {
  return taken.reduce((sum, other) => sum + intersectionArea(box, other), 0);
}
