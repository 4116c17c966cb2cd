import type { Similarity } from '@mememoji/vision/geometry';
import { cropGrey, mirrorRows } from '@mememoji/vision/resample';
import { type Dataset, imageAt } from './dataset.ts';
import { TrainError } from './error.ts';

/** How often and how a picture is shown to the net; the probabilities of all its views are averaged. */
export const VIEWS = ['single', 'flip', 'tencrop'] as const;

export type View = (typeof VIEWS)[number];

/** A part of a picture that fills the net's input. */
export interface ViewWindow {
  /** From a pixel of the input to its place in the picture, both in pixels. */
  toPicture: Similarity;
  /** Mirrored left and right. */
  mirror: boolean;
}

interface Size {
  width: number;
  height: number;
}

/** Share of a picture's side that a corner of `tencrop` shows where `single` would show all of it: 44 of 48. */
const CORNER_SHARE = 11 / 12;

/**
 * The windows of a view.
 * - `single`: the middle part. Its pixels are the input's where the picture is at least as large as the input; a smaller
 *   picture is enlarged as far as it goes (bilinear).
 * - `flip`: that and its mirror image.
 * - `tencrop`: middle and four corners, each also mirrored (Krizhevsky et al., 2012). Where the middle part leaves no
 *   corners because it is the whole picture, all five are 11/12 of its side and enlarged to the input.
 * @param crop height in picture pixels of the part that fills the input, where it is not the above
 * @throws TrainError `BAD_OPTION` if `crop` is larger than the picture
 */
export function viewWindows(view: View, picture: Size, input: Size, crop?: number): ViewWindow[] {
  const whole = Math.min(picture.width / input.width, picture.height / input.height);
  const scale = crop === undefined ? Math.min(1, whole) : crop / input.height;
  if (!(scale > 0 && scale <= whole)) {
    throw new TrainError(
      'BAD_OPTION',
      `a crop of ${crop} pixels is not possible in pictures of ${picture.width}x${picture.height}`,
    );
  }
  const middle = placeWindow(picture, input, scale, 0.5, 0.5);
  if (view === 'single') return [middle];
  if (view === 'flip') return withMirrors([middle]);
  const cornerScale = Math.min(scale, whole * CORNER_SHARE);
  const places: [number, number][] = [
    [0.5, 0.5],
    [0, 0],
    [1, 0],
    [0, 1],
    [1, 1],
  ];
  return withMirrors(places.map(([x, y]) => placeWindow(picture, input, cornerScale, x, y)));
}

/** `x` and `y` tell where in the room that is left the window stands: 0 left or top, 1 right or bottom. */
function placeWindow(picture: Size, input: Size, scale: number, x: number, y: number): ViewWindow {
  const tx = (picture.width - input.width * scale) * x;
  const ty = (picture.height - input.height * scale) * y;
  return { toPicture: { a: scale, b: 0, tx, ty }, mirror: false };
}

function withMirrors(windows: readonly ViewWindow[]): ViewWindow[] {
  return [...windows, ...windows.map((window) => ({ ...window, mirror: true }))];
}

/** Pixels of a window of some rows, float32 [rows, 1, height, width] of the input's size, grey 0..255. */
export function cutWindows(dataset: Dataset, rows: Uint32Array, window: ViewWindow, input: Size): Float32Array {
  const size = input.width * input.height;
  const pixels = new Float32Array(rows.length * size);
  rows.forEach((row, i) => {
    const out = pixels.subarray(i * size, (i + 1) * size);
    const image = { width: dataset.width, height: dataset.height, channels: 1, data: imageAt(dataset, row) } as const;
    cropGrey(image, window.toPicture, input.width, input.height, out);
    if (window.mirror) mirrorRows(out, input.width);
  });
  return pixels;
}

/** How many inputs of the net a view takes for each picture. */
export function viewInputs(view: View): number {
  return { single: 1, flip: 2, tencrop: 10 }[view];
}
