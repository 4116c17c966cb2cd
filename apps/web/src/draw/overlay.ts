import { type MemePlacement, memeName, memeOf, memePlacement } from '@mememoji/vision/meme';
import type { Face } from '@mememoji/vision/result';
import { angleToView, boxToView, pointToView, type Viewport } from '../geometry.ts';
import type { MemeArt } from './meme-art.ts';
import type { Palette } from './palette.ts';

export const OVERLAY_STYLES = ['boxes', 'memes', 'plain'] as const;
export type OverlayStyle = (typeof OVERLAY_STYLES)[number];

export interface Overlay {
  style: OverlayStyle;
  art: MemeArt;
  palette: Palette;
  /** Name of the artwork for a face, where it is not the one of this very moment. */
  meme?: ((face: Face) => string) | undefined;
  /** Where the artwork lies, where it is held steady. */
  placement?: ((face: Face) => MemePlacement | undefined) | undefined;
  /** The word beside a box. */
  label: (face: Face) => string;
  /** Id of the face that the person looks at. */
  chosen?: number | undefined;
  /** Units of the view that make one of CSS: the thickness of lines and the size of letters go by it. */
  unit: number;
}

type Context = CanvasRenderingContext2D;

/** Draws what the program found over a picture that lies in the view as `viewport` says. */
export function drawOverlay(context: Context, viewport: Viewport, faces: readonly Face[], overlay: Overlay): void {
  if (overlay.style === 'plain') return;
  for (const face of faces) {
    if (overlay.style === 'boxes' || !drawMeme(context, viewport, face, overlay)) {
      drawBox(context, viewport, face, overlay);
    }
  }
}

/** The picture itself, mirrored if the viewport is. */
export function drawPicture(context: Context, viewport: Viewport, picture: CanvasImageSource): void {
  const { left, top, width, height, view, mirror } = viewport;
  context.save();
  if (mirror) context.transform(-1, 0, 0, 1, view.width, 0);
  context.drawImage(picture, left, top, width, height);
  context.restore();
}

/** The artwork turned and sized with the head. It is not mirrored: a wink stays on its side as drawn. */
function drawMeme(context: Context, viewport: Viewport, face: Face, overlay: Overlay): boolean {
  const { art, meme = memeOfFace } = overlay;
  const picture = art.peek(meme(face));
  if (picture === undefined) return false;
  const { center, size, angle } = overlay.placement?.(face) ?? memePlacement(face);
  const { x, y } = pointToView(viewport, center);
  const side = size * viewport.scale;
  context.save();
  context.translate(x, y);
  context.rotate(angleToView(viewport, angle));
  context.drawImage(picture, -side / 2, -side / 2, side, side);
  context.restore();
  return true;
}

/** Name of the artwork for what a face shows. */
export function memeOfFace({ expressions }: Face): string {
  return memeName(memeOf(expressions));
}

/** Accent over a dark rim, to be seen on light and on dark pictures. The line's middle is the box's edge. */
function drawBox(context: Context, viewport: Viewport, face: Face, overlay: Overlay): void {
  const { x, y, width, height } = boxToView(viewport, face.box);
  const { palette, unit } = overlay;
  context.lineJoin = 'round';
  for (const [colour, thickness] of [
    ['rgb(0 0 0 / 0.55)', 5],
    [palette.accent, face.id === overlay.chosen ? 4 : 2.5],
  ] as const) {
    context.strokeStyle = colour;
    context.lineWidth = thickness * unit;
    context.strokeRect(x, y, width, height);
  }
  drawLabel(context, x, y, viewport.view.width, overlay.label(face), overlay);
}

function drawLabel(context: Context, x: number, y: number, room: number, text: string, overlay: Overlay): void {
  const { palette, unit } = overlay;
  context.font = `600 ${13 * unit}px system-ui, sans-serif`;
  const width = context.measureText(text).width + 14 * unit;
  const height = 22 * unit;
  const left = Math.max(0, Math.min(x - 2 * unit, room - width));
  const top = y - height - 4 * unit < 0 ? y + 4 * unit : y - height - 4 * unit;
  context.fillStyle = palette.accent;
  context.beginPath();
  context.roundRect(left, top, width, height, 6 * unit);
  context.fill();
  context.fillStyle = palette.onAccent;
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  context.fillText(text, left + 7 * unit, top + height / 2 + 0.5 * unit);
}
