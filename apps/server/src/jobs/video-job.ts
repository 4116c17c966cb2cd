import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FrameAnalysis } from '@mememoji/vision/result';
import { Tracker, type TrackerState } from '@mememoji/vision/tracker';
import type { Analyzer } from 'mememoji/analyzer';
import { MememojiError } from 'mememoji/error';
import type { ImageSource } from 'mememoji/node';
import type { VideoPosition } from 'mememoji/video';
import type { JobFiles } from './job-files.ts';
import {
  type Db,
  endJob,
  type ItemResult,
  type JobRecord,
  readJob,
  readOpenItem,
  saveProgress,
  saveResults,
} from './job-store.ts';

/** Loads networks for one video; who asked for them closes them. */
export type OpenVideoAnalyzer = () => Promise<Analyzer<ImageSource>>;

export interface VideoParts {
  db: Db;
  files: JobFiles;
  openVideoAnalyzer: OpenVideoAnalyzer;
  clock?: () => Date;
}

/** Where a worker goes on that takes a video over: behind a frame, knowing its faces. */
interface Progress {
  position: VideoPosition;
  tracker: TrackerState;
}

/** Milliseconds between two writings: so much is done again at most, and so long a cancelled job runs on. */
const WRITE_MS = 1000;

/**
 * Analyzes the video of a job from where the last worker has left it, a result for each frame. Its faults end the job; all else
 * is thrown.
 * @param signal ends it, with what was done kept, and throws
 */
export async function analyzeJobVideo(job: string, parts: VideoParts, signal: AbortSignal): Promise<void> {
  const { db, files, clock = () => new Date() } = parts;
  const [record, item] = [await readJob(db, job), await readOpenItem(db, job, 0)];
  if (record === undefined || item === undefined) return;
  const folder = await mkdtemp(join(tmpdir(), 'mememoji-video-'));
  try {
    const path = join(folder, 'video');
    if (await files.readTo(item.file, path)) await analyzeFile(path, { record, name: item.name, parts, signal });
    else await endJob(db, job, clock(), { code: 'FILE_NOT_FOUND', message: 'the file is gone from the file store' });
    await files.remove(item.file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface VideoWork {
  record: JobRecord;
  name: string;
  parts: VideoParts;
  signal: AbortSignal;
}

async function analyzeFile(path: string, work: VideoWork): Promise<void> {
  const { record, parts, signal } = work;
  const { db, clock = () => new Date() } = parts;
  try {
    if (await analyzeFrames(path, work)) await endJob(db, record.id, clock());
  } catch (error) {
    if (signal.aborted || !(error instanceof MememojiError)) throw error;
    const { code, message, hint } = error;
    await endJob(db, record.id, clock(), { code, message: message.replaceAll(path, work.name), hint });
  }
}

/** False if the job was cancelled meanwhile. */
async function analyzeFrames(path: string, { record, name, parts, signal }: VideoWork): Promise<boolean> {
  const { openVideo, analyzeVideo } = await import('mememoji/video');
  const progress = record.progress as Progress | null;
  const analyzer = await parts.openVideoAnalyzer();
  try {
    const options = { uncertainBelow: analyzer.spec.uncertainBelow };
    const tracker = progress === null ? new Tracker(options) : Tracker.from(progress.tracker, options);
    const video = await openVideo(path, { fps: record.options.fps, after: progress?.position, signal });
    try {
      const frames = analyzeVideo(analyzer, video, { tracker, signal });
      return await keepFrames(frames, tracker, { id: record.id, name, parts });
    } finally {
      await video.close();
    }
  } finally {
    await analyzer.close();
  }
}

/** Writes frames as they come, a second's at once. @returns false as soon as the job takes no more */
async function keepFrames(
  frames: AsyncIterable<FrameAnalysis>,
  tracker: Tracker,
  { id, name, parts: { db, clock = () => new Date() } }: { id: string; name: string; parts: VideoParts },
): Promise<boolean> {
  let unwritten: ItemResult[] = [];
  let position: VideoPosition | undefined;
  let written = performance.now();
  const write = async (): Promise<boolean> => {
    if (position === undefined) return true;
    const status = await saveResults(db, id, unwritten, clock());
    await saveProgress(db, id, { position, tracker: tracker.state() });
    unwritten = [];
    written = performance.now();
    return status !== undefined;
  };
  for await (const analysis of frames) {
    const { frame, timestamp } = analysis;
    position = { frame, timestamp };
    unwritten.push({ item: frame, name, analysis, error: null });
    if (performance.now() - written >= WRITE_MS && !(await write())) return false;
  }
  return write();
}
