/** What ffprobe tells of a video before it is decoded. */
import { noFrames, noVideo } from './faults.ts';
import { Program, type Programs } from './ffmpeg.ts';
import { readLines } from './lines.ts';
import type { Input } from './source.ts';
import { type FramePlace, MICROSECONDS } from './times.ts';

/** What the container says; all of it may be missing or wrong. */
export interface ProbedVideo {
  /** Seconds. */
  duration: number | undefined;
  /** Seconds of the pictures alone, where that is known; sound may last longer. */
  pictures: number | undefined;
  frames: number | undefined;
  frameRate: number | undefined;
  /** Seconds at which the file begins in its own count; ffmpeg's times start there. */
  start: number;
}

/** Pictures may stand in another order in the file than they are shown in; further apart than this they never are. */
const REORDERED_PACKETS = 64;

/**
 * Reads the head of a video.
 * @throws MememojiError `BAD_VIDEO` if ffprobe cannot read it, `NO_VIDEO` if it has no moving pictures, `NO_FFMPEG`
 */
export async function probeVideo(programs: Programs, input: Input, signal?: AbortSignal): Promise<ProbedVideo> {
  const entries = 'format=duration,start_time,nb_streams:stream=duration,nb_frames,avg_frame_rate';
  const args = ['-v', 'error', '-select_streams', 'V:0', '-show_entries', entries, '-of', 'json', ...input.args];
  let text = '';
  const log = await readOutput(programs, args, signal, (line) => {
    text += line;
    return true;
  });
  const { format, streams = [] } = parseJson(text);
  if (format === undefined) throw noFrames(input.name, log);
  const stream = streams[0];
  if (stream === undefined) throw noVideo(input.name);
  const whole = toNumber(format.duration);
  const pictures = toNumber(stream.duration) ?? (format.nb_streams === 1 ? whole : undefined);
  return {
    start: toNumber(format.start_time) ?? 0,
    duration: pictures ?? whole,
    pictures,
    frames: toNumber(stream.nb_frames),
    frameRate: toRate(stream.avg_frame_rate),
  };
}

/**
 * The last frame that is shown before a time, by reading the packets up to there without decoding them; undefined if
 * there is none. Counts packets: in the rare formats where one packet is not one picture the number may be off.
 * @param before microseconds.
 * @param start microseconds at which the file begins in its own count.
 */
export async function findFrameBefore(
  programs: Programs,
  input: Input,
  before: number,
  start: number,
  signal?: AbortSignal,
): Promise<FramePlace | undefined> {
  const args = ['-v', 'error', '-select_streams', 'V:0', '-show_entries', 'packet=pts_time,flags'];
  let count = 0;
  let last = Number.NEGATIVE_INFINITY;
  let beyond = 0;
  await readOutput(programs, [...args, '-of', 'csv=p=0', ...input.args], signal, (line) => {
    const [time = '', flags = ''] = line.split(',');
    const microseconds = Math.round(Number(time) * MICROSECONDS) - start;
    // A packet may have further lines, of what hangs on it, and there may be no time, or only one to be discarded.
    if (time === '' || Number.isNaN(microseconds) || flags.includes('D')) return true;
    if (microseconds >= before) return ++beyond < REORDERED_PACKETS;
    count++;
    last = Math.max(last, microseconds);
    return true;
  });
  return count === 0 ? undefined : { frame: count - 1, microseconds: last };
}

/**
 * Runs ffprobe and gives its lines away, until it ends or one is the last that is wanted.
 * @param take tells whether more lines are wanted.
 * @returns what it wrote to standard error.
 */
async function readOutput(
  { ffprobe }: Programs,
  args: readonly string[],
  signal: AbortSignal | undefined,
  take: (line: string) => boolean,
): Promise<string> {
  signal?.throwIfAborted();
  const program = new Program(ffprobe, args);
  const stop = (): void => void program.kill();
  signal?.addEventListener('abort', stop, { once: true });
  let more = true;
  await readLines(program.output(1), (line) => {
    more = more && take(line);
    if (!more) stop();
  });
  signal?.removeEventListener('abort', stop);
  await program.ended;
  signal?.throwIfAborted();
  return program.log;
}

interface ProbeJson {
  format?: { duration?: string; start_time?: string; nb_streams?: number };
  streams?: { duration?: string; nb_frames?: string; avg_frame_rate?: string }[];
}

function parseJson(text: string): ProbeJson {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

function toNumber(text: string | undefined): number | undefined {
  const value = Number(text ?? Number.NaN);
  return Number.isFinite(value) ? value : undefined;
}

/** `30000/1001` as a number. */
function toRate(text: string | undefined): number | undefined {
  const [above, below] = (text ?? '').split('/').map(Number);
  return above && below ? above / below : undefined;
}
