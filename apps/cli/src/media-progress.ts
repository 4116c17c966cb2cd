import { basename } from 'node:path';
import type { MultiBar, SingleBar } from 'cli-progress';
import type { VideoInfo, VideoOptions } from 'mememoji/video';
import type { Context } from './context.ts';

/** Tells on standard error how far an analysis of pictures and videos is. */
export interface MediaProgress {
  /** One more input is done. */
  advance: () => void;
  /** Writes a line without spoiling the bars. */
  log: (line: string) => void;
  /** A bar for a video. */
  video: (path: string, info: VideoInfo, part: VideoPart) => VideoBar;
  stop: () => void;
}

/** The part of a video that is analyzed, in seconds. */
export type VideoPart = Pick<VideoOptions, 'from' | 'to' | 'after'>;

export interface VideoBar {
  /** The frame that is shown at this time, in seconds, is done. */
  reach: (timestamp: number) => void;
  stop: () => void;
}

/** Below this many inputs a bar for them would only flicker. */
const MANY = 8;

const SILENT_BAR: VideoBar = { reach: () => undefined, stop: () => undefined };

/**
 * Bars where standard error is a terminal and the data goes elsewhere; else only lines.
 * @param dataOnTerminal whether the data itself is printed to the terminal meanwhile
 */
export async function createMediaProgress(
  { stderr }: Context,
  total: number,
  dataOnTerminal: boolean,
): Promise<MediaProgress> {
  if (!stderr.isTTY || dataOnTerminal) {
    const log = (line: string): boolean => stderr.write(`${line}\n`);
    return { advance: () => undefined, log, video: () => SILENT_BAR, stop: () => undefined };
  }
  const { MultiBar } = await import('cli-progress');
  // Leaves the terminal's settings alone, so that nothing need be mended after Ctrl-C.
  const settings = { stream: stderr, clearOnComplete: true, linewrap: true, gracefulExit: false, fps: 5 };
  const bars = new MultiBar({ ...settings, format: '{bar} {value}/{total} files, {eta_formatted} left' });
  const files = total < MANY ? undefined : bars.create(total, 0);
  let running = true;
  return {
    advance: () => files?.increment(),
    log: (line) => bars.log(`${line}\n`),
    video: (path, info, part) => createVideoBar(bars, path, info, part),
    stop: () => {
      if (!running) return; // else it would clear lines that were written since
      running = false;
      bars.update(); // writes what is still to be logged
      bars.stop();
    },
  };
}

/** In seconds of the video, since not every video tells how many frames it has. */
function createVideoBar(bars: MultiBar, path: string, { duration }: VideoInfo, part: VideoPart): VideoBar {
  const { from = 0, to = Number.POSITIVE_INFINITY, after } = part;
  const end = Math.min(to, duration ?? Number.POSITIVE_INFINITY);
  const name = basename(path);
  const start = Math.max(0, (after?.timestamp ?? from) - from);
  const format = Number.isFinite(end)
    ? '{name} {bar} {value}/{total} s, {frames} frames, {eta_formatted} left'
    : '{name} {value} s, {frames} frames, {duration_formatted}';
  const total = Number.isFinite(end) ? Math.max(Math.round(end - from), 1) : 0;
  const bar: SingleBar = bars.create(total, Math.round(start), { name, frames: 0 }, { format });
  let frames = 0;
  return {
    reach: (timestamp) => {
      frames += 1;
      bar.update(Math.min(Math.round(timestamp - from), total || Number.POSITIVE_INFINITY), { frames });
    },
    stop: () => bars.remove(bar),
  };
}
