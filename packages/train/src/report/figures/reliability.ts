import type { ReliabilityBin } from '@mememoji/vision/metrics/calibration';
import * as Plot from '@observablehq/plot';
import { chart, legend } from '../../plots/chart.ts';
import type { Figure } from '../figure.ts';
import type { Report } from '../report.ts';

interface Bar extends ReliabilityBin {
  when: string;
  share: number;
}

/** Accuracy against confidence before and after the model's temperature. */
export function reliabilityFigure({ reliability, evaluations, view, model, data }: Report): Figure {
  const { ece, eceUncalibrated } = evaluations[view];
  const titles = { before: `before: ECE ${eceUncalibrated.toFixed(3)}`, after: `after: ECE ${ece.toFixed(3)}` };
  const bars = (['before', 'after'] as const).flatMap((when) =>
    reliability[when].map((bin): Bar => ({ ...bin, when: titles[when], share: bin.count / data.samples })),
  );
  const filled = bars.filter(({ count }) => count > 0);
  const facet = { label: null, domain: Object.values(titles), padding: 0.08 };
  const margins = { marginLeft: 64, marginRight: 12 };
  return {
    name: 'reliability',
    title: 'Reliability',
    caption: `Do faces that are read with a probability of 70% turn out right in 70 of 100? Bars are accuracy, by confidence; on the diagonal both are equal. Below: share of the faces. Before and after division of the logits by the temperature of ${model.temperature.toFixed(3)}.`,
    panels: (theme) => [
      legend(theme, [
        { label: 'accuracy', colour: theme.series[0], shape: 'square' },
        { label: 'gap to the confidence', colour: theme.series[1], shape: 'line' },
      ]),
      chart(theme, {
        ...margins,
        height: 236,
        marginTop: 26,
        marginBottom: 8,
        fx: { ...facet, axis: 'top' },
        x: { domain: [0, 1], axis: null },
        y: {
          domain: [0, 1],
          label: 'accuracy',
          labelAnchor: 'center',
          labelArrow: 'none',
          tickFormat: '.0%',
          ticks: 5,
          grid: true,
        },
        marks: [
          Plot.rect(filled, {
            fx: 'when',
            x1: 'from',
            x2: 'to',
            y1: 0,
            y2: 'accuracy',
            fill: theme.series[0],
            fillOpacity: 0.75,
            inset: 0.5,
          }),
          Plot.line([0, 1], { x: (d: number) => d, y: (d: number) => d, stroke: theme.muted, strokeDasharray: '4 3' }),
          Plot.ruleX(filled, {
            fx: 'when',
            x: 'confidence',
            y1: 'accuracy',
            y2: 'confidence',
            stroke: theme.series[1],
            strokeWidth: 2.5,
          }),
        ],
      }),
      chart(theme, {
        ...margins,
        height: 104,
        marginTop: 6,
        marginBottom: 40,
        fx: { ...facet, axis: null },
        x: {
          domain: [0, 1],
          label: 'confidence',
          labelAnchor: 'center',
          labelArrow: 'none',
          tickFormat: '.0%',
          ticks: [0.25, 0.5, 0.75],
        },
        y: {
          label: 'faces',
          labelAnchor: 'center',
          labelArrow: 'none',
          tickFormat: '.0%',
          ticks: 3,
          grid: true,
          nice: true,
        },
        marks: [
          Plot.rect(filled, { fx: 'when', x1: 'from', x2: 'to', y1: 0, y2: 'share', fill: theme.muted, inset: 0.5 }),
          Plot.ruleY([0], { stroke: theme.muted }),
        ],
      }),
    ],
    table: [
      ['temperature', 'from', 'to', 'faces', 'confidence', 'accuracy'],
      ...(['before', 'after'] as const).flatMap((when) =>
        reliability[when].map((bin) => [
          when,
          bin.from,
          bin.to,
          bin.count,
          bin.count ? bin.confidence : null,
          bin.count ? bin.accuracy : null,
        ]),
      ),
    ],
  };
}
