/**
 * The one place that knows how the pixels of a picture come to lie on the screen: object-fit, device pixel ratio, mirror,
 * and what follows from a resize. Coordinates of pictures are those of `Box` in vision: continuous, origin top left.
 */
import type { Box, Point } from '@mememoji/vision/result';

export interface Size {
  width: number;
  height: number;
}

/** CSS's `object-fit` of an element whose picture is centred: `contain` shows all of it, `cover` fills the element. */
export type Fit = 'contain' | 'cover';

/** Where a picture lies in a view: picture (x, y) is drawn at (left + scale x, top + scale y), or mirrored within the view. */
export interface Viewport {
  /** Units of the view per pixel of the picture. */
  scale: number;
  /** Of the picture's top left corner, in units of the view, before mirroring. */
  left: number;
  top: number;
  /** Size of the picture in the view. */
  width: number;
  height: number;
  /** Size of the whole view. */
  view: Size;
  /** Left and right exchanged, as in a mirror. */
  mirror: boolean;
}

/** Where `picture` comes to lie in `view`, centred; a picture or view without area gives scale 0. */
export function fitPicture(picture: Size, view: Size, fit: Fit = 'contain', mirror = false): Viewport {
  const scaleX = picture.width > 0 ? view.width / picture.width : 0;
  const scaleY = picture.height > 0 ? view.height / picture.height : 0;
  const scale = fit === 'contain' ? Math.min(scaleX, scaleY) : Math.max(scaleX, scaleY);
  const width = picture.width * scale;
  const height = picture.height * scale;
  return { scale, left: (view.width - width) / 2, top: (view.height - height) / 2, width, height, view, mirror };
}

/** A point of the picture, in the view. */
export function pointToView({ scale, left, top, view, mirror }: Viewport, { x, y }: Point): Point {
  const across = left + scale * x;
  return { x: mirror ? view.width - across : across, y: top + scale * y };
}

/** A box of the picture, in the view. */
export function boxToView(viewport: Viewport, { x, y, width, height }: Box): Box {
  const a = pointToView(viewport, { x, y });
  const b = pointToView(viewport, { x: x + width, y: y + height });
  return { x: Math.min(a.x, b.x), y: a.y, width: Math.abs(b.x - a.x), height: b.y - a.y };
}

/** A turn within the picture, in the view: a mirror turns the other way. */
export function angleToView({ mirror }: Viewport, angle: number): number {
  return mirror ? -angle : angle;
}

/** The point of the picture that is seen at a point of the view, or undefined beside the picture. */
export function pointFromView(
  { scale, left, top, width, height, view, mirror }: Viewport,
  at: Point,
): Point | undefined {
  const x = (mirror ? view.width - at.x : at.x) - left;
  const y = at.y - top;
  if (scale === 0 || x < 0 || y < 0 || x > width || y > height) return undefined;
  return { x: x / scale, y: y / scale };
}

/** The size that a canvas needs so that one of its pixels is one of the screen's. */
export function canvasSize(css: Size, pixelRatio: number): Size {
  return {
    width: Math.max(1, Math.round(css.width * pixelRatio)),
    height: Math.max(1, Math.round(css.height * pixelRatio)),
  };
}

/** The largest size with the same proportions of which no side is longer than `longest`. */
export function limitSize({ width, height }: Size, longest: number): Size {
  const factor = Math.min(1, longest / Math.max(width, height, 1));
  return { width: Math.max(1, Math.round(width * factor)), height: Math.max(1, Math.round(height * factor)) };
}

/** A square about a box, `factor` times its longer side. */
export function squareAround({ x, y, width, height }: Box, factor: number): Box {
  const side = Math.max(width, height) * factor;
  return { x: x + width / 2 - side / 2, y: y + height / 2 - side / 2, width: side, height: side };
}
