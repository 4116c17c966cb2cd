/**
 * Colour maps: colours at equal distances, straight lines between them. Equal steps of the value look equally large in all
 * of them, also in print without colour and to those who see no red or no green.
 */

export type Colour = readonly [red: number, green: number, blue: number];

/** Colours of the values 0 to 1, at equal distances. */
export interface ColourMap {
  name: string;
  colours: readonly Colour[];
}

/**
 * Inferno and viridis are those of matplotlib (Smith and van der Walt, 2015, CC0), every 17th of their 256 colours; between
 * these they are met to within 7 of 255.
 */
export const INFERNO = colourMap(
  'inferno',
  '000004 0c0826 240c4f 420a68 5d126e 781c6d 932667 ae305c c73e4c dd513a ed6925 f8850f fca50a fac62d f2e661 fcffa4',
);
export const VIRIDIS = colourMap(
  'viridis',
  '440154 481a6c 472f7d 414487 39568c 31688e 2a788e 23888e 1f988b 22a884 35b779 54c568 7ad151 a5db36 d2e21b fde725',
);
/** The colour of a value 0..1; values beyond get the last colour of their side. */
export function colourAt({ colours }: ColourMap, value: number): Colour {
  const at = Math.min(Math.max(value, 0), 1) * (colours.length - 1);
  const low = Math.min(Math.floor(at), colours.length - 2);
  return mix(colours[low]!, colours[low + 1]!, at - low);
}

/** The colour that lies a share of the way from one to another. */
export function mix(from: Colour, to: Colour, share: number): Colour {
  const part = (channel: 0 | 1 | 2): number => from[channel] + share * (to[channel] - from[channel]);
  return [part(0), part(1), part(2)];
}

function colourMap(name: string, hex: string): ColourMap {
  const parts = (colour: string): Colour => {
    const bits = Number.parseInt(colour, 16);
    return [bits >> 16, (bits >> 8) & 0xff, bits & 0xff];
  };
  return { name, colours: hex.split(' ').map(parts) };
}
