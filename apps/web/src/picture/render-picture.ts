import type { Face } from '@mememoji/vision/result';
import { drawOverlay, drawPicture, memeOfFace, type Overlay } from '../draw/overlay.ts';
import { canvasToBlob, createCanvas } from '../export/picture-file.ts';
import { fitPicture } from '../geometry.ts';

/** A picture with what was found over it, at its full size, as a PNG. Waits for the artwork of its memes. */
export async function renderPicture(
  picture: ImageBitmap,
  faces: readonly Face[],
  overlay: Omit<Overlay, 'unit' | 'chosen'>,
): Promise<Blob> {
  if (overlay.style === 'memes') await Promise.all(faces.map((face) => overlay.art.get(memeOfFace(face))));
  const [canvas, context] = createCanvas(picture.width, picture.height);
  const viewport = fitPicture(picture, picture);
  drawPicture(context, viewport, picture);
  drawOverlay(context, viewport, faces, {
    ...overlay,
    unit: Math.max(1, Math.max(picture.width, picture.height) / 900),
  });
  return canvasToBlob(canvas);
}
