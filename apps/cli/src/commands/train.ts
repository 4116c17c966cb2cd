import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { openClassifier } from '@mememoji/train/classifier-session';
import type { Device } from '@mememoji/train/device';
import { createEngine } from '@mememoji/train/engine';
import { readStartingWeights } from '@mememoji/train/model-variables';
import { openDataset } from '@mememoji/train/open-dataset';
import { parseRecipe, type Recipe, readRecipe } from '@mememoji/train/recipe';
import type { RunReport } from '@mememoji/train/run-report';
import { type Teacher, train } from '@mememoji/train/trainer';
import { Command } from 'commander';
import type { Context } from '../context.ts';
import { deviceOption, formatOption, wholeNumber, withExamples } from '../options.ts';
import { findModel } from '../shipped-models.ts';
import { createTrainingDisplay } from '../training-display.ts';

interface TrainCommandOptions {
  data: string;
  votes?: string;
  recipe: string;
  run: string;
  from?: string;
  teacher?: string[];
  resume?: true;
  seed?: number;
  epochs?: number;
  device: Device;
  threads: number;
  spinning: boolean;
  format: 'table' | 'json';
}

/** `mememoji train`: a net by a recipe, into a folder of the run. */
export function createCommand(context: Context): Command {
  const command = new Command()
    .description('train a net by a recipe; Ctrl-C stops with a checkpoint, --resume goes on')
    .requiredOption('--data <path>', 'fer2013.csv, plain or .gz, or a folder with pictures by class or .npy pairs')
    .option('--votes <file>', 'FER+ votes; by default those that lie beside the data')
    .requiredOption('--recipe <file>', 'what to train and how, for example examples/recipes/quick.json')
    .requiredOption('--run <folder>', 'where checkpoint, metrics, log, model and report go')
    .option('--from <name|file>', 'weights to begin with: a shipped model, or model.onnx or checkpoint.onnx of a run')
    .option('--teacher <name|file...>', 'models to learn from too, for a recipe with distillation')
    .option('--resume', "go on from the folder's checkpoint")
    .option('--seed <number>', "instead of the recipe's", wholeNumber(0))
    .option('--epochs <number>', "instead of the recipe's", wholeNumber(1))
    .addOption(deviceOption())
    .option('--threads <number>', 'processor threads', wholeNumber(1), 2)
    .option('--no-spinning', 'let idle threads sleep: slower on a quiet machine, faster on a busy one')
    .addOption(formatOption(['table', 'json']))
    .action((options: TrainCommandOptions) => run(options, context));
  return withExamples(command, [
    'mememoji train --data fer2013.csv --recipe examples/recipes/quick.json --run runs/quick',
    'mememoji train --data fer2013.csv --recipe examples/recipes/quick.json --run runs/quick --resume',
    'mememoji train --data my-faces --recipe examples/recipes/fine-tune.json --from mememoji --run runs/mine',
  ]);
}

async function run(options: TrainCommandOptions, context: Context): Promise<void> {
  const recipe = overridden(await readRecipe(options.recipe), options);
  const dataset = await openDataset(options.data, {
    ...(options.votes !== undefined && { votes: options.votes }),
    onWarning: (line) => context.stderr.write(`mememoji: ${line}\n`),
  });
  const from = options.from === undefined ? undefined : await readStartingWeights(await findModel(options.from));
  const teachers = await openTeachers(options.teacher ?? [], options);
  const display = await createTrainingDisplay(context);
  const report = await train(recipe, dataset, {
    folder: options.run,
    ...(from !== undefined && { from }),
    teachers,
    createSession: createEngine(options),
    resume: options.resume ?? false,
    signal: context.interrupt.signal(),
    onStart: display.start,
    onTeaching: display.teaching,
    onProgress: display.progress,
    onEpoch: display.epoch,
  }).finally(async () => {
    display.stop();
    await Promise.all(teachers.map(({ classifier }) => classifier.close()));
  });
  if (report.status === 'interrupted')
    context.stderr.write(`mememoji: stopped with a checkpoint; go on with --resume\n`);
  context.stdout.write(
    options.format === 'json' ? `${JSON.stringify(report, null, 2)}\n` : describe(report, options.run),
  );
}

async function openTeachers(
  names: readonly string[],
  { device, threads }: Pick<TrainCommandOptions, 'device' | 'threads'>,
): Promise<Teacher[]> {
  return Promise.all(
    names.map(async (name) => {
      const bytes = await readFile(await findModel(name));
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      return { classifier: await openClassifier(bytes, { device, threads }), bytes, sha256 };
    }),
  );
}

function overridden(recipe: Recipe, { seed, epochs }: TrainCommandOptions): Recipe {
  return parseRecipe({ ...recipe, ...(seed !== undefined && { seed }), ...(epochs !== undefined && { epochs }) });
}

function describe({ status, epochs, seconds, validation, parameters }: RunReport, folder: string): string {
  const lines = [
    `${status} after ${epochs} epochs, ${(seconds / 60).toFixed(1)} minutes; ${parameters.toLocaleString('en')} parameters`,
  ];
  if (validation !== undefined) {
    lines.push(
      `validation accuracy ${(100 * validation.accuracy).toFixed(2)}%, temperature ${validation.temperature.toFixed(2)}`,
      `model: ${folder}/model.onnx`,
    );
  }
  return `${lines.join('\n')}\n`;
}
