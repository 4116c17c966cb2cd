import { escapeXml } from '../plots/chart.ts';

/** Markup, as opposed to text that may hold anything. */
export interface Html {
  readonly markup: string;
}

type Part = Html | string | number | readonly Html[];

/** Puts a piece of HTML together: text and numbers are escaped, pieces of HTML are not. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  const rest = parts.map((part, i) => render(part) + strings[i + 1]!);
  return { markup: strings[0]! + rest.join('') };
}

/** Markup that comes from this program, such as a figure's SVG. */
export function trusted(markup: string): Html {
  return { markup };
}

function render(part: Part): string {
  if (typeof part === 'string' || typeof part === 'number') return escapeXml(String(part));
  return 'markup' in part ? part.markup : part.map(({ markup }) => markup).join('');
}
