import * as Plot from '@observablehq/plot';
import { chart } from '../../plots/chart.ts';
import { STRONG, type Theme } from '../../plots/theme.ts';
import type { Figure } from '../figure.ts';
import type { Report } from '../report.ts';

interface MatrixCell {
  truth: string;
  predicted: string;
  count: number;
  /** Of the faces of that truth. */
  share: number;
}

/** Share of the faces of each class that were read as each class. */
export function confusionFigure(report: Report): Figure {
  const cells = cellsOf(report);
  return {
    name: 'confusion',
    title: 'Confusion matrix, normalised',
    caption: 'Of a hundred faces of the row’s class so many were read as the column’s. The diagonal is the recall.',
    panels: (theme) => [
      heatMap(
        theme,
        report.model.labels,
        cells,
        ({ share }) => share,
        ({ share }) => (100 * share).toFixed(0),
      ),
    ],
    table: matrixTable(report, cells, ({ share }) => share),
  };
}

/** Number of the faces of each class that were read as each class. */
export function confusionCountsFigure(report: Report): Figure {
  const cells = cellsOf(report);
  const most = Math.max(...cells.map(({ count }) => count));
  return {
    name: 'confusion-counts',
    title: 'Confusion matrix, counts',
    caption: 'Faces by their true class (row) and what was read in them (column).',
    panels: (theme) => [
      heatMap(
        theme,
        report.model.labels,
        cells,
        ({ count }) => count / most,
        ({ count }) => count.toLocaleString('en'),
      ),
    ],
    table: matrixTable(report, cells, ({ count }) => count),
  };
}

function cellsOf({ evaluations, view, model: { labels } }: Report): MatrixCell[] {
  return evaluations[view].confusion.flatMap((row, i) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.map((count, j) => ({
      truth: labels[i]!,
      predicted: labels[j]!,
      count,
      share: total === 0 ? 0 : count / total,
    }));
  });
}

/** @param strength 0..1 */
function heatMap(
  theme: Theme,
  labels: readonly string[],
  cells: readonly MatrixCell[],
  strength: (cell: MatrixCell) => number,
  text: (cell: MatrixCell) => string,
) {
  const [first] = theme.series;
  const place = { x: 'predicted', y: 'truth' } as const;
  return chart(theme, {
    height: 60 + 43 * labels.length,
    marginTop: 52,
    marginLeft: 72,
    marginRight: 4,
    marginBottom: 4,
    x: { domain: labels, padding: 0.04 },
    y: { domain: labels, padding: 0.04 },
    marks: [
      Plot.axisX({
        anchor: 'top',
        tickSize: 0,
        fontSize: 11.5,
        label: 'read as',
        labelAnchor: 'center',
        labelArrow: 'none',
        labelOffset: 40,
      }),
      Plot.axisY({ tickSize: 0, label: null }),
      Plot.text(['truth'], { frameAnchor: 'top-left', dx: -64, dy: -23, fill: theme.muted, fontSize: 12 }),
      Plot.cell(cells, { ...place, fill: 'none', stroke: theme.grid, inset: 0.5, rx: 3 }),
      Plot.cell(cells, { ...place, fill: first, fillOpacity: { value: strength, scale: null }, rx: 3 }),
      Plot.text(
        cells.filter((cell) => strength(cell) <= STRONG),
        { ...place, text, fill: theme.ink },
      ),
      Plot.text(
        cells.filter((cell) => strength(cell) > STRONG),
        { ...place, text, fill: theme.onFirst },
      ),
    ],
  });
}

function matrixTable({ model: { labels } }: Report, cells: readonly MatrixCell[], value: (cell: MatrixCell) => number) {
  const row = (truth: string) => [truth, ...cells.filter((cell) => cell.truth === truth).map(value)];
  return [['truth', ...labels], ...labels.map(row)];
}
