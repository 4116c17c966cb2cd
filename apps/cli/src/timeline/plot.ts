import { basename } from 'node:path';
import { escapeXml, toPng } from '@mememoji/train/plots/chart';
import { FILE_THEME as THEME } from '@mememoji/train/plots/theme';
import { type FailedEntry, isFailed } from '../entry.ts';
import { CliError } from '../errors.ts';
import { writeFileWhole } from '../whole-files.ts';
import type { MediaTimeline } from './collector.ts';
import {
  type Drawing,
  describeTrack,
  drawLegend,
  drawTrack,
  longestTracks,
  TIME_FROM,
  TIMELINE_WIDTH,
} from './figure.ts';

/** Tracks of a video that are drawn; of a crowd those that were seen longest. */
const MOST_TRACKS = 12;
const PADDING = 12;

/**
 * Draws the timelines of all videos into one figure.
 * @param file ends in `.svg` or `.png`
 * @throws CliError `NO_INPUT` if there is no video, `BAD_OUTPUT`
 */
export async function writePlot(file: string, media: readonly (MediaTimeline | FailedEntry)[]): Promise<void> {
  const svg = timelineSvg(media);
  await writeFileWhole(file, [file.toLowerCase().endsWith('.png') ? await toPng(svg) : svg]);
}

/** A whole SVG file. @throws CliError `NO_INPUT` */
export function timelineSvg(media: readonly (MediaTimeline | FailedEntry)[]): string {
  const videos = media.filter((one) => !isFailed(one) && 'summary' in one && one.summary.kind === 'video');
  const drawn = videos.filter((one): one is MediaTimeline => 'summary' in one);
  if (drawn.length === 0) throw new CliError('NO_INPUT', 'there is no video whose timeline could be drawn');
  const parts = drawn.flatMap(drawVideo);
  let y = PADDING;
  const placed = parts.map(({ svg, height }) => {
    const part = `<g transform="translate(0,${y})">${svg}</g>`;
    y += height;
    return part;
  });
  const frame = `width="${TIMELINE_WIDTH}" height="${y}" viewBox="0 0 ${TIMELINE_WIDTH} ${y}"`;
  const label = `Facial expressions over time in ${drawn.map(({ summary }) => basename(summary.path)).join(', ')}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${frame} role="img" aria-label="${escapeXml(label)}"><rect width="100%" height="100%" fill="${THEME.surface}"/>${placed.join('')}</svg>\n`;
}

function drawVideo(media: MediaTimeline): Drawing[] {
  const { summary, names } = media;
  const { shown, others } = longestTracks(media, MOST_TRACKS);
  const seconds = `${summary.seconds.toFixed(1)} s, ${summary.frames} frames`;
  const rest = others === 0 ? '' : `; ${others} more that were seen for a shorter time`;
  return [
    line(basename(summary.path), 'font-size="18" font-weight="bold"', 28),
    line(
      shown.length === 0 ? `${seconds}, no face` : `${seconds}${rest}`,
      `font-size="13" style="fill:${THEME.muted}"`,
      20,
    ),
    ...(shown.length === 0 ? [] : [drawLegend(THEME, names)]),
    ...shown.flatMap((track) => [
      line(describeTrack(media, track), 'font-size="14" font-weight="bold"', 28),
      drawTrack(THEME, media, track),
    ]),
  ];
}

function line(text: string, style: string, height: number): Drawing {
  const font = `font-family="${THEME.font}" fill="${THEME.ink}"`;
  return { svg: `<text x="${TIME_FROM}" y="${height - 8}" ${font} ${style}>${escapeXml(text)}</text>`, height };
}
