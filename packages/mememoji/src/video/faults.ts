/** What can be wrong with a video, in words. */
import { MememojiError } from '../error.ts';

/** ffmpeg found no frame at all; why, it has written to `log`. */
export function noFrames(name: string, log: string): MememojiError {
  const reason = reasonOf(log) ?? 'no frame in it can be decoded';
  if (reason.includes('matches no streams')) return noVideo(name);
  const hint = /moov atom|partial file/.test(reason)
    ? 'it is cut off, or an MP4 with its index at the end, which must be saved as a file first and cannot come through a pipe'
    : 'is it a video, and whole?';
  return new MememojiError('BAD_VIDEO', `${name} cannot be read (${reason})`, hint);
}

export function noVideo(name: string): MememojiError {
  return new MememojiError('NO_VIDEO', `${name} has no video in it`, 'it may be sound only');
}

export function truncated(name: string, seconds: number): MememojiError {
  const message = `${name} is cut off or damaged after ${seconds.toFixed(1)} s`;
  return new MememojiError('TRUNCATED_VIDEO', message, 'the frames before that were read');
}

export function decoderFailed(name: string, code: string, log: string, count: number): MememojiError {
  const reason = reasonOf(log) ?? code;
  return new MememojiError('DECODER_FAILED', `${name}: ffmpeg failed after ${count} frames (${reason})`);
}

export function decoderKilled(name: string, signal: string, count: number): MememojiError {
  return new MememojiError('DECODER_FAILED', `${name}: ffmpeg was ended by ${signal} after ${count} frames`);
}

/** The stream that was passed in has failed. */
export function inputBroken(cause: unknown): MememojiError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new MememojiError('UNREADABLE_FILE', `the video cannot be read (${reason})`, 'pipe it in again', { cause });
}

/** The first thing that ffmpeg had to say, in one line, without the addresses of its parts. */
function reasonOf(log: string): string | undefined {
  const lines = log.split(/[\r\n]+/).map((line) => line.replace(/^\[[^\]]*\]\s*/, '').trim());
  return lines.find((line) => line !== '');
}
