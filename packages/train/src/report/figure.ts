import { compose, type Panel } from '../plots/chart.ts';
import { FILE_THEME, PAGE_THEME, type Theme } from '../plots/theme.ts';
import type { Report } from './report.ts';
import type { Table } from './table.ts';

/** A picture of a part of a report, with the numbers that it shows. */
export interface Figure {
  /** Of its files, without the ending. */
  name: string;
  title: string;
  /** How to read it, in a sentence or two. */
  caption: string;
  panels: (theme: Theme) => Panel[];
  table: Table;
}

/** A whole SVG file, with a heading that says what it is and of which model. */
export function fileSvg(figure: Figure, report: Report): string {
  return compose(FILE_THEME, figure.panels(FILE_THEME), labelOf(figure), {
    title: figure.title,
    subtitle: `${report.model.name} ${report.model.version} on ${report.data.split}, ${VIEW_NAMES[report.view]}`,
  });
}

/** The same for within a page, in the page's colours. */
export function pageSvg(figure: Figure): string {
  return compose(PAGE_THEME, figure.panels(PAGE_THEME), labelOf(figure));
}

function labelOf({ title, caption }: Figure): string {
  return `${title}. ${caption}`;
}

export const VIEW_NAMES: Readonly<Record<Report['view'], string>> = {
  single: 'single view',
  flip: 'with mirror image',
  tencrop: 'ten crops',
};
