import type { PixelImage } from '@mememoji/vision/image';
import { FILE_THEME } from '../../plots/theme.ts';
import type { Explanation, Heatmap } from '../explanation.ts';
import { type Figure, pictureFigure, stack, text, textFigure } from './figure.ts';
import { luma, paint, paintBlocks, sample, scaleImage } from './raster.ts';
import { DIVERGING, type Scale, SEQUENTIAL } from './scale.ts';

/** A picture with a name above it and what it tells below. */
export interface Panel {
  /** For the name of a file. */
  name: string;
  /** @param side of the picture in pixels, 2 or more */
  draw: (side: number) => Figure;
}

/** How a heat map is drawn and read. */
interface Legend {
  title: string;
  /** What is seen, in a few words. */
  caption: string;
  scale: Scale;
  /** The values at the left and the right end of the colours; what lies beyond gets the colour of the end. */
  range: [number, number];
  format: (value: number) => string;
}

/** A panel for the photo, one for what the net sees, one for each heat map that was computed. */
export function findPanels(explanation: Explanation, photo: PixelImage): Panel[] {
  const { expression, picture } = explanation;
  const face = (side: number): PixelImage => scaleImage(photo, side, side);
  const seen = (side: number): PixelImage => paintBlocks(picture, side, side, (value) => [value, value, value]);
  const size = `${picture.width} × ${picture.height} grey pixels`;
  return [
    { name: 'photo', draw: (side) => captioned('The face', 'as the detector frames it', face(side)) },
    { name: 'input', draw: (side) => captioned('What the net sees', size, seen(side)) },
    ...legends(explanation).map(({ name, heatmap, legend }) => ({
      name,
      draw: (side: number) => drawHeatmap(heatmap, face(side), legend, expression),
    })),
  ];
}

function legends(explanation: Explanation): { name: string; heatmap: Heatmap; legend: Legend }[] {
  const { gradcam, occlusion, integratedGradients: integrated } = explanation;
  const found = [];
  if (gradcam) found.push({ name: 'gradcam', heatmap: gradcam, legend: gradcamLegend(gradcam) });
  if (occlusion) found.push({ name: 'occlusion', heatmap: occlusion, legend: occlusionLegend(occlusion) });
  if (integrated) {
    found.push({ name: 'integrated-gradients', heatmap: integrated, legend: integratedLegend(integrated) });
  }
  return found;
}

function gradcamLegend({ data, width, height }: Heatmap): Legend {
  return {
    title: 'Grad-CAM',
    caption: `${width} × ${height} cells of the last maps`,
    scale: SEQUENTIAL,
    range: [0, quantile(data, 1)],
    format: (value) => (value === 0 ? '0' : value.toPrecision(2)),
  };
}

function occlusionLegend({ data, patch }: NonNullable<Explanation['occlusion']>): Legend {
  const largest = quantile(data, 1);
  return {
    title: 'Occlusion',
    caption: `what a grey ${patch} × ${patch} patch takes`,
    scale: DIVERGING,
    range: [-largest, largest],
    format: (value) => `${signed((value * 100).toFixed(largest < 0.1 ? 1 : 0))} points`,
  };
}

/** A few pixels stand out by far; the others are seen only if the colours end below these. */
function integratedLegend({ data, sum }: NonNullable<Explanation['integratedGradients']>): Legend {
  const large = quantile(data, 0.99);
  return {
    title: 'Integrated gradients',
    caption: `logits by pixel, ${signed(sum.toFixed(2))} in all`,
    scale: DIVERGING,
    range: [-large, large],
    format: (value) => `${value < 0 ? '≤' : '≥'} ${signed(value.toPrecision(2))}`,
  };
}

/** The size below which this share of the numbers lies, without their signs. */
function quantile(data: Float32Array, share: number): number {
  const sizes = data.map(Math.abs).sort();
  return sizes[Math.round(share * (sizes.length - 1))] ?? 0;
}

/** With a true minus and a plus. */
function signed(number: string): string {
  if (Number(number) === 0) return number.replace('-', '');
  return number.startsWith('-') ? `−${number.slice(1)}` : `+${number}`;
}

/** The heat map over the face in grey. */
function drawHeatmap(heatmap: Heatmap, face: PixelImage, legend: Legend, expression: string): Figure {
  const [low, high] = legend.range;
  const overlay = paint(face.width, face.height, (x, y) => {
    const value = sample(heatmap, (x + 0.5) / face.width, (y + 0.5) / face.height);
    const place = Math.min(Math.max((value - low) / (high - low || 1), 0), 1);
    const at = (y * face.width + x) * 3;
    return legend.scale.over(place, luma([face.data[at]!, face.data[at + 1]!, face.data[at + 2]!]));
  });
  return stack([captioned(legend.title, legend.caption, overlay), drawLegend(face.width, legend, expression)], 8);
}

function captioned(title: string, caption: string, image: PixelImage): Figure {
  const marks =
    text(0, 16, title, { size: 16, weight: 600 }) + text(0, 36, caption, { size: 12, colour: FILE_THEME.muted });
  return stack([textFigure(image.width, 40, marks), pictureFigure(image)], 4);
}

function drawLegend(width: number, { scale, range: [low, high], format }: Legend, expression: string): Figure {
  const style = { size: 12, colour: FILE_THEME.muted };
  const bar = paint(width, 10, (x) => scale.bar(x / (width - 1)));
  const meaning = low < 0 ? `against ← ${expression} → for` : `for ${expression} →`;
  const marks =
    text(0, 14, format(low), style) +
    text(width, 14, format(high), { ...style, anchor: 'end' }) +
    text(width / 2, 30, meaning, { ...style, anchor: 'middle' });
  return stack([pictureFigure(bar), textFigure(width, 34, marks)], 2);
}
