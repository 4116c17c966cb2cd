import * as Plot from '@observablehq/plot';
import type { EpochMetrics } from '../../checkpoint.ts';
import { chart, legend, percent } from '../../plots/chart.ts';
import type { Figure } from '../figure.ts';
import type { Report } from '../report.ts';

/** Loss and accuracy by epoch; undefined where the training is not known. */
export function learningCurvesFigure({ training }: Report): Figure | undefined {
  if (training === null || training.epochs.length === 0) return undefined;
  const { epochs } = training;
  const best = epochs.reduce((a, b) => (b.validationAccuracy > a.validationAccuracy ? b : a));
  const last = epochs.at(-1)!.epoch;
  const x = { domain: [1, Math.max(2, last)], ticks: Math.min(8, last), tickFormat: 'd' };
  const margins = { marginLeft: 64, marginRight: 24, marginTop: 10 };
  // A line through one point is not seen.
  const point = { r: epochs.length < 20 ? 3 : 0 };
  const centred = { labelAnchor: 'center', labelArrow: 'none' } as const;
  return {
    name: 'learning-curves',
    title: 'Learning curves',
    caption: `Best validation accuracy ${percent(best.validationAccuracy)} in epoch ${best.epoch} of ${epochs.length}. The training loss is that of augmented pictures and of all that the recipe adds to it, so that it may lie above the validation loss.`,
    panels: (theme) => {
      const curve = (value: keyof EpochMetrics, colour: string, dash = 'none') => [
        Plot.line(epochs, { x: 'epoch', y: value, stroke: colour, strokeWidth: 2, strokeDasharray: dash }),
        Plot.dot(epochs, { x: 'epoch', y: value, fill: colour, ...point }),
      ];
      return [
        legend(theme, [
          { label: 'training', colour: theme.series[0], shape: 'dashes' },
          { label: 'validation', colour: theme.series[1], shape: 'line' },
        ]),
        chart(theme, {
          ...margins,
          height: 168,
          marginBottom: 12,
          x: { ...x, axis: null },
          y: {
            ...centred,
            label: 'loss',
            domain: rangeOf(epochs, ['loss', 'validationLoss']),
            grid: true,
            ticks: 5,
            nice: true,
          },
          marks: [...curve('loss', theme.series[0], '5 3'), ...curve('validationLoss', theme.series[1])],
        }),
        chart(theme, {
          ...margins,
          height: 196,
          marginBottom: 40,
          x: { ...x, ...centred, label: 'epoch' },
          y: {
            ...centred,
            label: 'accuracy',
            domain: rangeOf(epochs, ['validationAccuracy']),
            grid: true,
            ticks: 5,
            nice: true,
            tickFormat: '.1~%',
          },
          marks: [
            ...curve('validationAccuracy', theme.series[1]),
            Plot.dot([best], { x: 'epoch', y: 'validationAccuracy', r: 5, stroke: theme.series[1], strokeWidth: 2 }),
          ],
        }),
      ];
    },
    table: [
      ['epoch', 'learning rate', 'loss', 'validation loss', 'validation accuracy', 'seconds', 'images per second'],
      ...epochs.map((row) => [
        row.epoch,
        row.learningRate,
        row.loss,
        row.validationLoss,
        row.validationAccuracy,
        row.seconds,
        row.imagesPerSecond,
      ]),
    ],
  };
}

/** From the smallest to the largest value with some room; a scale needs two ends also where there is one epoch. */
function rangeOf(epochs: readonly EpochMetrics[], columns: readonly (keyof EpochMetrics)[]): [number, number] {
  const values = epochs.flatMap((row) => columns.map((column) => row[column]));
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = high > low ? 0 : 0.05 * Math.max(high, 0.1);
  return [low - room, high + room];
}
