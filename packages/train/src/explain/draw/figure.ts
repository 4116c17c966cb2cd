import type { PixelImage } from '@mememoji/vision/image';
import sharp from 'sharp';
import { FILE_THEME } from '../../plots/theme.ts';

/** A drawing of text and pictures, in pixels from its top left corner. */
export interface Figure {
  width: number;
  height: number;
  /** SVG elements: text and lines. */
  marks: string;
  pictures: readonly { x: number; y: number; image: PixelImage }[];
}

export interface TextStyle {
  size?: number;
  weight?: 400 | 600;
  colour?: string;
  anchor?: 'start' | 'middle' | 'end';
}

/** One line of text with its baseline at (x, y). */
export function text(x: number, y: number, content: string, style: TextStyle = {}): string {
  const { size = 14, weight = 400, colour = FILE_THEME.ink, anchor = 'start' } = style;
  const attributes = `font-family="${FILE_THEME.font}" font-size="${size}" font-weight="${weight}" fill="${colour}" text-anchor="${anchor}"`;
  return `<text x="${x}" y="${y}" ${attributes}>${escapeXml(content)}</text>`;
}

export function rectangle(x: number, y: number, width: number, height: number, colour: string): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${colour}"/>`;
}

/** Nothing but a picture. */
export function pictureFigure(image: PixelImage): Figure {
  return { width: image.width, height: image.height, marks: '', pictures: [{ x: 0, y: 0, image }] };
}

export function textFigure(width: number, height: number, marks: string): Figure {
  return { width, height, marks, pictures: [] };
}

/** Figures below each other. */
export function stack(figures: readonly Figure[], gap: number): Figure {
  let y = 0;
  const placed = figures.map((figure) => {
    const each = { figure, x: 0, y };
    y += figure.height + gap;
    return each;
  });
  return merge(placed);
}

/** Figures beside each other, their tops level. */
export function beside(figures: readonly Figure[], gap: number): Figure {
  let x = 0;
  const placed = figures.map((figure) => {
    const each = { figure, x, y: 0 };
    x += figure.width + gap;
    return each;
  });
  return merge(placed);
}

/** A figure with so much room around it. */
export function framed(figure: Figure, margin: number): Figure {
  const { width, height, ...rest } = merge([{ figure, x: margin, y: margin }]);
  return { width: width + margin, height: height + margin, ...rest };
}

interface Placed {
  figure: Figure;
  x: number;
  y: number;
}

function merge(placed: readonly Placed[]): Figure {
  return {
    width: Math.max(0, ...placed.map(({ figure, x }) => x + figure.width)),
    height: Math.max(0, ...placed.map(({ figure, y }) => y + figure.height)),
    marks: placed.map(({ figure, x, y }) => `<g transform="translate(${x} ${y})">${figure.marks}</g>`).join(''),
    pictures: placed.flatMap(({ figure, x, y }) =>
      figure.pictures.map((picture) => ({ ...picture, x: picture.x + x, y: picture.y + y })),
    ),
  };
}

/** The figure on white, as the bytes of a PNG file. */
export async function renderPng({ width, height, marks, pictures }: Figure): Promise<Buffer> {
  const background = rectangle(0, 0, width, height, FILE_THEME.surface ?? '#ffffff');
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${background}${marks}</svg>`;
  const layers = pictures.map(({ x, y, image }) => ({
    input: Buffer.from(image.data),
    raw: { width: image.width, height: image.height, channels: image.channels },
    left: Math.round(x),
    top: Math.round(y),
  }));
  return sharp(Buffer.from(svg)).composite(layers).removeAlpha().png({ compressionLevel: 9 }).toBuffer();
}

function escapeXml(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
