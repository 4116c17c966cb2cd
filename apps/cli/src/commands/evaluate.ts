import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Classifier, openClassifier } from '@mememoji/train/classifier-session';
import { type Dataset, type Split, splitIndices } from '@mememoji/train/dataset';
import type { Device } from '@mememoji/train/device';
import { type Evaluation, evaluateClassifier } from '@mememoji/train/evaluate';
import { openDataset } from '@mememoji/train/open-dataset';
import { type ClassMerge, mergeClasses } from '@mememoji/train/select';
import { type View, viewInputs } from '@mememoji/train/views';
import { Command } from 'commander';
import { mergeOption } from '../class-options.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { splitName, viewOption, withProgress } from '../evaluating.ts';
import { deviceOption, formatOption, outputOption, wholeNumber, withExamples } from '../options.ts';
import { type Format, hasColour, writeOutput } from '../output.ts';
import { renderEvaluation } from '../render-evaluation.ts';
import { COLOURED, PLAIN } from '../render-table.ts';
import { findModel, MODELS_FOLDER } from '../shipped-models.ts';

interface EvaluateOptions {
  data: string;
  split: Split;
  model?: string;
  view: View;
  crop?: number;
  merge?: ClassMerge;
  device: Device;
  threads: number;
  format: Format;
  output?: string;
  report?: string;
  run?: string;
}

/** `mememoji evaluate`: the published numbers of a model, from the user's own copy of the data. */
export function createCommand(context: Context): Command {
  const command = new Command()
    .description('measure a model on a data set: accuracy, confusion, calibration')
    .requiredOption('--data <path>', 'fer2013.csv, plain or .gz, or a folder with pictures by class or .npy pairs')
    .option('--split <name>', 'Training, PublicTest or PrivateTest', splitName, 'PrivateTest')
    .option(
      '--model <name|file>',
      "another model than the shipped one, by its name in 'mememoji models list' or its file",
    )
    .addOption(viewOption())
    .option(
      '--crop <pixels>',
      "height of the part of a picture that fills the model's input; by default as high as the input",
      wholeNumber(1),
    )
    .addOption(mergeOption('count a class of the data as another, for a model that does not know it: disgust=angry'))
    .addOption(formatOption(['table', 'json', 'csv']))
    .addOption(outputOption())
    .option(
      '--report <folder>',
      'write a page with every number and figure there, and the same as JSON, CSV, SVG and PNG',
    )
    .option('--run <folder>', "with --report: the training's folder, if it is not the model file's own")
    .addOption(deviceOption())
    .option('--threads <number>', 'processor threads', wholeNumber(1), 2)
    .action((options: EvaluateOptions) => evaluate(options, context));
  return withExamples(command, [
    'mememoji evaluate --data fer2013.csv',
    'mememoji evaluate --data fer2013.csv.gz --model runs/1/model.onnx --split PublicTest --view flip --format json',
    'mememoji evaluate --data fer2013.csv.gz --report report',
    'mememoji evaluate --data fer2013.csv --model runs/six/model.onnx --merge disgust=angry',
  ]);
}

async function evaluate(options: EvaluateOptions, context: Context): Promise<void> {
  const { model, data, merge = {}, format, output, report, run } = options;
  if (run !== undefined && report === undefined) throw new CliError('WRONG_USE', '--run is for --report only');
  const file = model === undefined ? join(MODELS_FOLDER, 'mememoji.onnx') : await findModel(model);
  const onWarning = (line: string) => context.stderr.write(`mememoji: ${line}\n`);
  const classifier = await openClassifier(file, { device: options.device, threads: options.threads });
  try {
    const dataset = mergeClasses(await openDataset(data, { votes: false, onWarning }), merge);
    const evaluation =
      report === undefined
        ? await measure(classifier, dataset, options, context)
        : await writeReport(file, classifier, dataset, { ...options, report }, context);
    const style = output === undefined && hasColour(context.stdout, context.env) ? COLOURED : PLAIN;
    await writeOutput([renderEvaluation(evaluation, format, style)], output, context);
  } finally {
    await classifier.close();
  }
}

function measure(
  classifier: Classifier,
  dataset: Dataset,
  { split, view, crop }: EvaluateOptions,
  context: Context,
): Promise<Evaluation> {
  const inputs = splitIndices(dataset, split).length * viewInputs(view);
  return withProgress(context, inputs, (onProgress) =>
    evaluateClassifier(classifier, dataset, { split, view, onProgress, ...(crop !== undefined && { crop }) }),
  );
}

/** Measures all views, writes the report, and gives what is to be printed: the view that was asked for. */
async function writeReport(
  file: string,
  classifier: Classifier,
  dataset: Dataset,
  { split, view, crop, device, threads, run, report: folder }: EvaluateOptions & { report: string },
  context: Context,
): Promise<Evaluation> {
  const [{ createReport }, { viewsInputs }, { writeReport: write }] = await Promise.all([
    import('@mememoji/train/report/create-report'),
    import('@mememoji/train/report/readings'),
    import('@mememoji/train/report/write-report'),
  ]);
  await mkdir(folder, { recursive: true }); // before the work, so that a wrong place is told at once
  const inputs = splitIndices(dataset, split).length * viewsInputs(classifier, dataset, crop);
  const options = {
    split,
    view,
    device,
    threads,
    ...(crop !== undefined && { crop }),
    ...(run !== undefined && { run }),
  };
  const measured = await withProgress(context, inputs, (onProgress) =>
    createReport(file, dataset, { ...options, onProgress }),
  );
  context.stderr.write(`mememoji: the report is in ${await write(measured, folder)}\n`);
  return measured.report.evaluations[view];
}
