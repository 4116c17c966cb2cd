import type { Box } from '@mememoji/vision/result';
import type { Page } from 'playwright-core';
import sharp from 'sharp';

/** The accent of the light theme. */
const ACCENT = [0xff, 0xcf, 0x33];
const TOLERANCE = 40;

/**
 * Where the edges of a drawn box lie on the screen, in pixels of CSS: the middles of its lines, found in a screenshot.
 * @param expected where they should lie.
 * @param reach how far from there lines are looked for: four pixels away the label begins, which has the same colour.
 */
export async function findDrawnBox(page: Page, expected: Box, reach = 3.4): Promise<Box> {
  const ratio = await page.evaluate(() => devicePixelRatio);
  const { data, info } = await sharp(await page.screenshot())
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const isLine = (x: number, y: number): boolean =>
    ACCENT.every((value, i) => Math.abs(data[(y * info.width + x) * 3 + i]! - value) < TOLERANCE);
  /** Middle of the line that crosses a row or a column near `about`. */
  const middle = (about: number, is: (at: number) => boolean): number => {
    const hits: number[] = [];
    for (let at = Math.round((about - reach) * ratio); at <= (about + reach) * ratio; at++)
      if (is(at)) hits.push(at + 0.5);
    return hits.reduce((a, b) => a + b, 0) / hits.length / ratio;
  };
  // A third of the way down and across: nothing else of the overlay is there.
  const row = Math.round((expected.y + (2 * expected.height) / 3) * ratio);
  const column = Math.round((expected.x + (2 * expected.width) / 3) * ratio);
  const x = middle(expected.x, (at) => isLine(at, row));
  const right = middle(expected.x + expected.width, (at) => isLine(at, row));
  const y = middle(expected.y, (at) => isLine(column, at));
  const bottom = middle(expected.y + expected.height, (at) => isLine(column, at));
  return { x, y, width: right - x, height: bottom - y };
}

/** Distances between the edges of two boxes, the largest of them; no number if one has no edge. */
export function edgeDistance(a: Box, b: Box): number {
  const edges = ({ x, y, width, height }: Box): number[] => [x, y, x + width, y + height];
  const other = edges(b);
  return Math.max(...edges(a).map((value, i) => Math.abs(value - other[i]!)));
}

/**
 * Where a box of a picture should lie on the screen when the picture is shown whole, or filling, in the middle of an element.
 * Written anew here, as CSS says it, not with the app's own geometry.
 */
export function expectOnScreen(
  box: Box,
  picture: { width: number; height: number },
  element: Box,
  { fit = 'contain', mirror = false }: { fit?: 'contain' | 'cover'; mirror?: boolean } = {},
): Box {
  const ratios = [element.width / picture.width, element.height / picture.height];
  const scale = fit === 'contain' ? Math.min(...ratios) : Math.max(...ratios);
  const x = mirror ? picture.width - box.x - box.width : box.x;
  return {
    x: element.x + element.width / 2 + (x - picture.width / 2) * scale,
    y: element.y + element.height / 2 + (box.y - picture.height / 2) * scale,
    width: box.width * scale,
    height: box.height * scale,
  };
}
