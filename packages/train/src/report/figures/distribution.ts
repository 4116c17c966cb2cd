import * as Plot from '@observablehq/plot';
import { chart, legend } from '../../plots/chart.ts';
import type { Figure } from '../figure.ts';
import type { ClassShare, Report } from '../report.ts';

/** How often each class stands in Training, in the split and in the answers. */
export function distributionFigure({ distribution, data }: Report): Figure {
  const hasTraining = distribution.some(({ training }) => training !== null) && data.split !== 'Training';
  const mark = (row: ClassShare) => (hasTraining ? (row.training ?? 0) : 0);
  const bars = distribution.flatMap((row) => [
    { class: row.class, kind: 'truth', share: row.truth, end: Math.max(row.truth, mark(row)) },
    { class: row.class, kind: 'read', share: row.predicted, end: Math.max(row.predicted, mark(row)) },
  ]);
  return {
    name: 'distribution',
    title: 'Classes and answers',
    caption: `Share of each class among the faces of ${data.split} and among the answers. Where the answers are longer the class is read too often.`,
    panels: (theme) => [
      legend(theme, [
        { label: `truth in ${data.split}`, colour: theme.series[0], shape: 'square' },
        { label: 'answers', colour: theme.series[1], shape: 'square' },
        ...(hasTraining ? [{ label: 'in Training', colour: theme.ink, shape: 'line' } as const] : []),
      ]),
      chart(theme, {
        height: 40 + 42 * distribution.length,
        marginLeft: 84,
        marginRight: 44,
        marginTop: 4,
        marginBottom: 30,
        fy: { domain: distribution.map((row) => row.class), label: null, padding: 0.18 },
        x: { label: null, tickFormat: '.0%', ticks: 5, grid: true },
        y: { domain: ['truth', 'read'], axis: null, padding: 0.05 },
        marks: [
          Plot.barX(bars, {
            fy: 'class',
            y: 'kind',
            x: 'share',
            fill: (bar: { kind: string }) => theme.series[bar.kind === 'truth' ? 0 : 1],
          }),
          Plot.text(bars, {
            fy: 'class',
            y: 'kind',
            x: 'end',
            text: (bar: { share: number }) => `${(100 * bar.share).toFixed(1)}%`,
            textAnchor: 'start',
            dx: 4,
            fontSize: 11,
          }),
          ...(hasTraining
            ? [
                Plot.ruleX(distribution, {
                  fy: 'class',
                  x: (row: ClassShare) => row.training,
                  stroke: theme.ink,
                  strokeWidth: 2,
                }),
              ]
            : []),
          Plot.ruleX([0], { stroke: theme.muted }),
        ],
      }),
    ],
    table: [
      ['class', 'training', 'truth', 'answers'],
      ...distribution.map((row) => [row.class, row.training, row.truth, row.predicted]),
    ],
  };
}
