import type { PixelImage } from '@mememoji/vision/image';
import { FILE_THEME } from '../../plots/theme.ts';
import type { Explanation } from '../explanation.ts';
import { drawFeatureGrid } from './feature-grid.ts';
import { beside, type Figure, framed, rectangle, renderPng, stack, text, textFigure } from './figure.ts';
import { findPanels } from './panels.ts';

/** Width of the sheet without its margins, and the largest side of its pictures, in pixels. */
const WIDTH = 1320;
const LARGEST = 300;
const GAP = 24;

/** One picture as a file, and the name of that file without its ending. */
export interface Drawing {
  name: string;
  png: Buffer;
}

/**
 * Everything that an explanation holds, drawn on one sheet.
 * @param photo the face as a person sees it; the maps are laid over it
 * @param title what the face is called, for example the name of its file
 */
export async function drawSheet(explanation: Explanation, photo: PixelImage, title: string): Promise<Drawing> {
  const panels = findPanels(explanation, photo);
  const side = Math.min(LARGEST, Math.floor((WIDTH - GAP * panels.length) / (panels.length + 1)));
  const grids = (explanation.features ?? []).map((maps) => drawFeatureGrid(maps, WIDTH));
  const top = beside([...panels.map(({ draw }) => draw(side)), drawProbabilities(explanation, side)], GAP);
  const sheet = stack([drawTitle(explanation, title), top, ...grids], GAP);
  return { name: 'sheet', png: await renderPng(framed(sheet, 40)) };
}

/** Each heat map and each layer as a picture of its own. */
export async function drawParts(explanation: Explanation, photo: PixelImage): Promise<Drawing[]> {
  const panels = findPanels(explanation, photo).map(({ name, draw }) => ({ name, figure: draw(480) }));
  const grids = (explanation.features ?? []).map((maps, i) => ({
    name: `features-${i + 1}`,
    figure: drawFeatureGrid(maps, WIDTH),
  }));
  const render = async ({ name, figure }: { name: string; figure: Figure }): Promise<Drawing> => ({
    name,
    png: await renderPng(framed(figure, 20)),
  });
  return Promise.all([...panels, ...grids].map(render));
}

function drawTitle({ model, expression, probabilities }: Explanation, title: string): Figure {
  const marks =
    text(0, 30, `${expression} ${percent(probabilities[expression] ?? 0)}`, { size: 32, weight: 600 }) +
    text(0, 56, `${title}, read by ${model}`, { colour: FILE_THEME.muted });
  return textFigure(WIDTH, 60, marks);
}

/** A bar for each expression, the likeliest first. */
function drawProbabilities({ probabilities, expression }: Explanation, width: number): Figure {
  const ranked = Object.entries(probabilities).sort(([, a], [, b]) => b - a);
  const [label, number] = [70, 44];
  const bars = ranked.map(([name, probability], i) => {
    const y = 44 + i * 26;
    const style = { size: 13, weight: name === expression ? 600 : 400 } as const;
    const length = Math.max(1, probability * (width - label - number));
    const colour = name === expression ? FILE_THEME.series[0] : FILE_THEME.grid;
    return (
      text(0, y + 15, name, style) +
      rectangle(label, y + 2, length, 18, colour) +
      text(label + length + 6, y + 15, percent(probability), style)
    );
  });
  const heading = text(0, 16, 'What the net says', { size: 16, weight: 600 });
  return textFigure(width, 44 + ranked.length * 26, heading + bars.join(''));
}

function percent(probability: number): string {
  return `${(probability * 100).toFixed(0)}%`;
}
