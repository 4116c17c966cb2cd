import { EXPRESSIONS, type Expression, type Expressions } from '@mememoji/vision/expression';
import type { Box } from '@mememoji/vision/result';
import type { Palette } from './palette.ts';

/** What a face showed at a time. */
export interface Sample {
  /** Seconds. */
  timestamp: number;
  expressions: Expressions;
}

/** How a plot of expressions over time looks. */
export interface PlotView {
  /** The part of time that is seen, in seconds. */
  from: number;
  to: number;
  /** Where on the canvas the lines are drawn. */
  area: Box;
  /** Units of the canvas that make one of CSS. */
  unit: number;
  palette: Palette;
  /** The expressions whose lines are drawn. */
  shown: ReadonlySet<Expression>;
  /** Seconds without a sample after which a line is broken. */
  longestGap: number;
}

type Context = CanvasRenderingContext2D;

/** Where a time lies across the plot. */
export function timeToX({ from, to, area }: PlotView, seconds: number): number {
  return area.x + ((seconds - from) / Math.max(to - from, 1e-9)) * area.width;
}

/** Lines of probability over time, the strongest over the weaker, with rules at 0, one half and 1. */
export function drawPlot(context: Context, samples: readonly Sample[], view: PlotView): void {
  drawRules(context, view);
  const seen = samplesWithin(samples, view);
  context.save();
  context.beginPath();
  context.rect(view.area.x, view.area.y - 2 * view.unit, view.area.width, view.area.height + 4 * view.unit);
  context.clip();
  for (const name of EXPRESSIONS) if (view.shown.has(name)) drawLine(context, seen, name, view);
  context.restore();
}

/** The samples that are seen, and one beyond each end so that lines run out of the picture. */
function samplesWithin(samples: readonly Sample[], { from, to }: PlotView): readonly Sample[] {
  const first = samples.findIndex((sample) => sample.timestamp >= from);
  if (first === -1) return [];
  const last = samples.findIndex((sample) => sample.timestamp > to);
  return samples.slice(Math.max(0, first - 1), last === -1 ? samples.length : last + 1);
}

function drawRules(context: Context, { area, unit, palette }: PlotView): void {
  context.strokeStyle = palette.line;
  context.lineWidth = unit;
  for (const level of [0, 0.5, 1]) {
    const y = Math.round(area.y + level * area.height) + 0.5;
    context.beginPath();
    context.moveTo(area.x, y);
    context.lineTo(area.x + area.width, y);
    context.stroke();
  }
}

function drawLine(context: Context, samples: readonly Sample[], name: Expression, view: PlotView): void {
  const { area, unit, palette, longestGap } = view;
  context.strokeStyle = palette.series[name];
  context.lineWidth = 2.25 * unit;
  context.lineJoin = 'round';
  context.lineCap = 'round';
  context.beginPath();
  let before = Number.NEGATIVE_INFINITY;
  for (const { timestamp, expressions } of samples) {
    const x = timeToX(view, timestamp);
    const y = area.y + (1 - expressions[name]) * area.height;
    if (timestamp - before > longestGap) {
      context.moveTo(x, y);
      // A sample that stands alone is a dot.
      context.lineTo(x, y);
    } else context.lineTo(x, y);
    before = timestamp;
  }
  context.stroke();
}

/** Ticks of time below the plot: at most one every 80 units of CSS. */
export function drawTimes(context: Context, view: PlotView): void {
  const { area, unit, palette, from, to } = view;
  const step = niceStep((to - from) / Math.max(1, area.width / (80 * unit)));
  context.fillStyle = palette.soft;
  context.font = `${12 * unit}px system-ui, sans-serif`;
  context.textAlign = 'center';
  context.textBaseline = 'top';
  for (let time = Math.ceil(from / step) * step; time <= to + 1e-9; time += step) {
    const text = formatTime(time, step < 1 ? 1 : 0);
    const half = context.measureText(text).width / 2;
    const x = Math.min(Math.max(timeToX(view, time), area.x + half), area.x + area.width - half);
    context.fillText(text, x, area.y + area.height + 7 * unit);
  }
}

/** The next of 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60 ... seconds that is not smaller. */
function niceStep(least: number): number {
  const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800];
  return steps.find((step) => step >= least) ?? 3600 * Math.ceil(least / 3600);
}

/** `1:05`, or `1:05.3` with one digit. */
export function formatTime(seconds: number, digits = 0): string {
  const rounded = Number(Math.max(0, seconds).toFixed(digits));
  const minutes = Math.floor(rounded / 60);
  const rest = (rounded - 60 * minutes).toFixed(digits);
  return `${minutes}:${rest.padStart(digits === 0 ? 2 : 3 + digits, '0')}`;
}
