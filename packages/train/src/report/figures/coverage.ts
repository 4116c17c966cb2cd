import * as Plot from '@observablehq/plot';
import { chart, percent } from '../../plots/chart.ts';
import type { Figure } from '../figure.ts';
import type { Report } from '../report.ts';

/** Below this share of the faces the curve says more of single faces than of the model. */
const LEAST_COVERAGE = 0.02;

/** Accuracy of the faces that are kept when uncertain ones are left out. */
export function coverageFigure({ coverage: { curve, threshold }, model: { uncertainBelow } }: Report): Figure {
  const shown = curve.filter(({ coverage }) => coverage >= LEAST_COVERAGE);
  const marked = threshold === null ? [] : [threshold];
  return {
    name: 'coverage',
    title: 'Accuracy against coverage',
    caption:
      `If only the surest faces are judged, how many of them are read rightly? The model calls a face uncertain below ${percent(uncertainBelow)}` +
      (threshold === null
        ? ', which here is every face.'
        : `: it keeps ${percent(threshold.coverage)} of the faces, and ${percent(threshold.accuracy)} of those are right.`),
    panels: (theme) => [
      chart(theme, {
        height: 320,
        marginLeft: 64,
        marginRight: 24,
        marginTop: 16,
        marginBottom: 42,
        x: {
          domain: [0, 1],
          label: 'share of the faces that is judged',
          labelAnchor: 'center',
          labelArrow: 'none',
          tickFormat: '.0%',
          ticks: 5,
          grid: true,
        },
        y: {
          domain: [lowest(shown), 1],
          label: 'accuracy',
          labelAnchor: 'center',
          labelArrow: 'none',
          tickFormat: '.1~%',
          ticks: 6,
          grid: true,
        },
        marks: [
          Plot.ruleX(marked, {
            x: 'coverage',
            y1: lowest(shown),
            y2: 'accuracy',
            stroke: theme.series[1],
            strokeDasharray: '4 3',
          }),
          Plot.ruleY(marked, { y: 'accuracy', x1: 0, x2: 'coverage', stroke: theme.series[1], strokeDasharray: '4 3' }),
          Plot.line(shown, { x: 'coverage', y: 'accuracy', stroke: theme.series[0], strokeWidth: 2.5 }),
          Plot.dot(marked, { x: 'coverage', y: 'accuracy', r: 6, fill: theme.series[1] }),
          Plot.text(marked, {
            x: 'coverage',
            y: 'accuracy',
            text: [
              `the model’s threshold\n${percent(threshold?.accuracy ?? 0)} of ${percent(threshold?.coverage ?? 0, 0)}`,
            ],
            textAnchor: (threshold?.coverage ?? 0) > 0.62 ? 'end' : 'start',
            dx: (threshold?.coverage ?? 0) > 0.62 ? 0 : 12,
            dy: -24,
          }),
        ],
      }),
    ],
    table: [
      ['threshold', 'coverage', 'accuracy'],
      ...curve.map((point) => [point.threshold, point.coverage, point.accuracy]),
    ],
  };
}

/** Where the axis begins: a tenth below the smallest accuracy. */
function lowest(curve: readonly { accuracy: number }[]): number {
  return Math.max(0, Math.floor(10 * Math.min(...curve.map(({ accuracy }) => accuracy))) / 10);
}
