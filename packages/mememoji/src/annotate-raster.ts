/** Drawing into decoded pixels: filled rectangles, lines and text, with smooth edges, without anything of the system. */
import type { PixelImage } from '@mememoji/vision/image';
import type { Rgb } from '@mememoji/vision/palette';
import type { Box, Point } from '@mememoji/vision/result';
import { layoutText, type Segment } from './annotate-font.ts';

/** An image of RGB that is drawn into. */
export interface Raster {
  width: number;
  height: number;
  channels: 3;
  data: Uint8ClampedArray;
}

/** Whole pixels from (left, top) up to, without, (right, bottom). */
interface Area {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** How much of each pixel of an area is covered, 0..1. */
interface Mask extends Area {
  data: Float32Array;
}

/** A copy of an image to draw into: grey becomes RGB, transparent pixels stand on white. */
export function toRaster({ width, height, channels, data }: PixelImage): Raster {
  if (channels === 3) return { width, height, channels, data: new Uint8ClampedArray(data) };
  const rgb = new Uint8ClampedArray(3 * width * height);
  for (let from = 0, to = 0; to < rgb.length; from += channels, to += 3) {
    const white = channels === 4 ? 255 - data[from + 3]! : 0;
    for (let i = 0; i < 3; i++) {
      const value = data[channels === 1 ? from : from + i]!;
      rgb[to + i] = white + (value * (255 - white)) / 255;
    }
  }
  return { width, height, channels: 3, data: rgb };
}

/** Fills a rectangle; pixels that it covers in part get a part of the colour. */
export function fillBox(raster: Raster, box: Box, colour: Rgb, opacity = 1): void {
  const [right, bottom] = [box.x + box.width, box.y + box.height];
  const area = clip({ left: box.x, top: box.y, right, bottom }, raster);
  for (let y = area.top; y < area.bottom; y++) {
    const rows = overlap(y, box.y, bottom) * opacity;
    for (let x = area.left; x < area.right; x++) blend(raster, x, y, colour, rows * overlap(x, box.x, right));
  }
}

/** Length of [pixel, pixel + 1] within [from, to]. */
function overlap(pixel: number, from: number, to: number): number {
  return Math.max(0, Math.min(pixel + 1, to) - Math.max(pixel, from));
}

/** Draws lines of one thickness with round ends; where they cross or meet, nothing is drawn twice. */
export function strokeSegments(raster: Raster, segments: readonly Segment[], thickness: number, colour: Rgb): void {
  const radius = thickness / 2;
  const mask = maskAround(segments, radius, raster);
  for (const segment of segments) coverSegment(mask, segment, radius);
  const width = mask.right - mask.left;
  for (let y = mask.top, at = 0; y < mask.bottom; y++) {
    for (let x = mask.left; x < mask.left + width; x++, at++) blend(raster, x, y, colour, mask.data[at]!);
  }
}

/** Draws a line of text. @param at left end of the baseline @param size of the font in pixels */
export function drawText(raster: Raster, text: string, at: Point, size: number, colour: Rgb): void {
  const { segments, thickness } = layoutText(text, size);
  const move = ({ x, y }: Point): Point => ({ x: x + at.x, y: y + at.y });
  const placed = segments.map(([from, to]): Segment => [move(from), move(to)]);
  strokeSegments(raster, placed, thickness, colour);
}

/** The outline of a rectangle, the middle of its line on the edge; dashed with gaps as long as the dashes. */
export function strokeBox(raster: Raster, box: Box, thickness: number, colour: Rgb, dash?: number): void {
  const [right, bottom] = [box.x + box.width, box.y + box.height];
  const corners = [
    { x: box.x, y: box.y },
    { x: right, y: box.y },
    { x: right, y: bottom },
    { x: box.x, y: bottom },
  ];
  corners.forEach((corner, i) => {
    const next = corners[(i + 1) % 4]!;
    // Side by side, because a mask around all four would hold the whole face.
    for (const piece of dash === undefined ? [[corner, next] as const] : dashes(corner, next, dash)) {
      strokeSegments(raster, [piece], thickness, colour);
    }
  });
}

/** An odd number of pieces of about the length `dash`, of which each second one is left out, so that corners are drawn. */
function dashes(from: Point, to: Point, dash: number): Segment[] {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const count = 2 * Math.max(1, Math.round((length / dash - 1) / 2)) + 1;
  const point = (i: number): Point => ({
    x: from.x + ((to.x - from.x) * i) / count,
    y: from.y + ((to.y - from.y) * i) / count,
  });
  return Array.from({ length: (count + 1) / 2 }, (_, i): Segment => [point(2 * i), point(2 * i + 1)]);
}

function maskAround(segments: readonly Segment[], radius: number, raster: Raster): Mask {
  const around: Area = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const segment of segments) {
    const { left, top, right, bottom } = boundsOf(segment, radius);
    around.left = Math.min(around.left, left);
    around.top = Math.min(around.top, top);
    around.right = Math.max(around.right, right);
    around.bottom = Math.max(around.bottom, bottom);
  }
  const area = clip(around, raster);
  return { ...area, data: new Float32Array((area.right - area.left) * (area.bottom - area.top)) };
}

/** Raises the cover of the pixels whose middles lie within half a pixel of the line, or on it. */
function coverSegment(mask: Mask, segment: Segment, radius: number): void {
  const [from, to] = segment;
  const { left, top, right, bottom } = intersect(boundsOf(segment, radius), mask);
  const width = mask.right - mask.left;
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const square = dx * dx + dy * dy;
  for (let y = top; y < bottom; y++) {
    const py = y + 0.5 - from.y;
    let at = (y - mask.top) * width + left - mask.left;
    for (let x = left; x < right; x++, at++) {
      const px = x + 0.5 - from.x;
      const along = square === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / square));
      const distance = Math.sqrt((px - along * dx) ** 2 + (py - along * dy) ** 2);
      // A line thinner than a pixel covers less than one.
      const cover = Math.min(1, 2 * radius, radius + 0.5 - distance);
      if (cover > mask.data[at]!) mask.data[at] = cover;
    }
  }
}

/** What a line of that radius may touch, with the half pixel over which its edge fades. */
function boundsOf([from, to]: Segment, radius: number): Area {
  const by = radius + 0.5;
  return {
    left: Math.min(from.x, to.x) - by,
    top: Math.min(from.y, to.y) - by,
    right: Math.max(from.x, to.x) + by,
    bottom: Math.max(from.y, to.y) + by,
  };
}

/** The whole pixels that an area touches, as far as they lie in the image. */
function clip(area: Area, { width, height }: { width: number; height: number }): Area {
  return intersect(area, { left: 0, top: 0, right: width, bottom: height });
}

function intersect(area: Area, within: Area): Area {
  const left = Math.max(within.left, Math.floor(area.left));
  const top = Math.max(within.top, Math.floor(area.top));
  const right = Math.max(left, Math.min(within.right, Math.ceil(area.right)));
  const bottom = Math.max(top, Math.min(within.bottom, Math.ceil(area.bottom)));
  return { left, top, right, bottom };
}

function blend({ width, data }: Raster, x: number, y: number, [red, green, blue]: Rgb, cover: number): void {
  if (cover <= 0) return;
  const at = 3 * (y * width + x);
  data[at]! += (red - data[at]!) * cover;
  data[at + 1]! += (green - data[at + 1]!) * cover;
  data[at + 2]! += (blue - data[at + 2]!) * cover;
}
