import type { PixelImage } from './image.ts';
import { addRow, rowLength } from './image-rows.ts';

/** An image made into the input tensor of a detector, and how to find the way back to the image's pixels. */
export interface Letterbox {
  /** float32 [1, 3, height, width]: RGB planes, row by row, -1..1. */
  data: Float32Array;
  width: number;
  height: number;
  /** Column and row at which the picture starts inside its border. */
  offsetX: number;
  offsetY: number;
  /** Image pixels per tensor pixel. */
  scaleX: number;
  scaleY: number;
}

/** x * UNIT - 1 is (x - 127.5) / 127.5. */
const UNIT = 1 / 127.5;

/** The weights by which the pixels of an axis make those of a shorter or longer one. */
interface AxisWeights {
  /** Source pixels that go into each target pixel. */
  taps: number;
  /** First source pixel of each target pixel. */
  first: Int32Array;
  /** `taps` weights for each target pixel; they sum to 1. */
  weights: Float64Array;
}

/**
 * Scales an image until its long side has `longSide` pixels, centres it in a border of -1 whose sides are the next
 * multiples of `multiple`, and maps 0..255 to -1..1 by (x - 127.5) / 127.5. Shrinking averages over areas, enlarging is
 * bilinear. Grey becomes RGB; transparent pixels stand on white.
 */
export function letterbox(image: PixelImage, longSide: number, multiple = 32): Letterbox {
  const scale = longSide / Math.max(image.width, image.height);
  const innerWidth = Math.max(1, Math.round(image.width * scale));
  const innerHeight = Math.max(1, Math.round(image.height * scale));
  const width = Math.ceil(innerWidth / multiple) * multiple;
  const height = Math.ceil(innerHeight / multiple) * multiple;
  const offsetX = (width - innerWidth) >> 1;
  const offsetY = (height - innerHeight) >> 1;
  const data = new Float32Array(3 * width * height).fill(-1);
  const inside = data.subarray(offsetY * width + offsetX);
  resizeIntoPlanes(image, innerWidth, innerHeight, inside, width, width * height);
  return {
    data,
    width,
    height,
    offsetX,
    offsetY,
    scaleX: image.width / innerWidth,
    scaleY: image.height / innerHeight,
  };
}

/** Separable: the rows of the image that make one row of the tensor are added up first, then its columns. */
function resizeIntoPlanes(
  image: PixelImage,
  width: number,
  height: number,
  out: Float32Array,
  stride: number,
  plane: number,
): void {
  const columns = axisWeights(image.width, width);
  const rows = axisWeights(image.height, height);
  const line = new Float64Array(rowLength(image));
  const write = image.channels === 1 ? writeGreyLine : writeColourLine;
  for (let row = 0; row < height; row++) {
    line.fill(0);
    for (let tap = 0; tap < rows.taps; tap++) {
      const weight = rows.weights[row * rows.taps + tap]!;
      if (weight !== 0) addRow(image, rows.first[row]! + tap, weight, line);
    }
    write(line, columns, out, row * stride, plane);
  }
}

/** Makes a line of interleaved RGB one row of the tensor in each of three planes, the first from `to` on. */
function writeColourLine(line: Float64Array, columns: AxisWeights, out: Float32Array, to: number, plane: number): void {
  const { taps, first, weights } = columns;
  for (let x = 0, tap = 0; x < first.length; x++) {
    let at = first[x]! * 3;
    let red = 0;
    let green = 0;
    let blue = 0;
    for (const end = tap + taps; tap < end; tap++, at += 3) {
      const weight = weights[tap]!;
      red += weight * line[at]!;
      green += weight * line[at + 1]!;
      blue += weight * line[at + 2]!;
    }
    out[to + x] = red * UNIT - 1;
    out[to + plane + x] = green * UNIT - 1;
    out[to + 2 * plane + x] = blue * UNIT - 1;
  }
}

function writeGreyLine(line: Float64Array, columns: AxisWeights, out: Float32Array, to: number, plane: number): void {
  const { taps, first, weights } = columns;
  for (let x = 0, tap = 0; x < first.length; x++) {
    let at = first[x]!;
    let sum = 0;
    for (const end = tap + taps; tap < end; tap++, at++) sum += weights[tap]! * line[at]!;
    out[to + x] = sum * UNIT - 1;
  }
  out.copyWithin(to + plane, to, to + first.length);
  out.copyWithin(to + 2 * plane, to, to + first.length);
}

function axisWeights(source: number, target: number): AxisWeights {
  const ratio = source / target;
  const taps = Math.min(source, tapCount(ratio));
  const first = new Int32Array(target);
  const weights = new Float64Array(target * taps);
  // Shrinking, a target pixel is a window over the source; enlarging, it is a point between two source pixels.
  const weigh = ratio > 1 ? overlap : tent;
  for (let i = 0; i < target; i++) {
    const from = ratio > 1 ? i * ratio : (i + 0.5) * ratio - 0.5;
    first[i] = Math.min(Math.max(Math.floor(from), 0), source - taps);
    let sum = 0;
    for (let tap = 0; tap < taps; tap++) {
      const weight = weigh(first[i]! + tap, from, ratio);
      weights[i * taps + tap] = weight;
      sum += weight;
    }
    for (let tap = 0; tap < taps; tap++) weights[i * taps + tap]! /= sum;
  }
  return { taps, first, weights };
}

/** Source pixels that one target pixel can touch. */
function tapCount(ratio: number): number {
  if (ratio === 1) return 1;
  return ratio > 1 ? Math.ceil(ratio) + 1 : 2;
}

/** Length that source pixel `index` shares with the window that starts at `from`. */
function overlap(index: number, from: number, length: number): number {
  return Math.max(0, Math.min(index + 1, from + length) - Math.max(index, from));
}

/** Bilinear weight of source pixel `index` for the position `at`, both at pixel centres. */
function tent(index: number, at: number): number {
  return Math.max(0, 1 - Math.abs(index - at));
}
