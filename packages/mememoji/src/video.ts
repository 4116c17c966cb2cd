/** Videos, read by ffmpeg, and the faces in them over time. For Node only. How it works: docs/video.md. */
import type { Readable } from 'node:stream';
import type { PixelImage } from '@mememoji/vision/image';
import type { FrameAnalysis } from '@mememoji/vision/result';
import { Tracker } from '@mememoji/vision/tracker';
import type { Analyzer } from './analyzer.ts';
import type { DetectionMode } from './detector.ts';
import type { ImageSource } from './node.ts';
import type { Decoder, DecoderOptions } from './video/decoder.ts';
import { findPrograms, type Programs } from './video/ffmpeg.ts';
import { openFolder } from './video/folder.ts';
import { mapInOrder } from './video/pipeline.ts';
import { type ProbedVideo, probeVideo } from './video/probe.ts';
import { scaleFace } from './video/scale-face.ts';
import { findAnchor, startDecoder } from './video/seek.ts';
import { check, checkSelection } from './video/selection.ts';
import { fileInput, type Input, isFolder, urlInput } from './video/source.ts';

/** A place in a video: a frame that was analysed. */
export interface VideoPosition {
  /** Number of the frame in the source, from 0 on. */
  frame: number;
  /** When it is shown, in seconds. */
  timestamp: number;
}

/** Which frames of a video are wanted, and how large. */
export interface VideoOptions {
  /** Only each so-many-th frame: those whose number is a multiple of it. */
  every?: number | undefined;
  /**
   * At most so many frames a second: of each 1/fps seconds the first frame. None is invented and none moved. Of a folder of
   * pictures it is the rate at which they were taken; 25 if left out.
   */
  fps?: number | undefined;
  /** Seconds: frames from this time on. */
  from?: number | undefined;
  /** Seconds: frames before this time. */
  to?: number | undefined;
  /** Goes on after a frame that an earlier run has analysed, given the same other options. */
  after?: VideoPosition | undefined;
  /** Longer side in pixels to which a larger picture is scaled down, so that it is fast; 1280 if left out. */
  maxSide?: number | undefined;
  /** Ends everything when it is aborted; what then runs throws its reason. */
  signal?: AbortSignal | undefined;
  /** The programs; `MEMEMOJI_FFMPEG` and `MEMEMOJI_FFPROBE`, or `ffmpeg` and `ffprobe` of the path, if left out. */
  ffmpeg?: string | undefined;
  ffprobe?: string | undefined;
}

/** What is known of a video before its frames are read. */
export interface VideoInfo {
  /** Size of the upright picture in pixels of the source. */
  width: number;
  height: number;
  /** Seconds; undefined where the source does not say it, as with standard input. */
  duration?: number | undefined;
  /** Number of frames in the whole source, where it says it. */
  frames?: number | undefined;
  /** Frames a second, on average. */
  frameRate?: number | undefined;
}

export interface VideoFrame extends VideoPosition {
  /** Upright, perhaps smaller than the source; see `maxSide`. */
  image: PixelImage;
  /** Pixels of the source for a pixel of the image, 1 or more. */
  scale: number;
}

/** A video that is open. Its frames can be read once. */
export interface Video {
  readonly info: VideoInfo;
  /** The wanted frames, in the order of time. Ending the loop early is allowed. */
  frames(): AsyncGenerator<VideoFrame, void, undefined>;
  /** Stops the decoder and waits until it has ended; harmless when done twice. */
  close(): Promise<void>;
}

export interface VideoAnalysisOptions {
  /** Follows the faces; a new one if left out. Pass your own to keep its `state()` for `after`. */
  tracker?: Tracker | undefined;
  /** How the faces are looked for; `video` if left out. */
  detection?: DetectionMode | undefined;
  signal?: AbortSignal | undefined;
}

/** A frame with its pixels, for those who draw on it. Boxes are in pixels of the source, `scale` times those of `image`. */
export type AnalyzedFrame = FrameAnalysis & VideoFrame;

/** The longer side of frames if nobody says it: a face of a tenth of it has still more pixels than the classifier takes. */
const DEFAULT_MAX_SIDE = 1280;

/** Frames that are analysed at once: while one is with the detector, the other is with the classifier. */
const FRAMES_AT_ONCE = 2;

/**
 * Opens a video: a file of any format that ffmpeg reads, an address (http, https), a folder of numbered pictures, or a
 * stream such as standard input, which is read to its end or destroyed. The first frame is decoded to see that it can be.
 * Close it when it is no longer needed.
 *
 * ```ts
 * const video = await openVideo('film.mp4', { fps: 10 });
 * for await (const { timestamp, faces } of analyzeVideo(analyzer, video)) {
 *   console.log(timestamp, faces.map(({ id, dominant }) => `${id} ${dominant}`));
 * }
 * ```
 * @throws MememojiError NO_FFMPEG, FILE_NOT_FOUND, NOT_A_FILE, UNREADABLE_FILE, EMPTY_FILE, NO_VIDEO, BAD_VIDEO, BAD_OPTION
 */
export async function openVideo(source: string | Readable, options: VideoOptions = {}): Promise<Video> {
  checkOptions(options);
  options.signal?.throwIfAborted();
  if (typeof source !== 'string') return openStream(source, options);
  const url = urlInput(source);
  if (url === undefined && (await isFolder(source))) return openFolder(source, options);
  return openInput(url ?? (await fileInput(source)), options);
}

async function openInput(input: Input, options: VideoOptions): Promise<Video> {
  const programs = findPrograms(options);
  const probed = await probeVideo(programs, input, options.signal);
  const anchor = await findAnchor(programs, input, probed, options);
  const parts = { ...decoderOptions(programs, options), source: input, duration: probed.pictures };
  return decodedVideo(await startDecoder(parts, anchor, options.signal), probed, options.signal);
}

async function openStream(source: Readable, options: VideoOptions): Promise<Video> {
  try {
    const parts = { ...decoderOptions(findPrograms(options), options), source };
    return decodedVideo(await startDecoder(parts, undefined, options.signal), {}, options.signal);
  } catch (error) {
    source.destroy();
    throw error;
  }
}

function checkOptions(options: VideoOptions): void {
  const { maxSide = DEFAULT_MAX_SIDE } = options;
  checkSelection(options);
  check('maxSide', maxSide, maxSide >= 1, 'a number from 1 on');
}

function decoderOptions({ ffmpeg }: Programs, options: VideoOptions): Omit<DecoderOptions, 'source'> {
  return { ffmpeg, selection: options, maxSide: options.maxSide ?? DEFAULT_MAX_SIDE };
}

function decodedVideo(
  decoder: Decoder,
  { duration, frames, frameRate }: Partial<ProbedVideo>,
  signal: AbortSignal | undefined,
): Video {
  const info = { ...decoder.size, duration, frames, frameRate };
  return { info, frames: () => closing(decoder, signal), close: () => decoder.close() };
}

/** The frames of a decoder, which ends with them, whatever ends them. */
async function* closing(
  decoder: Decoder,
  signal: AbortSignal | undefined,
): AsyncGenerator<VideoFrame, void, undefined> {
  const stop = (): void => void decoder.close();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    signal?.throwIfAborted();
    yield* decoder.frames();
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
    await decoder.close();
  }
}

/**
 * The faces of a video, frame after frame, followed over time; frames without a face too. Decoding and both networks run
 * beside each other. The video is closed when its frames are through, or the loop over them ends.
 *
 * An interrupted analysis goes on where it stood: keep the last `frame` and `timestamp` and `tracker.state()` with it, and
 * pass them as `after` to {@link openVideo} and `Tracker.from(state)` to this.
 * @throws MememojiError TRUNCATED_VIDEO and DECODER_FAILED, after the frames that could be read; the reason of `signal`.
 */
export async function* analyzeVideo(
  analyzer: Analyzer<ImageSource>,
  video: Video,
  options: VideoAnalysisOptions = {},
): AsyncGenerator<FrameAnalysis, void, undefined> {
  for await (const { frame, timestamp, faces } of analyzeFrames(analyzer, video, options)) {
    yield { frame, timestamp, faces };
  }
}

/** As {@link analyzeVideo}, with the pixels of each frame. */
export async function* analyzeFrames(
  analyzer: Analyzer<ImageSource>,
  video: Video,
  { tracker, detection = 'video', signal }: VideoAnalysisOptions = {},
): AsyncGenerator<AnalyzedFrame, void, undefined> {
  const follow = tracker ?? new Tracker({ uncertainBelow: analyzer.spec.uncertainBelow });
  const analyze = async (frame: VideoFrame) => {
    const { faces } = await analyzer.analyze(frame.image, { detection });
    return { frame, faces: faces.map((face) => scaleFace(face, frame.scale)) };
  };
  try {
    for await (const { frame, faces } of mapInOrder(video.frames(), FRAMES_AT_ONCE, analyze)) {
      signal?.throwIfAborted();
      yield { ...frame, faces: follow.update(frame.timestamp, faces) };
    }
  } finally {
    await video.close();
  }
}
