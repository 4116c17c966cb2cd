import { type Colour, colourAt, INFERNO, mix } from './colour-map.ts';

/** How the values of a heat map are coloured; a place is 0 at the least value and 1 at the largest. */
export interface Scale {
  /** In the legend. */
  bar: (place: number) => Colour;
  /** Over a pixel of the face. */
  over: (place: number, grey: number) => Colour;
}

/** Of values that are not negative: the face glows where they are large. */
export const SEQUENTIAL: Scale = {
  bar: (place) => colourAt(INFERNO, place),
  over: (place, grey) => mix([grey, grey, grey], colourAt(INFERNO, place), 0.58),
};

/** Ends and middle of Moreland's map (Diverging Color Maps for Scientific Visualization, 2009). */
const BLUE: Colour = [59, 76, 192];
const RED: Colour = [180, 4, 38];
const MIDDLE = 221;

/** Of values of two signs: small ones leave the face as it is, large ones cover it in red or blue. */
export const DIVERGING: Scale = {
  bar: (place) => cover(place, MIDDLE, 1),
  over: (place, grey) => cover(place, grey, 0.85),
};

function cover(place: number, grey: number, most: number): Colour {
  const size = 2 * place - 1;
  return mix([grey, grey, grey], size < 0 ? BLUE : RED, most * Math.abs(size));
}
