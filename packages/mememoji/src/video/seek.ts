import type { VideoOptions } from '../video.ts';
import { Decoder, type DecoderOptions } from './decoder.ts';
import type { Programs } from './ffmpeg.ts';
import { findFrameBefore, type ProbedVideo } from './probe.ts';
import type { Input } from './source.ts';
import { type FramePlace, MICROSECONDS, SAME_TIME } from './times.ts';

/**
 * Seconds before the wanted frame at which decoding is tried to begin. Most formats begin exactly there; MPEG transport
 * streams at the next key frame, which may lie behind it, and the last resort is to begin with the first frame.
 */
const RUN_UPS = [0.1, 12];

/** The frame after which the wanted ones begin, if it is known or can be found; undefined to begin with the first. */
export async function findAnchor(
  programs: Programs,
  input: Input,
  probed: ProbedVideo,
  { from = 0, after, signal }: VideoOptions,
): Promise<FramePlace | undefined> {
  if (after !== undefined) return { frame: after.frame, microseconds: Math.round(after.timestamp * MICROSECONDS) };
  if (from === 0) return undefined;
  const start = Math.round(probed.start * MICROSECONDS);
  return findFrameBefore(programs, input, Math.round(from * MICROSECONDS), start, signal);
}

/**
 * Starts ffmpeg at the anchor, and looks at the first frame that comes: a seek that has landed behind it is done again
 * from farther before.
 * @throws MememojiError `BAD_VIDEO` and others if no frame comes.
 */
export async function startDecoder(
  options: DecoderOptions,
  anchor: FramePlace | undefined,
  signal: AbortSignal | undefined,
): Promise<Decoder> {
  for (const seek of anchor === undefined ? [] : seeksTo(anchor)) {
    const decoder = new Decoder({ ...options, seek });
    const first = await firstFrame(decoder, signal);
    if (first !== undefined && first <= seek.anchor.microseconds + SAME_TIME) return decoder;
    await decoder.close();
  }
  const decoder = new Decoder(options);
  if ((await firstFrame(decoder, signal)) !== undefined) return decoder;
  const failure = await decoder.failure();
  await decoder.close();
  throw failure;
}

function seeksTo(anchor: FramePlace): { seconds: number; anchor: FramePlace }[] {
  const seeks = RUN_UPS.map((runUp) => ({ seconds: anchor.microseconds / MICROSECONDS - runUp, anchor }));
  return seeks.filter(({ seconds }) => seconds > 0);
}

/** When the first frame is shown; the decoder is closed if it is no longer wanted before that. */
async function firstFrame(decoder: Decoder, signal: AbortSignal | undefined): Promise<number | undefined> {
  const stop = (): void => void decoder.close();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const first = await decoder.first();
    if (signal?.aborted) await decoder.close();
    signal?.throwIfAborted();
    return first;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}
