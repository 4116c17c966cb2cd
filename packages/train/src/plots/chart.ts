import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import sharp from 'sharp';
import type { Theme } from './theme.ts';

/** Width of every figure in CSS pixels: small enough to be read on a phone, two side by side on a screen. */
export const WIDTH = 440;

const FONT_SIZE = 13;
const TITLE_HEIGHT = 54;
const PADDING = 12;
const LEGEND_HEIGHT = 26;

/** A part of a figure, as wide as the figure: SVG in a coordinate system of its own. */
export interface Panel {
  svg: string;
  /** In CSS pixels. */
  height: number;
}

/** A chart of Observable Plot as a panel. */
export function chart(theme: Theme, options: Plot.PlotOptions & { height: number }): Panel {
  const { document } = parseHTML('<html><body></body></html>');
  const style = { color: theme.ink, fontFamily: theme.font, fontSize: `${FONT_SIZE}px`, overflow: 'visible' };
  const { outerHTML } = Plot.plot({ width: WIDTH, ...options, document, style });
  // Plot's own style sheet is meant for charts that are not inside another SVG.
  return { svg: outerHTML.replace(/<style>[^<]*<\/style>/g, ''), height: options.height };
}

export interface LegendEntry {
  label: string;
  colour: string;
  shape: 'line' | 'dashes' | 'circle' | 'square' | 'triangle';
}

/** A row of signs with what they stand for. */
export function legend(theme: Theme, entries: readonly LegendEntry[]): Panel {
  let x = PADDING;
  const parts = entries.map(({ label, colour, shape }) => {
    const part = `<g transform="translate(${x},13)">${sign(shape, colour)}<text x="26" y="4">${escapeXml(label)}</text></g>`;
    // Wide enough for a fallback font: the width of a text is known only where it is drawn.
    x += 26 + 7.4 * label.length + 18;
    return part;
  });
  const style = `font-size="${FONT_SIZE}" font-family="${theme.font}" fill="${theme.ink}"`;
  const frame = `width="${WIDTH}" height="${LEGEND_HEIGHT}" viewBox="0 0 ${WIDTH} ${LEGEND_HEIGHT}"`;
  return { svg: `<svg ${frame} ${style}>${parts.join('')}</svg>`, height: LEGEND_HEIGHT };
}

function sign(shape: LegendEntry['shape'], colour: string): string {
  const fill = `style="fill:${colour}"`;
  switch (shape) {
    case 'line':
      return `<path d="M0 0H20" style="stroke:${colour};stroke-width:2"/>`;
    case 'dashes':
      return `<path d="M0 0H20" style="stroke:${colour};stroke-width:2;stroke-dasharray:4 3"/>`;
    case 'circle':
      return `<circle cx="13" cy="0" r="5" ${fill}/>`;
    case 'square':
      return `<rect x="8" y="-5" width="10" height="10" ${fill}/>`;
    case 'triangle':
      return `<path d="M13 -6L19 5H7Z" ${fill}/>`;
  }
}

export interface Heading {
  title: string;
  subtitle: string;
}

/**
 * A whole SVG file of panels below each other.
 * @param label what those hear who do not see the figure
 * @param heading drawn into the figure; undefined where the page around it has one
 */
export function compose(theme: Theme, panels: readonly Panel[], label: string, heading?: Heading): string {
  let y = heading === undefined ? 0 : TITLE_HEIGHT;
  const placed = panels.map(({ svg, height }) => {
    const part = svg.replace('<svg ', `<svg x="0" y="${y}" `);
    y += height;
    return part;
  });
  const height = Math.ceil(y) + (heading === undefined ? 0 : PADDING);
  const frame = `xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"`;
  return [
    `<svg ${frame} role="img" aria-label="${escapeXml(label)}">`,
    theme.surface === undefined ? '' : `<rect width="100%" height="100%" fill="${theme.surface}"/>`,
    heading === undefined ? '' : drawHeading(theme, heading),
    ...placed,
    '</svg>\n',
  ].join('');
}

function drawHeading(theme: Theme, { title, subtitle }: Heading): string {
  const text = (content: string, y: number, rest: string): string =>
    `<text x="${PADDING}" y="${y}" font-family="${theme.font}" ${rest}>${escapeXml(content)}</text>`;
  const bold = `font-size="16" font-weight="bold" fill="${theme.ink}"`;
  return text(title, 24, bold) + text(subtitle, 42, `font-size="12" fill="${theme.muted}"`);
}

/** An SVG file as PNG, twice as fine as its own pixels. */
export function toPng(svg: string): Promise<Buffer> {
  return sharp(Buffer.from(svg), { density: 144 }).png().toBuffer();
}

/** Text within XML or HTML, also between quotes. */
export function escapeXml(text: string): string {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (character) => names[character] ?? character);
}

/** Share 0..1 as `46.4%`. */
export function percent(share: number, digits = 1): string {
  return `${(share * 100).toFixed(digits)}%`;
}
