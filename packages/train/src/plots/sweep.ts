import * as Plot from '@observablehq/plot';
import type { SweepReport } from '../sweep.ts';
import type { TrialResult } from '../sweep-results.ts';
import { chart, compose, type LegendEntry, legend, type Panel, toPng } from './chart.ts';
import { FILE_THEME as THEME } from './theme.ts';

const COLOURS: Record<TrialResult['status'], string> = {
  finished: THEME.series[0],
  'under way': THEME.series[2],
  stopped: '#9aa5b1',
  failed: THEME.bad,
  waiting: THEME.muted,
};

const MARGINS = { marginLeft: 64, marginRight: 40, marginTop: 16, marginBottom: 44 };
const CENTRED = { labelAnchor: 'center', labelArrow: 'none' } as const;

/** The name of the best trial, free of the lines below it. */
const LABEL = { text: 'trial', textAnchor: 'start', stroke: '#ffffff', strokeWidth: 4, fill: THEME.ink } as const;

type Swept = Pick<SweepReport, 'name' | 'trials'>;

/** Validation accuracy of the trials of a sweep by epoch, and against parameters and time: a whole SVG file. */
export function sweepSvg({ name, trials }: Swept): string {
  const begun = trials.filter(({ history }) => history.length > 0);
  const panels = begun.length === 0 ? [] : [legend(THEME, entries(begun)), curves(begun), ...scatters(begun)];
  const counts = statuses(trials).map((status) => `${count(trials, status)} ${status}`);
  const subtitle = `${trials.length} trials: ${counts.join(', ')}`;
  return compose(THEME, panels, `Validation accuracy of the trials of ${name}. ${subtitle}`, {
    title: `Sweep ${name}`,
    subtitle,
  });
}

/** The same as PNG, twice as fine as the SVG's own pixels. */
export function sweepPng(report: Swept): Promise<Buffer> {
  return toPng(sweepSvg(report));
}

function statuses(trials: readonly TrialResult[]): TrialResult['status'][] {
  return [...new Set(trials.map(({ status }) => status))];
}

function count(trials: readonly TrialResult[], wanted: TrialResult['status']): number {
  return trials.filter(({ status }) => status === wanted).length;
}

function entries(trials: readonly TrialResult[]): LegendEntry[] {
  return statuses(trials).map((status) => ({
    label: status,
    colour: COLOURS[status],
    shape: status === 'failed' ? 'dashes' : 'line',
  }));
}

/** The accuracy axis, with some room where all are alike. */
function accuracyAxis(values: readonly number[]): Plot.ScaleOptions {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = Math.max(0.05 * (high - low), 0.01);
  const domain = [Math.max(0, low - room), Math.min(1, high + room)];
  return { ...CENTRED, label: 'validation accuracy', domain, grid: true, ticks: 5, tickFormat: '.1~%' };
}

/** A line for each trial up to where it ended; the better are drawn above the others. */
function curves(trials: readonly TrialResult[]): Panel {
  const points = trials
    .toReversed()
    .flatMap(({ trial, status, history }) =>
      history.map(({ epoch, validationAccuracy }) => ({ trial, status, epoch, accuracy: validationAccuracy })),
    );
  const [best] = trials.map(({ trial, history }) => ({ trial, ...history.at(-1)! }));
  const last = Math.max(2, ...points.map(({ epoch }) => epoch));
  const line = (failed: boolean) =>
    Plot.line(
      points.filter(({ status }) => (status === 'failed') === failed),
      {
        x: 'epoch',
        y: 'accuracy',
        z: 'trial',
        stroke: ({ status }: (typeof points)[number]) => COLOURS[status],
        strokeWidth: 1.5,
        strokeDasharray: failed ? '4 3' : 'none',
      },
    );
  return chart(THEME, {
    ...MARGINS,
    height: 260,
    x: { ...CENTRED, label: 'epoch', domain: [1, last], ticks: Math.min(10, last), tickFormat: 'd' },
    y: accuracyAxis(points.map(({ accuracy }) => accuracy)),
    marks: [
      line(true),
      line(false),
      Plot.dot(
        points.filter(({ epoch }) => epoch === 1),
        { x: 'epoch', y: 'accuracy', r: 1.5, fill: ({ status }: (typeof points)[number]) => COLOURS[status] },
      ),
      Plot.text([best], { ...LABEL, x: 'epoch', y: 'validationAccuracy', dx: 6 }),
    ],
  });
}

function scatters(trials: readonly TrialResult[]): Panel[] {
  const sizes = trials.flatMap(({ parameters }) => (parameters === null ? [] : [parameters]));
  const domain = [0.8 * Math.min(...sizes), 1.25 * Math.max(...sizes)];
  const minutes = Math.max(...trials.map(({ seconds }) => seconds / 60));
  return [
    scatter(trials, 'parameters', { type: 'log', label: 'parameters', domain, ticks: 4, tickFormat: '~s' }),
    scatter(trials, ({ seconds }) => seconds / 60, {
      label: 'minutes of training',
      domain: [0, 1.05 * minutes],
      ticks: 6,
    }),
  ];
}

function scatter(
  trials: readonly TrialResult[],
  x: 'parameters' | ((trial: TrialResult) => number),
  axis: Plot.ScaleOptions,
): Panel {
  return chart(THEME, {
    ...MARGINS,
    height: 200,
    x: { ...CENTRED, ...axis },
    y: accuracyAxis(trials.map(({ accuracy }) => accuracy ?? 0)),
    marks: [
      Plot.text(trials.slice(0, 1), { ...LABEL, x, y: 'accuracy', dx: 8 }),
      Plot.dot(trials.toReversed(), {
        x,
        y: 'accuracy',
        r: 4,
        stroke: ({ status }: TrialResult) => COLOURS[status],
        strokeWidth: 2,
      }),
    ],
  });
}
