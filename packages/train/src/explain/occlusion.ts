import { TrainError } from '../error.ts';
import type { Heatmap, Occlusion } from './explanation.ts';

export interface OcclusionOptions {
  /** Side of the patch in pixels of the net's input; by default a fifth of its shorter side. */
  patch?: number;
  /** Distance from one patch to the next; by default a quarter of the patch. */
  stride?: number;
}

/** Pictures that go through the net at once. */
const BATCH = 64;

/** The probability of the label that is explained, for each of `count` pictures, grey 0..255. */
export type Score = (pictures: Float32Array, count: number) => Promise<Float32Array>;

/**
 * What happens to a probability when a part of the picture is hidden (Zeiler and Fergus, Visualizing and Understanding
 * Convolutional Networks, 2014): a square of the picture's mean grey goes over it, and each pixel gets the mean fall of the
 * probability over the patches that hid it.
 * @throws TrainError `BAD_OPTION` if the patch does not fit into the picture
 */
export async function occlude(picture: Heatmap, score: Score, options: OcclusionOptions = {}): Promise<Occlusion> {
  const { width, height, data } = picture;
  const { patch = Math.max(1, Math.round(Math.min(width, height) / 5)) } = options;
  const { stride = Math.max(1, Math.floor(patch / 4)) } = options;
  if (patch < 1 || stride < 1 || patch > Math.min(width, height)) {
    throw new TrainError(
      'BAD_OPTION',
      `a patch of ${patch} pixels every ${stride} does not fit into ${width}x${height}`,
    );
  }
  const places = offsets(height, patch, stride).flatMap((y) => offsets(width, patch, stride).map((x) => ({ x, y })));
  const grey = data.reduce((sum, value) => sum + value, 0) / data.length;
  const hidden = (place: Place): Float32Array => {
    const copy = Float32Array.from(data);
    eachPixel(place, patch, width, (pixel) => {
      copy[pixel] = grey;
    });
    return copy;
  };
  const [whole] = await score(data, 1);
  const scores = await scoreAll(
    places.map((place) => () => hidden(place)),
    data.length,
    score,
  );
  return {
    width,
    height,
    patch,
    stride,
    data: meanFall(
      picture,
      places,
      patch,
      scores.map((value) => whole! - value),
    ),
  };
}

interface Place {
  x: number;
  y: number;
}

/** Where patches begin along an axis; the last one ends with it. */
function offsets(size: number, patch: number, stride: number): number[] {
  const last = size - patch;
  return [...Array.from({ length: Math.ceil(last / stride) }, (_, i) => i * stride), last];
}

function eachPixel({ x, y }: Place, patch: number, width: number, visit: (pixel: number) => void): void {
  for (let row = y; row < y + patch; row++)
    for (let column = x; column < x + patch; column++) visit(row * width + column);
}

async function scoreAll(pictures: readonly (() => Float32Array)[], size: number, score: Score): Promise<Float32Array> {
  const scores = new Float32Array(pictures.length);
  for (let start = 0; start < pictures.length; start += BATCH) {
    const some = pictures.slice(start, start + BATCH);
    const batch = new Float32Array(some.length * size);
    some.forEach((make, i) => {
      batch.set(make(), i * size);
    });
    scores.set(await score(batch, some.length), start);
  }
  return scores;
}

function meanFall(
  { width, data }: Heatmap,
  places: readonly Place[],
  patch: number,
  falls: Float32Array,
): Float32Array {
  const [sum, count] = [new Float32Array(data.length), new Float32Array(data.length)];
  places.forEach((place, i) => {
    eachPixel(place, patch, width, (pixel) => {
      sum[pixel]! += falls[i]!;
      count[pixel]! += 1;
    });
  });
  // A stride wider than the patch leaves pixels that nothing hid.
  return sum.map((value, pixel) => (count[pixel] === 0 ? 0 : value / count[pixel]!));
}
