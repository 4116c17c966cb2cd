import * as Plot from '@observablehq/plot';
import { chart, legend, type Panel, percent } from '../../plots/chart.ts';
import type { Theme } from '../../plots/theme.ts';
import { type Figure, VIEW_NAMES } from '../figure.ts';
import type { AccuracyRow, Report } from '../report.ts';

const SYMBOLS = ['circle', 'square'] as const;

/** Accuracy of every view, with seven and with six classes, with and without duplicates, each with its interval. */
export function accuracyFigure({ accuracy, data }: Report): Figure {
  const classes = [...new Set(accuracy.map((row) => row.classes))];
  const groups = [...new Set(accuracy.map(({ faces }) => faces))];
  const duplicates = data.samples - (data.samplesWithoutDuplicates ?? data.samples);
  return {
    name: 'accuracy',
    title: 'Accuracy',
    caption: [
      'Share of the faces whose likeliest class is the true one, with 95% bootstrap intervals.',
      ...(classes.length > 1 ? ['With six classes disgust is counted as angry.'] : []),
      ...(duplicates > 0
        ? [
            `${duplicates === 1 ? '1 face stands' : `${duplicates} faces stand`} in Training too, pixel for pixel; the lower part is without.`,
          ]
        : []),
    ].join(' '),
    panels: (theme) => [
      legend(
        theme,
        classes.map((count, i) => ({ label: `${count} classes`, colour: theme.series[i]!, shape: SYMBOLS[i]! })),
      ),
      ...groups.map((group, i) => groupPanel(theme, accuracy, group, classes, i === groups.length - 1)),
    ],
    table: [
      ['view', 'classes', 'faces', 'samples', 'accuracy', 'low', 'high'],
      ...accuracy.map((row) => [
        VIEW_NAMES[row.view],
        row.classes,
        row.faces,
        row.samples,
        row.accuracy,
        row.low,
        row.high,
      ]),
    ],
  };
}

/** The rows of one group; all groups have the same scale, the last shows it. */
function groupPanel(
  theme: Theme,
  all: readonly AccuracyRow[],
  group: AccuracyRow['faces'],
  classes: readonly number[],
  isLast: boolean,
): Panel {
  const own = all.filter(({ faces }) => faces === group);
  const name = `${group === 'all' ? 'all faces' : group}, ${own[0]!.samples.toLocaleString('en')}`;
  const x = {
    domain: [Math.min(...all.map(({ low }) => low)), Math.max(...all.map(({ high }) => high))],
    nice: true,
    ticks: 4,
  };
  return chart(theme, {
    height: 140 + (isLast ? 34 : 0),
    marginLeft: 136,
    marginRight: 56,
    marginTop: 26,
    marginBottom: isLast ? 34 : 0,
    x: { ...x, grid: true, tickFormat: '.1~%', label: null, ...(isLast ? {} : { axis: null }) },
    y: { type: 'band', domain: Object.values(VIEW_NAMES), label: null, tickSize: 0 },
    marks: [
      Plot.text([name], { frameAnchor: 'top-left', dy: -18, fill: theme.muted }),
      Plot.frame({ stroke: theme.grid }),
      ...classes.flatMap((count, i) =>
        intervals(
          theme,
          own.filter((row) => row.classes === count),
          i,
          classes.length,
        ),
      ),
    ],
  });
}

function intervals(theme: Theme, rows: readonly AccuracyRow[], i: number, of: number) {
  const place = { y: ({ view }: AccuracyRow) => VIEW_NAMES[view], dy: 16 * (i - (of - 1) / 2) };
  const colour = theme.series[i]!;
  return [
    Plot.ruleY(rows, { ...place, x1: 'low', x2: 'high', stroke: colour, strokeWidth: 2 }),
    Plot.dot(rows, { ...place, x: 'accuracy', symbol: SYMBOLS[i]!, r: 4.5, fill: colour }),
    Plot.text(rows, {
      ...place,
      x: 'high',
      dx: 6,
      textAnchor: 'start',
      text: (row: AccuracyRow) => percent(row.accuracy),
      fontSize: 12,
    }),
  ];
}
