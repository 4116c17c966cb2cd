import { drawOverlay, drawPicture, type Overlay } from '../draw/overlay.ts';
import { contextOf } from '../export/picture-file.ts';
import { fitPicture } from '../geometry.ts';
import type { LiveFrame } from './live-session.ts';

/** Draws a frame and what was found in it over the whole of a canvas, for the screen as for a recording. */
export function paintFrame(canvas: HTMLCanvasElement, frame: LiveFrame, overlay: Overlay, mirror: boolean): void {
  const context = contextOf(canvas);
  const viewport = fitPicture(frame.picture, canvas, 'cover', mirror);
  drawPicture(context, viewport, frame.picture);
  drawOverlay(context, viewport, frame.analysis.faces, overlay);
}
