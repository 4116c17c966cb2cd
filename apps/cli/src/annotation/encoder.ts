import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { CliError } from '../errors.ts';

const run = promisify(execFile);

/** How a video is written. */
export interface Encoder {
  /** The program. */
  ffmpeg: string;
  extension: 'mp4' | 'webm';
  /** Arguments for the picture. */
  video: readonly string[];
  /** Codecs of sound that the file may hold as they are; others are encoded with `audio`. */
  copies: ReadonlySet<string>;
  audio: string;
}

const MP4 = {
  extension: 'mp4',
  video: ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '20', '-pix_fmt', 'yuv420p', '-movflags', '+faststart'],
  copies: new Set(['aac', 'mp3', 'ac3', 'eac3', 'opus', 'alac']),
  audio: 'aac',
} as const;

const WEBM = {
  extension: 'webm',
  video: [
    '-c:v',
    'libvpx-vp9',
    '-deadline',
    'realtime',
    '-cpu-used',
    '5',
    '-crf',
    '30',
    '-b:v',
    '0',
    '-pix_fmt',
    'yuv420p',
  ],
  copies: new Set(['opus', 'vorbis']),
  audio: 'libopus',
} as const;

/**
 * H.264 in MP4, which plays everywhere, or else VP9 in WebM.
 * @throws CliError `NO_ENCODER` where ffmpeg is missing or can write neither
 */
export async function findEncoder(ffmpeg: string): Promise<Encoder> {
  const { stdout } = await run(ffmpeg, ['-hide_banner', '-encoders']).catch((cause: unknown) => {
    throw new CliError('NO_ENCODER', `'${ffmpeg}' cannot be run`, 'install ffmpeg, or set MEMEMOJI_FFMPEG', { cause });
  });
  const has = (codec: string): boolean => new RegExp(`^ V\\S* ${codec} `, 'm').test(stdout);
  if (has('libx264')) return { ffmpeg, ...MP4 };
  if (has('libvpx-vp9')) return { ffmpeg, ...WEBM };
  throw new CliError('NO_ENCODER', `'${ffmpeg}' can write neither H.264 nor VP9`, 'install one with libx264 or libvpx');
}

/** The name of the codec of a file's first sound; undefined where there is none. */
export async function findSoundCodec(ffmpeg: string, file: string): Promise<string | undefined> {
  // ffmpeg without an output ends with an error, after it has told what the file holds.
  const told = await run(ffmpeg, ['-hide_banner', '-i', file]).catch((error: unknown) => {
    return { stderr: error instanceof Error && 'stderr' in error ? String(error.stderr) : '' };
  });
  return /Stream #\S+ Audio: (\w+)/.exec(told.stderr)?.[1] ?? /Audio: (\w+)/.exec(told.stderr)?.[1];
}
