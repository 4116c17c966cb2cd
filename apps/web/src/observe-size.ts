import { canvasSize, type Size } from './geometry.ts';

/**
 * Keeps a canvas as large as it is shown, in pixels of the screen, and tells so: at once, after each resize and when the
 * window moves to a screen with another pixel ratio.
 * @param resized gets the size of the canvas in pixels of the screen, and how many of them make one of CSS.
 * @returns what ends it.
 */
export function followSize(canvas: HTMLCanvasElement, resized: (size: Size, pixelRatio: number) => void): () => void {
  const update = (): void => {
    const size = canvasSize({ width: canvas.clientWidth, height: canvas.clientHeight }, devicePixelRatio);
    if (canvas.width !== size.width) canvas.width = size.width;
    if (canvas.height !== size.height) canvas.height = size.height;
    resized(size, devicePixelRatio);
  };
  const observer = new ResizeObserver(update);
  observer.observe(canvas);
  const forgetRatio = followPixelRatio(update);
  update();
  return () => {
    observer.disconnect();
    forgetRatio();
  };
}

/** A media query matches one ratio only, so each change asks for the next one. */
function followPixelRatio(changed: () => void): () => void {
  let query = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
  const listen = (): void => {
    query = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    query.addEventListener('change', listen, { once: true });
    changed();
  };
  query.addEventListener('change', listen, { once: true });
  return () => query.removeEventListener('change', listen);
}
