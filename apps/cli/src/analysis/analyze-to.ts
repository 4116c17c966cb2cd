import { type AnalyzerOptions, createAnalyzer } from 'mememoji/node';
import type { Annotations } from '../annotation/annotations.ts';
import { chooseModelFile } from '../chosen-model.ts';
import type { Context } from '../context.ts';
import type { Entry } from '../entry.ts';
import { listFailures } from '../failures.ts';
import { findInputs, type Input } from '../inputs.ts';
import { lineFormat } from '../line-formats.ts';
import { createMediaProgress } from '../media-progress.ts';
import { hasColour, writeOutput } from '../output.ts';
import { isLineFormat, renderEntries } from '../render-entries.ts';
import { isSummaryFormat, renderSummary } from '../render-summary.ts';
import { COLOURED, PLAIN, type TableStyle } from '../render-table.ts';
import type { TimelineCollector } from '../timeline/collector.ts';
import { isDevice } from '../whole-files.ts';
import { type AnalysisTools, analyzeMedia } from './analyze-media.ts';
import { openInput } from './open-input.ts';
import type { AnalyzeOptions } from './options.ts';
import { PicturePool } from './picture-pool.ts';
import { note, type Run } from './run.ts';

/** Analyzes all inputs and writes everything that the options ask for. */
export async function analyzeTo(paths: readonly string[], options: AnalyzeOptions, context: Context): Promise<void> {
  const { recursive, frames, output } = options;
  const inputs = await findInputs(paths, recursive, { kinds: ['picture', 'video'], frames });
  const signal = context.interrupt.signal();
  const toTerminal = output === undefined && context.stdout.isTTY === true;
  const file = await chooseModelFile(options.model, context);
  const threads = options.threads ?? (options.jobs > 1 ? 1 : 2);
  const { device, detection } = options;
  const settings: AnalyzerOptions = { model: file, device, threads, detection };
  const analyzer = await createAnalyzer(settings);
  const pool = options.jobs > 1 ? new PicturePool(settings, options.jobs) : undefined;
  const progress = await createMediaProgress(context, inputs.length, toTerminal);
  try {
    const tools: AnalysisTools = {
      ...{ analyzer, signal, progress, jobs: options.jobs, six: options.six },
      analyzePicture: (source) => (pool ?? analyzer).analyze(source),
      open: (input) => openInput(input, context, signal),
      video: videoPart(options),
      annotations: await openAnnotations(options, inputs, context),
    };
    const run: Run = { options, context, inputs, tools, progress, failed: [], timeline: await openTimeline(options) };
    await writeData(run);
    await writeFigures(run);
    progress.stop();
    listFailures(run.failed, inputs.length, (line) => context.stderr.write(`${line}\n`));
  } finally {
    progress.stop();
    await Promise.all([analyzer.close(), pool?.close()]);
  }
}

/** A file of lines can be continued by a later run; anything else is written at one go. */
async function writeData(run: Run): Promise<void> {
  const { options, context, inputs, tools } = run;
  const { format, output, summary, six, raw } = options;
  if (output !== undefined && !summary && isLineFormat(format) && !(await isDevice(output))) {
    const { continueFile } = await import('./continue-file.ts');
    return continueFile(output, lineFormat(format, { six, raw }), run);
  }
  const entries = watch(entriesOf(analyzeMedia(inputs, tools)), run);
  const text = summary
    ? renderSummary(entries, isSummaryFormat(format) ? format : 'table', { six })
    : renderEntries(entries, format, { six, raw, style: chooseStyle(output, context) });
  await writeOutput(text, output, context);
}

async function* entriesOf(steps: AsyncIterable<{ entry?: Entry }>): AsyncGenerator<Entry> {
  for await (const { entry } of steps) if (entry !== undefined) yield entry;
}

async function* watch(entries: AsyncIterable<Entry>, run: Run): AsyncGenerator<Entry> {
  for await (const entry of entries) {
    note(entry, run);
    yield entry;
  }
}

function videoPart({ every, fps, from, to }: AnalyzeOptions): AnalysisTools['video'] {
  return { every, fps, from, to };
}

async function openAnnotations(
  { annotate, style }: AnalyzeOptions,
  inputs: readonly Input[],
  { env }: Context,
): Promise<Annotations | undefined> {
  if (annotate === undefined) return undefined;
  const { Annotations } = await import('../annotation/annotations.ts');
  return Annotations.create({ folder: annotate, style, ffmpeg: env.MEMEMOJI_FFMPEG ?? 'ffmpeg' }, inputs);
}

async function openTimeline({ plot, report }: AnalyzeOptions): Promise<TimelineCollector | undefined> {
  if (plot === undefined && report === undefined) return undefined;
  const { TimelineCollector } = await import('../timeline/collector.ts');
  return new TimelineCollector();
}

async function writeFigures({ options, timeline, tools }: Run): Promise<void> {
  const { plot, report, embed } = options;
  timeline?.end();
  if (timeline !== undefined && plot !== undefined) {
    const { writePlot } = await import('../timeline/plot.ts');
    await writePlot(plot, timeline.media);
  }
  if (timeline !== undefined && report !== undefined) {
    const { writeReport } = await import('../timeline/report.ts');
    const { name, version } = tools.analyzer.spec;
    await writeReport(report, timeline.media, { model: `${name} ${version}`, embed });
  }
}

function chooseStyle(output: string | undefined, { stdout, env }: Context): TableStyle {
  return output === undefined && hasColour(stdout, env) ? COLOURED : PLAIN;
}
