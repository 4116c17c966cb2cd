import { compareModels } from '@mememoji/train/compare';
import { type Split, splitIndices } from '@mememoji/train/dataset';
import { openDataset } from '@mememoji/train/open-dataset';
import { type View, viewInputs } from '@mememoji/train/views';
import { Command } from 'commander';
import type { Context } from '../context.ts';
import { splitName, viewOption, withProgress } from '../evaluating.ts';
import { formatOption, outputOption, wholeNumber, withExamples } from '../options.ts';
import { type Format, hasColour, writeOutput } from '../output.ts';
import { renderComparison } from '../render-comparison.ts';
import { COLOURED, PLAIN } from '../render-table.ts';
import { findModel } from '../shipped-models.ts';

interface CompareOptions {
  data: string;
  split: Split;
  view: View;
  crop?: number;
  six: boolean;
  threads: number;
  format: Format;
  output?: string;
}

/** `mememoji compare`: two models on the same faces, and whether their difference is more than chance. */
export function createCommand(context: Context): Command {
  const command = new Command()
    .description("compare two models on the same faces, with McNemar's test")
    .argument('<first>', "a model, by its name in 'mememoji models list' or its file")
    .argument('<second>', 'another')
    .requiredOption('--data <path>', 'fer2013.csv, plain or .gz, or a folder with pictures by class or .npy pairs')
    .option('--split <name>', 'Training, PublicTest or PrivateTest', splitName, 'PrivateTest')
    .addOption(viewOption())
    .option(
      '--crop <pixels>',
      "height of the part of a picture that fills a model's input; by default as high as the input",
      wholeNumber(1),
    )
    .option('--six', 'count disgust as angry, in the data and in both models', false)
    .addOption(formatOption(['table', 'json']))
    .addOption(outputOption())
    .option('--threads <number>', 'processor threads; times are always of one', wholeNumber(1), 2)
    .action((first: string, second: string, options: CompareOptions) => compare([first, second], options, context));
  return withExamples(command, [
    'mememoji compare mememoji runs/2/model.onnx --data fer2013.csv.gz --split PublicTest',
  ]);
}

async function compare(names: [string, string], options: CompareOptions, context: Context): Promise<void> {
  const { data, split, view, crop, six, threads, format, output } = options;
  const files: [string, string] = [await findModel(names[0]), await findModel(names[1])];
  const onWarning = (line: string) => context.stderr.write(`mememoji: ${line}\n`);
  const dataset = await openDataset(data, { votes: false, onWarning });
  const inputs = 2 * splitIndices(dataset, split).length * viewInputs(view);
  const comparison = await withProgress(context, inputs, (onProgress) =>
    compareModels(files, dataset, { split, view, six, threads, onProgress, ...(crop !== undefined && { crop }) }),
  );
  const style = output === undefined && hasColour(context.stdout, context.env) ? COLOURED : PLAIN;
  await writeOutput([renderComparison(comparison, format, style)], output, context);
}
