import * as Plot from '@observablehq/plot';
import { chart, legend } from '../../plots/chart.ts';
import type { Figure } from '../figure.ts';
import type { Report } from '../report.ts';

const MEASURES = ['recall', 'precision', 'f1'] as const;
const NAMES = { recall: 'recall', precision: 'precision', f1: 'F1' };
const SHAPES = { recall: 'circle', precision: 'square', f1: 'triangle' } as const;

/** Precision, recall and F1 of each class. */
export function classesFigure({ evaluations, view, model: { labels } }: Report): Figure {
  const { support, macroF1, ...measures } = evaluations[view];
  const points = labels.flatMap((label) =>
    MEASURES.map((measure) => ({ label, measure, value: measures[measure][label] ?? 0 })),
  );
  const span = labels.map((label) => {
    const own = points.filter((point) => point.label === label).map(({ value }) => value);
    return { label, low: Math.min(...own), high: Math.max(...own) };
  });
  return {
    name: 'classes',
    title: 'Precision, recall and F1',
    caption: `Recall: share of a class’s faces that were found. Precision: share of the faces read as a class that are of it. F1: harmonic mean of both; over the classes its mean is ${macroF1.toFixed(3)}.`,
    panels: (theme) => [
      legend(
        theme,
        MEASURES.map((measure, i) => ({ label: NAMES[measure], colour: theme.series[i]!, shape: SHAPES[measure] })),
      ),
      chart(theme, {
        height: 48 + 34 * labels.length,
        marginLeft: 84,
        marginRight: 24,
        marginTop: 4,
        marginBottom: 30,
        x: { domain: [0, 1], label: null, tickFormat: '.0%', ticks: 5, grid: true },
        y: { domain: labels, label: null, tickSize: 0 },
        marks: [
          Plot.ruleY(span, {
            y: 'label',
            x1: 'low',
            x2: 'high',
            stroke: theme.grid,
            strokeWidth: 6,
            strokeLinecap: 'round',
          }),
          ...MEASURES.map((measure, i) =>
            Plot.dot(
              points.filter((point) => point.measure === measure),
              { x: 'value', y: 'label', r: 5, symbol: SHAPES[measure], fill: theme.series[i]!, fillOpacity: 0.9 },
            ),
          ),
        ],
      }),
    ],
    table: [
      ['class', 'recall', 'precision', 'F1', 'faces'],
      ...labels.map((label) => [
        label,
        ...MEASURES.map((measure) => measures[measure][label] ?? 0),
        support[label] ?? 0,
      ]),
    ],
  };
}
