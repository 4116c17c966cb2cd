import type { Expression } from '@mememoji/vision/expression';

/** The colours of the page as it looks now, for drawing on canvases. */
export interface Palette {
  paper: string;
  ink: string;
  soft: string;
  line: string;
  accent: string;
  onAccent: string;
  series: Readonly<Record<Expression, string>>;
}

/** Reads the colours of the style sheet, which are registered there, so that the theme's own come out. */
export function readPalette(element: Element = document.documentElement): Palette {
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    paper: colour('paper'),
    ink: colour('ink'),
    soft: colour('soft'),
    line: colour('line'),
    accent: colour('accent'),
    onAccent: colour('on-accent'),
    series: {
      angry: colour('angry'),
      disgust: colour('disgust'),
      fear: colour('fear'),
      happy: colour('happy'),
      sad: colour('sad'),
      surprise: colour('surprise'),
      neutral: colour('neutral'),
    },
  };
}
