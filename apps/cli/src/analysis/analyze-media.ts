import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import type { Analysis } from '@mememoji/vision/result';
import { Tracker, type TrackerState } from '@mememoji/vision/tracker';
import type { createAnalyzer } from 'mememoji/node';
import { analyzeFrames, openVideo, type Video, type VideoOptions, type VideoPosition } from 'mememoji/video';
import type { Annotations } from '../annotation/annotations.ts';
import { analyzedEntry, type Entry, type FailedEntry, failedEntry, frameEntry } from '../entry.ts';
import { CliError } from '../errors.ts';
import type { Input } from '../inputs.ts';
import type { MediaProgress } from '../media-progress.ts';
import { mapAhead } from './map-ahead.ts';
import type { MediaSource } from './open-input.ts';

/** How far an analysis has come; enough to go on from there. */
export interface Position {
  /** Inputs that are done, from the first on. */
  done: number;
  /** Where within the video that comes next. */
  video?: VideoState;
}

/** A frame that is done, and what the tracker knew then. */
export interface VideoState {
  at: VideoPosition;
  tracker: TrackerState;
}

/** One answer, and the position after it. */
export interface Step {
  /** None where a video has only come to its end. */
  entry?: Entry;
  position: Position;
}

/** What an analysis works with. */
export interface AnalysisTools {
  analyzer: Awaited<ReturnType<typeof createAnalyzer>>;
  /** Reads a picture here or in another thread. */
  analyzePicture: (source: string | Uint8Array) => Promise<Analysis>;
  /** Pictures that are read at the same time. */
  jobs: number;
  /** Finds out what an input is. */
  open: (input: Input) => Promise<MediaSource>;
  six: boolean;
  video: Pick<VideoOptions, 'every' | 'fps' | 'from' | 'to'>;
  annotations: Annotations | undefined;
  progress: MediaProgress;
  signal: AbortSignal;
}

type VideoSource = Extract<MediaSource, { kind: 'video' }>;
type Prepared = { input: Input; entry: Entry } | { input: Input; source: VideoSource };

/**
 * All inputs in their order: pictures some ahead, videos one after the other, frame by frame. What cannot be read gives an
 * entry that says why.
 * @param start an input's frame to go on from
 * @throws the signal's reason when it is aborted; what is a fault of the program
 */
export async function* analyzeMedia(
  inputs: readonly Input[],
  tools: AnalysisTools,
  start?: VideoState,
): AsyncGenerator<Step> {
  let done = 0;
  let state = start;
  for await (const prepared of mapAhead(inputs, (input) => prepare(input, tools), 2 * tools.jobs - 1)) {
    tools.signal.throwIfAborted();
    if ('source' in prepared) yield* analyzeOneVideo(prepared, done, tools, state);
    tools.signal.throwIfAborted();
    done += 1;
    yield { ...('entry' in prepared && { entry: prepared.entry }), position: { done } };
    state = undefined;
    tools.progress.advance();
  }
}

/** Reads a picture; of a video only finds out that it is one. */
async function prepare(input: Input, tools: AnalysisTools): Promise<Prepared> {
  const { path, error } = input;
  if (error !== undefined) return { input, entry: failedEntry(path, error) };
  try {
    tools.signal.throwIfAborted();
    const source = await tools.open(input);
    if (source.kind === 'video') return { input, source };
    const analysis = await tools.analyzePicture(source.content);
    const entry = analyzedEntry(path, analysis, sixBelow(tools));
    await tools.annotations?.writePicture(input, source.content, entry.faces);
    return { input, entry };
  } catch (cause) {
    return { input, entry: faultEntry(path, cause, tools) };
  }
}

async function* analyzeOneVideo(
  { input, source }: { input: Input; source: VideoSource },
  done: number,
  tools: AnalysisTools,
  start: VideoState | undefined,
): AsyncGenerator<Step> {
  const { spec } = tools.analyzer;
  const tracker = createTracker(spec, start?.tracker);
  let video: Video | undefined;
  try {
    const { signal } = tools;
    const part = { ...tools.video, ...(start && { after: start.at }) };
    video = await openVideo(source.content, { ...part, signal });
    yield* analyzeVideoFrames(input, { video, part, tracker }, done, tools);
  } catch (cause) {
    yield { entry: faultEntry(input.path, cause, tools), position: { done } };
  } finally {
    await video?.close();
  }
}

async function* analyzeVideoFrames(
  input: Input,
  { video, part, tracker }: { video: Video; part: VideoOptions; tracker: Tracker },
  done: number,
  tools: AnalysisTools,
): AsyncGenerator<Step> {
  const { path } = input;
  const bar = tools.progress.video(path, video.info, part);
  const drawing = await tools.annotations?.openVideo(input, video.info, part);
  try {
    for await (const { image, ...analysis } of analyzeFrames(tools.analyzer, video, {
      tracker,
      signal: tools.signal,
    })) {
      const { frame, timestamp } = analysis;
      const entry = frameEntry(path, video.info, analysis, sixBelow(tools));
      await drawing?.write(image, timestamp, entry.faces);
      yield { entry, position: { done, video: { at: { frame, timestamp }, tracker: tracker.state() } } };
      bar.reach(timestamp);
    }
    await drawing?.finish();
  } finally {
    bar.stop();
    await drawing?.close();
  }
}

/** What is wrong with an input. What is wrong with the place that is written to ends everything. */
function faultEntry(path: string, cause: unknown, { signal }: AnalysisTools): FailedEntry {
  signal.throwIfAborted();
  if (cause instanceof CliError && (cause.code === 'BAD_OUTPUT' || cause.code === 'NO_ENCODER')) throw cause;
  return failedEntry(path, cause);
}

function createTracker({ uncertainBelow }: ClassifierSpec, state: TrackerState | undefined): Tracker {
  return state === undefined ? new Tracker({ uncertainBelow }) : Tracker.from(state, { uncertainBelow });
}

function sixBelow({ six, analyzer }: AnalysisTools): number | undefined {
  return six ? analyzer.spec.uncertainBelow : undefined;
}
