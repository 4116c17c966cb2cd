import { EXPRESSIONS, type Expression } from '@mememoji/vision/expression';
import type { Palette } from '../draw/palette.ts';
import { drawPlot, drawTimes, type PlotView, timeToX } from '../draw/plot.ts';
import { canvasToBlob, createCanvas } from '../export/picture-file.ts';
import type { FaceTrack, Mark } from './video-session.ts';

export interface TimelineContent {
  title: string;
  /** Seconds. */
  duration: number;
  longestGap: number;
  tracks: readonly FaceTrack[];
  marks: readonly Mark[];
  shown: ReadonlySet<Expression>;
  /** Words for the legend. */
  nameOf: (expression: Expression) => string;
}

/** Pixels. */
const WIDTH = 1600;
const MARGIN = 48;
const HEAD = 130;
const LANE = 240;
const PORTRAIT = 128;
const UNIT = 1.6;

/** The timeline of a video as a picture of its own, with its names: PNG of 1600 pixels across. */
export function renderTimeline(content: TimelineContent, palette: Palette): Promise<Blob> {
  const [canvas, context] = createCanvas(WIDTH, HEAD + Math.max(1, content.tracks.length) * LANE + MARGIN);
  context.fillStyle = palette.paper;
  context.fillRect(0, 0, canvas.width, canvas.height);
  drawHead(context, content, palette);
  for (const [i, track] of content.tracks.entries()) drawTrack(context, content, palette, track, HEAD + i * LANE);
  return canvasToBlob(canvas);
}

function drawHead(
  context: CanvasRenderingContext2D,
  { title, shown, nameOf }: TimelineContent,
  palette: Palette,
): void {
  context.fillStyle = palette.ink;
  context.textBaseline = 'alphabetic';
  context.font = '700 30px system-ui, sans-serif';
  context.fillText(title, MARGIN, 60, WIDTH - 2 * MARGIN);
  context.font = '19px system-ui, sans-serif';
  let x = MARGIN;
  for (const name of EXPRESSIONS.filter((one) => shown.has(one))) {
    context.fillStyle = palette.series[name];
    context.fillRect(x, 92, 26, 6);
    context.fillStyle = palette.ink;
    context.fillText(nameOf(name), x + 36, 101);
    x += 36 + context.measureText(nameOf(name)).width + 32;
  }
}

function drawTrack(
  context: CanvasRenderingContext2D,
  { duration, longestGap, marks, shown }: TimelineContent,
  palette: Palette,
  { portrait, samples }: FaceTrack,
  top: number,
): void {
  const left = MARGIN + PORTRAIT + 32;
  const area = { x: left, y: top + 16, width: WIDTH - left - MARGIN, height: LANE - 72 };
  const view: PlotView = { from: 0, to: duration, area, unit: UNIT, palette, shown, longestGap };
  context.drawImage(portrait, MARGIN, top + 16 + (area.height - PORTRAIT) / 2, PORTRAIT, PORTRAIT);
  drawPlot(context, samples, view);
  drawTimes(context, view);
  for (const { timestamp, note } of marks) {
    const x = timeToX(view, timestamp);
    context.fillStyle = palette.ink;
    context.fillRect(x - 1, area.y - 8, 2, area.height + 8);
    context.textAlign = x > WIDTH - 300 ? 'right' : 'left';
    context.fillText(note, x + (x > WIDTH - 300 ? -8 : 8), area.y - 10);
  }
  context.textAlign = 'left';
}
