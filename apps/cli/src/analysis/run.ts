import type { Context } from '../context.ts';
import { type Entry, type FailedEntry, isFailed } from '../entry.ts';
import type { Input } from '../inputs.ts';
import type { MediaProgress } from '../media-progress.ts';
import type { TimelineCollector } from '../timeline/collector.ts';
import type { AnalysisTools } from './analyze-media.ts';
import type { AnalyzeOptions } from './options.ts';

/** One run of `analyze`: what it works with, and who looks at what comes. */
export interface Run {
  options: AnalyzeOptions;
  context: Context;
  inputs: readonly Input[];
  tools: AnalysisTools;
  progress: MediaProgress;
  failed: FailedEntry[];
  /** For figures and reports. */
  timeline: TimelineCollector | undefined;
}

/** What everybody who looks at the entries wants to know of one. */
export function note(entry: Entry, { failed, timeline }: Pick<Run, 'failed' | 'timeline'>): void {
  if (isFailed(entry)) failed.push(entry);
  timeline?.add(entry);
}
