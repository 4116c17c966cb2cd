/** Feature maps and heat maps as pixels: RGB, three bytes each. */
import { colourAt, VIRIDIS } from '@mememoji/train/explain/draw/colour-map';
import { paint, sample } from '@mememoji/train/explain/draw/raster';
import { DIVERGING, SEQUENTIAL } from '@mememoji/train/explain/draw/scale';
import type { FeatureMaps, Heatmap } from '@mememoji/train/explain/explanation';
import type { PixelImage } from '@mememoji/vision/image';

const SCALES = { sequential: SEQUENTIAL, diverging: DIVERGING } as const;

export type ScaleName = keyof typeof SCALES;

/** A heat map over a face, as large as `side`; a sequential one is coloured from 0 on, a diverging one about 0. */
export function paintHeat(picture: Heatmap, map: Heatmap, name: ScaleName, side: number): PixelImage {
  const most = map.data.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) || 1;
  const low = name === 'sequential' ? 0 : -most;
  return paint(side, side, (x, y) => {
    const [across, down] = [(x + 0.5) / side, (y + 0.5) / side];
    const place = (sample(map, across, down) - low) / (most - low);
    return SCALES[name].over(Math.min(Math.max(place, 0), 1), sample(picture, across, down));
  });
}

/** Pixels between two maps, which stay black, and about how wide the whole becomes. */
const GAP = 1;
const WIDTH = 480;

/** All maps of a layer side by side, each in the colours of its own smallest to largest value. */
export function paintFeatures({ channels, width, height, data }: FeatureMaps): PixelImage {
  const columns = Math.max(1, Math.ceil(Math.sqrt((channels * height) / width) * 1.6));
  const scale = Math.max(1, Math.floor(WIDTH / (columns * (width + GAP))));
  const [across, down] = [width * scale + GAP, height * scale + GAP];
  const ranges = Array.from({ length: channels }, (_, i) =>
    rangeOf(data.subarray(i * width * height, (i + 1) * width * height)),
  );
  return paint(columns * across - GAP, Math.ceil(channels / columns) * down - GAP, (x, y) => {
    const channel = Math.floor(y / down) * columns + Math.floor(x / across);
    const [column, row] = [Math.floor((x % across) / scale), Math.floor((y % down) / scale)];
    const range = ranges[channel];
    if (range === undefined || column >= width || row >= height) return [0, 0, 0];
    const value = data[(channel * height + row) * width + column]!;
    return colourAt(VIRIDIS, (value - range.low) / (range.high - range.low || 1));
  });
}

function rangeOf(values: Float32Array): { low: number; high: number } {
  return {
    low: values.reduce((least, value) => Math.min(least, value)),
    high: values.reduce((most, value) => Math.max(most, value)),
  };
}
