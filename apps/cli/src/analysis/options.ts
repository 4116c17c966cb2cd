import type { AnnotationStyle } from 'mememoji/annotate';
import type { DetectionMode } from 'mememoji/detector';
import type { Device } from 'mememoji/node-session';
import { CliError } from '../errors.ts';
import { type EntryFormat, isLineFormat } from '../render-entries.ts';
import { isSummaryFormat } from '../render-summary.ts';

/** What may be said to `mememoji analyze`; times are in seconds. */
export interface AnalyzeOptions {
  format: EntryFormat;
  output?: string;
  resume: boolean;
  summary: boolean;
  raw: boolean;
  six: boolean;
  recursive: boolean;
  frames: boolean;
  every?: number;
  fps?: number;
  from?: number;
  to?: number;
  annotate?: string;
  style: AnnotationStyle;
  plot?: string;
  report?: string;
  embed: boolean;
  detection: DetectionMode;
  model?: string;
  device: Device;
  jobs: number;
  threads?: number;
}

/**
 * Refuses what does not go together.
 * @throws CliError `WRONG_USE`
 */
export function checkOptions(options: AnalyzeOptions): void {
  const { format, output, resume, summary, annotate, style, plot, report, embed, from, to, every, fps, six } = options;
  const refuse = (what: string, hint?: string): never => {
    throw new CliError('WRONG_USE', what, hint);
  };
  if (resume && output === undefined) refuse('--resume needs the --output file that is to be continued');
  if (resume && (summary || !isLineFormat(format))) {
    refuse(`--resume cannot go on with ${summary ? 'a summary' : format}`, 'use --format csv or ndjson');
  }
  if (resume && (plot ?? report) !== undefined && format !== 'ndjson') {
    refuse('--plot and --report go on with --format ndjson only', 'it holds all that they show');
  }
  if (summary && !isSummaryFormat(format)) refuse(`a summary has no form ${format}`, 'use table, json, ndjson or csv');
  if (six && format === 'py-feat') refuse('py-feat has seven expressions', 'leave out --six');
  if (style !== 'boxes' && annotate === undefined) refuse('--style is for --annotate only');
  if (embed && report === undefined) refuse('--embed is for --report only');
  if (plot !== undefined && !/\.(svg|png)$/i.test(plot)) refuse(`'${plot}' must end in .svg or .png`);
  if (every !== undefined && fps !== undefined) refuse('--every and --fps exclude each other');
  if (from !== undefined && to !== undefined && from >= to) refuse('--from must be before --to');
}
