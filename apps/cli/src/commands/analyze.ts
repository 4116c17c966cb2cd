import { Command } from 'commander';
import { createAnalyzer } from 'mememoji/node';
import type { Context } from '../context.ts';
import { analyzedEntry, type Entry, type FailedEntry, failedEntry, isFailed } from '../entry.ts';
import { describe } from '../errors.ts';
import { conclude, faultOf } from '../failures.ts';
import { findInputs, type Input, readInput } from '../inputs.ts';
import { formatOption, outputOption, wholeNumber, withExamples } from '../options.ts';
import { type Format, hasColour, writeOutput } from '../output.ts';
import { createProgress, type Progress } from '../progress.ts';
import { renderEntries } from '../render-entries.ts';
import { COLOURED, PLAIN, type TableStyle } from '../render-table.ts';
import { findModel } from '../shipped-models.ts';

interface AnalyzeOptions {
  format: Format;
  output?: string;
  recursive: boolean;
  model?: string;
  six: boolean;
  threads: number;
}

type Analyzer = Awaited<ReturnType<typeof createAnalyzer>>;

/** `mememoji analyze`: the faces of pictures, and their expressions. */
export function createCommand(context: Context): Command {
  const command = new Command()
    .description('find the faces in pictures and read their expressions')
    .argument('<path...>', 'pictures, folders, patterns such as "photos/*.jpg", or - for standard input')
    .addOption(formatOption(['table', 'json', 'ndjson', 'csv']))
    .addOption(outputOption())
    .option('--recursive', 'look into the folders of folders too', false)
    .option(
      '--model <name|file>',
      "another model than the shipped one, by its name in 'mememoji models list' or its file",
    )
    .option('--six', 'six expressions as in the original Mememoji: disgust is counted as angry', false)
    .option('--threads <number>', 'processor threads', wholeNumber(1), 2)
    .action((paths: string[], options: AnalyzeOptions) => analyze(paths, options, context));
  return withExamples(command, [
    'mememoji analyze photo.jpg',
    'mememoji analyze photos --recursive --format csv --output faces.csv',
    'curl -s https://example.org/photo.jpg | mememoji analyze - --format json',
  ]);
}

async function analyze(paths: readonly string[], options: AnalyzeOptions, context: Context): Promise<void> {
  const inputs = await findInputs(paths, options.recursive);
  const { six, format, output } = options;
  const toTerminal = output === undefined && context.stdout.isTTY === true;
  const progress = await createProgress(context, inputs.length, toTerminal);
  const failed: FailedEntry[] = [];
  const onFailed = (entry: FailedEntry): void => {
    failed.push(entry);
    if (inputs.length > 1) progress.log(`mememoji: ${describe(faultOf(entry))}`);
  };
  const entries = watch(analyzeAll(inputs, options, context), progress, onFailed);
  const style = chooseStyle(output, context);
  await writeOutput(renderEntries(entries, format, { six, style }), output, context).finally(progress.stop);
  conclude(failed, inputs.length);
}

/** One entry for each input, in their order. */
async function* analyzeAll(
  inputs: readonly Input[],
  { model, threads, six }: AnalyzeOptions,
  context: Context,
): AsyncGenerator<Entry> {
  const file = model === undefined ? undefined : await findModel(model);
  const analyzer = await createAnalyzer({ model: file, threads });
  try {
    for (const input of inputs) yield await analyzeOne(analyzer, input, six, context);
  } finally {
    await analyzer.close();
  }
}

async function analyzeOne(analyzer: Analyzer, { path, error }: Input, six: boolean, context: Context): Promise<Entry> {
  if (error !== undefined) return failedEntry(path, error);
  try {
    const analysis = await analyzer.analyze(await readInput(path, context));
    return analyzedEntry(path, analysis, six ? analyzer.spec.uncertainBelow : undefined);
  } catch (cause) {
    return failedEntry(path, cause);
  }
}

/** Passes entries on and tells of each; a failure is told at once, while the other pictures go on. */
async function* watch(
  entries: AsyncIterable<Entry>,
  progress: Progress,
  onFailed: (entry: FailedEntry) => void,
): AsyncGenerator<Entry> {
  for await (const entry of entries) {
    if (isFailed(entry)) onFailed(entry);
    progress.advance();
    yield entry;
  }
}

function chooseStyle(output: string | undefined, { stdout, env }: Context): TableStyle {
  return output === undefined && hasColour(stdout, env) ? COLOURED : PLAIN;
}
