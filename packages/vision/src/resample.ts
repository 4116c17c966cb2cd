import { applySimilarity, type Similarity, similarityScale } from './geometry.ts';
import type { PixelImage } from './image.ts';

/** Subpixels per side of a crop pixel stay at or below this; larger faces are shrunk by whole cells before. */
const MAX_SUBPIXELS = 8;

/** Part of an image in grey, each value the mean over a cell of `cell` x `cell` pixels. */
interface GreyRegion {
  /** Column and row of the image at the region's top left corner. */
  x: number;
  y: number;
  cell: number;
  width: number;
  height: number;
  data: Float32Array;
}

/**
 * Cuts a grey picture of `width` x `height` pixels, 0..255, out of an image, turned and scaled by `cropToImage`.
 *
 * Every pixel is the mean over the area that it covers in the image (a grid of bilinear samples, at least one for each
 * image pixel), so that a large face is shrunk without aliasing; an enlarged one is plain bilinear. Beyond the image's
 * edge the edge's pixels repeat. Grey is BT.601 luma, as the tools that made FER2013 take it; transparent pixels stand on white.
 *
 * @param out receives the pixels row by row; a `Uint8ClampedArray` gets them rounded.
 */
export function cropGrey<Pixels extends Float32Array | Uint8ClampedArray>(
  image: PixelImage,
  cropToImage: Similarity,
  width: number,
  height: number,
  out: Pixels,
): Pixels {
  const scale = similarityScale(cropToImage);
  const cell = Math.max(1, Math.floor((2 * scale) / MAX_SUBPIXELS));
  const region = greyRegion(image, cropToImage, width, height, cell);
  const { a, b } = cropToImage;
  const origin = applySimilarity(cropToImage, { x: 0, y: 0 });
  // From here on in the region's own cells, with whole numbers at their centres.
  const toCells: Similarity = {
    a: a / cell,
    b: b / cell,
    tx: (origin.x - region.x) / cell - 0.5,
    ty: (origin.y - region.y) / cell - 0.5,
  };
  sampleRegion(region, toCells, Math.max(1, Math.ceil(scale / cell)), width, height, out);
  return out;
}

/** Swaps left and right of a picture in its place. */
export function mirrorRows(pixels: Float32Array | Uint8ClampedArray, width: number): void {
  for (let start = 0; start < pixels.length; start += width) pixels.subarray(start, start + width).reverse();
}

function sampleRegion(
  region: GreyRegion,
  { a, b, tx, ty }: Similarity,
  subpixels: number,
  width: number,
  height: number,
  out: Float32Array | Uint8ClampedArray,
): void {
  const step = 1 / subpixels;
  const weight = step * step;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      let sum = 0;
      for (let v = 0; v < subpixels; v++) {
        const y = row + (v + 0.5) * step;
        for (let u = 0; u < subpixels; u++) {
          const x = column + (u + 0.5) * step;
          sum += bilinear(region, a * x - b * y + tx, b * x + a * y + ty);
        }
      }
      out[row * width + column] = sum * weight;
    }
  }
}

function bilinear({ data, width, height }: GreyRegion, x: number, y: number): number {
  const clampedX = Math.min(Math.max(x, 0), width - 1);
  const clampedY = Math.min(Math.max(y, 0), height - 1);
  const left = Math.floor(clampedX);
  const top = Math.floor(clampedY);
  const right = left + 1 < width ? left + 1 : left;
  const above = top * width;
  const below = top + 1 < height ? above + width : above;
  const fx = clampedX - left;
  const upper = data[above + left]! + fx * (data[above + right]! - data[above + left]!);
  const lower = data[below + left]! + fx * (data[below + right]! - data[below + left]!);
  return upper + (clampedY - top) * (lower - upper);
}

/** The grey cells that a crop needs, with a cell to spare on each side, clipped to the image. */
function greyRegion(
  image: PixelImage,
  cropToImage: Similarity,
  width: number,
  height: number,
  cell: number,
): GreyRegion {
  const corners = [
    { x: 0, y: 0 },
    { x: width, y: 0 },
    { x: 0, y: height },
    { x: width, y: height },
  ].map((corner) => applySimilarity(cropToImage, corner));
  const [x, right] = clipRange(
    corners.map((corner) => corner.x),
    cell,
    image.width,
  );
  const [y, bottom] = clipRange(
    corners.map((corner) => corner.y),
    cell,
    image.height,
  );
  const region = { x, y, cell, width: Math.ceil((right - x) / cell), height: Math.ceil((bottom - y) / cell) };
  return { ...region, data: shrinkToGrey(image, region, right, bottom) };
}

/** Whole pixels from the smallest to the largest value and `margin` + 1 beyond; at least one pixel of 0..size. */
function clipRange(values: number[], margin: number, size: number): [from: number, to: number] {
  const from = Math.floor(Math.min(...values)) - margin - 1;
  const to = Math.ceil(Math.max(...values)) + margin + 1;
  const start = Math.min(Math.max(from, 0), size - 1);
  return [start, Math.max(Math.min(to, size), start + 1)];
}

function shrinkToGrey(
  image: PixelImage,
  region: Omit<GreyRegion, 'data'>,
  right: number,
  bottom: number,
): Float32Array {
  const { x, y, cell, width, height } = region;
  const data = new Float32Array(width * height);
  const line = new Float32Array(right - x);
  for (let row = 0; row < height; row++) {
    const from = y + row * cell;
    const to = Math.min(from + cell, bottom);
    const cells = data.subarray(row * width, (row + 1) * width);
    for (let imageRow = from; imageRow < to; imageRow++) {
      readGreyLine(image, imageRow, x, line);
      addCells(line, cell, 1 / (to - from), cells);
    }
  }
  return data;
}

/** Adds to each cell the mean of its pixels in one line, times `weight`; the last cell may be narrower. */
function addCells(line: Float32Array, cell: number, weight: number, cells: Float32Array): void {
  for (let i = 0; i < cells.length; i++) {
    const from = i * cell;
    const to = Math.min(from + cell, line.length);
    let sum = 0;
    for (let x = from; x < to; x++) sum += line[x]!;
    cells[i]! += (sum * weight) / (to - from);
  }
}

/** BT.601 luma of one row of the image from column `x` on, as long as `line` is. */
function readGreyLine({ width, channels, data }: PixelImage, row: number, x: number, line: Float32Array): void {
  let at = (row * width + x) * channels;
  for (let i = 0; i < line.length; i++, at += channels) {
    if (channels === 1) {
      line[i] = data[at]!;
      continue;
    }
    const luma = 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!;
    line[i] = channels === 3 ? luma : 255 + ((luma - 255) * data[at + 3]!) / 255;
  }
}
