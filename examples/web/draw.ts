import type { Face } from '@mememoji/vision/result';

/** Draws a box and a word for each face over a picture of `width` x `height` pixels, however large it is shown. */
export function drawBoxes(canvas: HTMLCanvasElement, faces: readonly Face[], width: number, height: number): void {
  Object.assign(canvas, { width, height });
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.lineWidth = Math.max(2, width / 300);
  context.font = `${Math.max(14, width / 40)}px system-ui, sans-serif`;
  for (const face of faces) drawBox(context, face);
}

function drawBox(context: CanvasRenderingContext2D, { box, dominant, uncertain }: Face): void {
  context.strokeStyle = uncertain ? 'silver' : 'gold';
  context.strokeRect(box.x, box.y, box.width, box.height);
  const word = uncertain ? `${dominant}?` : dominant;
  const { width, fontBoundingBoxAscent: ascent, fontBoundingBoxDescent: descent } = context.measureText(word);
  const bottom = Math.max(box.y, ascent + descent);
  context.fillStyle = context.strokeStyle;
  context.fillRect(box.x, bottom - ascent - descent, width + 8, ascent + descent);
  context.fillStyle = 'black';
  context.fillText(word, box.x + 4, bottom - descent);
}
