import { chart, escapeXml } from '@mememoji/train/plots/chart';
import type { Theme } from '@mememoji/train/plots/theme';
import type { Expression } from '@mememoji/vision/expression';
import { EXPRESSION_COLOURS } from '@mememoji/vision/palette';
import * as Plot from '@observablehq/plot';
import type { MediaTimeline, TimelinePoint, TrackTimeline } from './collector.ts';

/** Width of a timeline in its own units, CSS pixels where it is not scaled. */
export const TIMELINE_WIDTH = 960;
/** Where time begins and ends in it, from its left edge. */
export const TIME_FROM = 56;
export const TIME_TO = TIMELINE_WIDTH - 16;

const AREA_HEIGHT = 130;
const LINES_HEIGHT = 130;
const AXIS_HEIGHT = 34;
const TOP = 14;
const MARGINS = { marginLeft: TIME_FROM, marginRight: TIMELINE_WIDTH - TIME_TO, marginTop: TOP };

/** Seconds out of sight after which a line is not drawn through. */
const GAP = 1;

/** A drawing of one track, as wide as {@link TIMELINE_WIDTH}. */
export interface Drawing {
  svg: string;
  height: number;
}

/** One expression at one moment, and where its band lies in the stack. */
interface Band {
  time: number;
  name: Expression;
  value: number;
  low: number;
  high: number;
  /** Parts between gaps are drawn apart. */
  part: string;
}

/** Probabilities of one face over time, stacked above and as lines below. Empty where the face was out of sight. */
export function drawTrack(theme: Theme, media: MediaTimeline, track: TrackTimeline): Drawing {
  const bands = bandsOf(media, track);
  const x = { domain: [media.start, Math.max(media.end, media.start + media.step)], label: null };
  const y = { domain: [0, 1], label: null, ticks: 2, tickFormat: '.0%' } as const;
  const colour = (band: Band): string => EXPRESSION_COLOURS[band.name];
  const area = chart(theme, {
    ...{ ...MARGINS, width: TIMELINE_WIDTH, height: AREA_HEIGHT, marginBottom: 4, x: { ...x, axis: null }, y },
    marks: [
      Plot.areaY(bands, { x: 'time', y1: 'low', y2: 'high', z: 'part', fill: colour }),
      ...doubtMarks(theme, media, track),
      Plot.ruleY([0, 1], { stroke: theme.grid }),
    ],
  });
  const lines = chart(theme, {
    ...{ ...MARGINS, width: TIMELINE_WIDTH, height: LINES_HEIGHT + AXIS_HEIGHT, marginBottom: AXIS_HEIGHT, y },
    x: { ...x, tickFormat: formatTime, ticks: 8 },
    marks: [
      Plot.ruleY([0, 0.5, 1], { stroke: theme.grid }),
      // A darker edge, since a yellow line alone hardly shows on white.
      Plot.line(bands, { x: 'time', y: 'value', z: 'part', stroke: theme.ink, strokeOpacity: 0.4, strokeWidth: 3 }),
      Plot.line(bands, { x: 'time', y: 'value', z: 'part', stroke: colour, strokeWidth: 2 }),
    ],
  });
  const lower = lines.svg.replace('<svg ', `<svg y="${AREA_HEIGHT}" `);
  return { svg: area.svg + lower, height: AREA_HEIGHT + LINES_HEIGHT + AXIS_HEIGHT };
}

/** A thin line under the stack while the model is not sure. */
function doubtMarks(theme: Theme, { step }: MediaTimeline, { points }: TrackTimeline): Plot.Markish[] {
  const doubts = points.filter(({ uncertain }) => uncertain);
  if (doubts.length === 0) return [];
  const x2 = ({ time }: TimelinePoint): number => time + step;
  return [Plot.ruleY(doubts, { x1: 'time', x2, y: 0, stroke: theme.ink, strokeWidth: 4, clip: true })];
}

function bandsOf({ names, step }: MediaTimeline, { points }: TrackTimeline): Band[] {
  const bands: Band[] = [];
  let part = 0;
  points.forEach((point, i) => {
    const previous = points[i - 1];
    if (previous !== undefined && point.time - previous.time > Math.max(GAP, 2 * step)) part += 1;
    bands.push(...stack(point, point.time, names, part));
    const next = points[i + 1];
    const endsHere = next === undefined || next.time - point.time > Math.max(GAP, 2 * step);
    if (endsHere) bands.push(...stack(point, point.time + step, names, part)); // a frame is shown until the next
  });
  return bands;
}

function stack({ means }: TimelinePoint, time: number, names: readonly Expression[], part: number): Band[] {
  let high = 0;
  return names.map((name, i) => {
    const low = high;
    high += means[i]!;
    return { time, name, value: means[i]!, low, high, part: `${name} ${part}` };
  });
}

/** 75 as `1:15`, 3725 as `1:02:05`; below a minute with the unit. */
export function formatTime(seconds: number): string {
  if (seconds < 60) return `${Number(seconds.toFixed(2))} s`;
  const [hours, minutes, rest] = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map((value) => Math.floor(value));
  const two = (value: number | undefined): string => String(value).padStart(2, '0');
  return hours === 0 ? `${minutes}:${two(rest)}` : `${hours}:${two(minutes)}:${two(rest)}`;
}

/** What the colours mean, in one row. */
export function drawLegend(theme: Theme, names: readonly Expression[]): Drawing {
  let x = TIME_FROM;
  const signs = names.map((name) => {
    const sign =
      `<rect x="${x}" y="6" width="14" height="14" rx="3" style="fill:${EXPRESSION_COLOURS[name]}"/>` +
      `<text x="${x + 20}" y="17.5">${escapeXml(name)}</text>`;
    x += 20 + 7.6 * name.length + 22;
    return sign;
  });
  const doubt =
    `<path d="M${x} 13h16" style="stroke:${theme.ink};stroke-width:4"/>` +
    `<text x="${x + 22}" y="17.5">uncertain</text>`;
  const style = `font-size="13" font-family="${theme.font}" style="fill:${theme.ink}"`;
  const frame = `width="${TIMELINE_WIDTH}" height="26" viewBox="0 0 ${TIMELINE_WIDTH} 26"`;
  return { svg: `<svg ${frame} ${style}>${signs.join('')}${doubt}</svg>`, height: 26 };
}

/** "face 0, mostly happy, 1:02 to 1:30": what those read or hear who do not see the drawing. */
export function describeTrack({ summary }: MediaTimeline, { id }: TrackTimeline): string {
  const face = summary.faces.find((one) => one.id === id);
  if (face === undefined) return `face ${id}`;
  return `face ${id}, mostly ${face.dominant}, ${formatTime(face.first)} to ${formatTime(face.last)}`;
}

/** The tracks that were seen longest, by id, and how many others there are. */
export function longestTracks(
  { summary, tracks }: MediaTimeline,
  most: number,
): { shown: TrackTimeline[]; others: number } {
  const seconds = new Map(summary.faces.map((face) => [face.id, face.seconds]));
  const ranked = tracks.toSorted((a, b) => (seconds.get(b.id) ?? 0) - (seconds.get(a.id) ?? 0)).slice(0, most);
  return { shown: ranked.sort((a, b) => a.id - b.id), others: tracks.length - ranked.length };
}
