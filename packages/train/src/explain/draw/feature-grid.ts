import { FILE_THEME } from '../../plots/theme.ts';
import type { FeatureMaps } from '../explanation.ts';
import { colourAt, VIRIDIS } from './colour-map.ts';
import { type Figure, pictureFigure, stack, text, textFigure } from './figure.ts';
import { paint } from './raster.ts';

/** White between two maps, in pixels. */
const GAP = 3;
/** Sides between which a map is drawn, in pixels. */
const SIDES = { smallest: 36, largest: 104 };
/** Pixels that are wanted for each number of a map. */
const ENLARGED = 4;

/** All maps of a layer in a grid as wide as `width`, each in the colours of its own smallest to largest value. */
export function drawFeatureGrid(maps: FeatureMaps, width: number): Figure {
  const { layer, channels } = maps;
  const columns = chooseColumns(maps, width);
  const side = sideOf(columns, width);
  const title = `${maps.width} × ${maps.height}`;
  const marks =
    text(0, 16, title, { size: 16, weight: 600 }) +
    text(
      96,
      16,
      channels === 1 ? `1 map after ${layer}` : `${channels} maps after ${layer}, each in the colours of its own range`,
      {
        size: 12,
        colour: FILE_THEME.muted,
      },
    );
  return stack([textFigure(width, 20, marks), pictureFigure(paintGrid(maps, columns, side))], 4);
}

/** So many columns that the last row is as full as possible; among such, those that enlarge the maps as is wanted. */
function chooseColumns(maps: FeatureMaps, width: number): number {
  const most = Math.min(maps.channels, Math.floor((width + GAP) / (SIDES.smallest + GAP)));
  const least = Math.min(most, Math.ceil((width + GAP) / (SIDES.largest + GAP)));
  const wanted = Math.min(Math.max(ENLARGED * maps.width, SIDES.smallest), SIDES.largest);
  const cost = (columns: number): number => {
    const empty = Math.ceil(maps.channels / columns) * columns - maps.channels;
    return empty * width + Math.abs(sideOf(columns, width) - wanted);
  };
  const choices = Array.from({ length: most - least + 1 }, (_, i) => least + i);
  return choices.reduce((best, columns) => (cost(columns) < cost(best) ? columns : best));
}

function sideOf(columns: number, width: number): number {
  return Math.min(SIDES.largest, Math.floor((width + GAP) / columns) - GAP);
}

function paintGrid({ channels, width, height, data }: FeatureMaps, columns: number, side: number) {
  const [across, down] = [side, Math.max(1, Math.round((side * height) / width))];
  const ranges = Array.from({ length: channels }, (_, i) =>
    rangeOf(data.subarray(i * width * height, (i + 1) * width * height)),
  );
  const rows = Math.ceil(channels / columns);
  return paint(columns * (across + GAP) - GAP, rows * (down + GAP) - GAP, (x, y) => {
    const [column, row] = [Math.floor(x / (across + GAP)), Math.floor(y / (down + GAP))];
    const [left, top] = [x - column * (across + GAP), y - row * (down + GAP)];
    const channel = row * columns + column;
    const range = ranges[channel];
    if (left >= across || top >= down || range === undefined) return [255, 255, 255];
    const at = Math.floor(((top + 0.5) * height) / down) * width + Math.floor(((left + 0.5) * width) / across);
    return colourAt(VIRIDIS, (data[channel * width * height + at]! - range.low) / (range.high - range.low || 1));
  });
}

function rangeOf(data: Float32Array): { low: number; high: number } {
  return {
    low: data.reduce((least, value) => Math.min(least, value)),
    high: data.reduce((most, value) => Math.max(most, value)),
  };
}
