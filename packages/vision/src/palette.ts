import type { Expression } from './expression.ts';

/** Red, green and blue, 0..255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/**
 * One colour for each expression, `#rrggbb`, in pictures, plots and pages. Seven of the eight of Okabe and Ito, Color
 * Universal Design, 2008, which stay apart for those who see no red, no green or no blue, with a light grey in
 * place of black, which is lost on a dark ground.
 */
export const EXPRESSION_COLOURS: Readonly<Record<Expression, string>> = {
  angry: '#d55e00',
  disgust: '#009e73',
  fear: '#cc79a7',
  happy: '#f0e442',
  sad: '#0072b2',
  surprise: '#56b4e9',
  neutral: '#c8c8c8',
};

/** The three numbers of `#rrggbb`. */
export function parseColour(colour: string): Rgb {
  const value = Number.parseInt(colour.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** Black or white, `#rrggbb`: whichever is read better on a colour, by the contrast of WCAG 2. */
export function textColourOn(colour: string): string {
  const luminance = relativeLuminance(parseColour(colour));
  return (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) ? '#000000' : '#ffffff';
}

/** WCAG 2: 0 for black, 1 for white. */
export function relativeLuminance(colour: Rgb): number {
  const [red, green, blue] = colour.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
