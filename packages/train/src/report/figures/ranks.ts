import * as Plot from '@observablehq/plot';
import { chart, legend, percent } from '../../plots/chart.ts';
import { STRONG } from '../../plots/theme.ts';
import type { Figure } from '../figure.ts';
import type { RankRow, Report } from '../report.ts';

const PLACES = ['first', 'second', 'third', 'later'] as const;
/** Strength of a place's colour. */
const STRENGTHS = [0.95, 0.6, 0.32, 0.1];

/** How often the truth is the likeliest class, the second, the third. */
export function ranksFigure({ ranks }: Report): Figure {
  const bars = ranks.flatMap(barsOf);
  return {
    name: 'ranks',
    title: 'Where the truth stands',
    caption:
      'Share of the faces whose true class is the likeliest, the second or the third likeliest, of all faces and of each class.',
    panels: (theme) => [
      legend(
        theme,
        PLACES.map((place, i) => ({
          label: place,
          colour: `${theme.series[0]};fill-opacity:${STRENGTHS[i]}`,
          shape: 'square',
        })),
      ),
      chart(theme, {
        height: 36 + 34 * ranks.length,
        marginLeft: 84,
        marginRight: 24,
        marginTop: 4,
        marginBottom: 30,
        x: { domain: [0, 1], label: null, tickFormat: '.0%', ticks: 5 },
        y: { domain: ranks.map((row) => row.class), label: null, tickSize: 0, padding: 0.22 },
        marks: [
          Plot.barX(bars, {
            x1: 'from',
            x2: 'to',
            y: 'class',
            fill: theme.series[0],
            fillOpacity: { value: 'strength', scale: null },
            insetRight: 1,
          }),
          ...[true, false].map((strong) =>
            Plot.text(
              bars.filter((bar) => bar.to - bar.from >= 0.08 && bar.strength > STRONG === strong),
              {
                x: (bar: Bar) => (bar.from + bar.to) / 2,
                y: 'class',
                text: (bar: Bar) => percent(bar.to - bar.from, 0),
                fill: strong ? theme.onFirst : theme.ink,
              },
            ),
          ),
        ],
      }),
    ],
    table: [
      ['class', 'faces', ...PLACES.slice(0, 3), 'first or second', 'first to third'],
      ...ranks.map((row) => {
        const [first = 0, second = 0, third = 0] = row.counts.map((count) => count / row.samples);
        return [row.class, row.samples, first, second, third, first + second, first + second + third];
      }),
    ],
  };
}

interface Bar {
  class: string;
  from: number;
  to: number;
  strength: number;
}

function barsOf({ class: name, samples, counts }: RankRow): Bar[] {
  const ends = PLACES.map(
    (_, i) => counts.slice(0, i === 3 ? counts.length : i + 1).reduce((sum, count) => sum + count, 0) / samples,
  );
  return ends.map((to, i) => ({ class: name, from: ends[i - 1] ?? 0, to, strength: STRENGTHS[i]! }));
}
