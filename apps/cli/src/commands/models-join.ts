import type { JoinReport } from '@mememoji/train/join-run';
import { Command, Option } from 'commander';
import { type Adjustment, adjustOption } from '../class-options.ts';
import type { Context } from '../context.ts';
import { formatOption, wholeNumber, withExamples } from '../options.ts';
import { findModel } from '../shipped-models.ts';

interface JoinCommandOptions {
  data: string;
  run: string;
  name: string;
  adjust?: Adjustment;
  arithmetic: 'float32' | 'int8';
  threads: number;
  format: 'table' | 'json';
}

/** `mememoji models join`: several classifiers as one, which says what they say together. */
export function createJoinCommand(context: Context): Command {
  const command = new Command('join')
    .description(
      'make one model of several that were trained apart: the mean of what they say, calibrated on PublicTest',
    )
    .argument('<name|file...>', "two models or more, by their names in 'mememoji models list' or their files")
    .requiredOption('--data <path>', 'fer2013.csv, plain or .gz, or a folder with pictures by class or .npy pairs')
    .requiredOption('--run <folder>', 'where the model and its report go, as those of a training')
    .option('--name <name>', 'what the model is called', 'joint')
    .addOption(adjustOption('add to the logits of classes, to have them found more often: fear=0.1'))
    .addOption(
      new Option('--arithmetic <form>', 'what it computes in; int8 makes it two to three times as fast')
        .choices(['float32', 'int8'])
        .default('float32'),
    )
    .option('--threads <number>', 'processor threads', wholeNumber(1), 2)
    .addOption(formatOption(['table', 'json']))
    .action((models: string[], options: JoinCommandOptions) => join(models, options, context));
  return withExamples(command, [
    'mememoji models join mememoji runs/peer/model.onnx --data fer2013.csv --run runs/both',
  ]);
}

async function join(
  models: readonly string[],
  { data, run, name, adjust, arithmetic, threads, format }: JoinCommandOptions,
  context: Context,
): Promise<void> {
  // Only here, so that other commands about models begin without an engine.
  const [{ createEngine }, { joinFiles }, { openDataset }] = await Promise.all([
    import('@mememoji/train/engine'),
    import('@mememoji/train/join-run'),
    import('@mememoji/train/open-dataset'),
  ]);
  const files = await Promise.all(models.map((model) => findModel(model)));
  const dataset = await openDataset(data, {
    votes: false,
    onWarning: (line) => context.stderr.write(`mememoji: ${line}\n`),
  });
  const report = await joinFiles(files, dataset, {
    name,
    arithmetic,
    ...(adjust !== undefined && { logitAdjustment: adjust }),
    folder: run,
    createSession: createEngine({ threads }),
  });
  context.stdout.write(format === 'json' ? `${JSON.stringify(report, null, 2)}\n` : describe(report, run));
}

function describe({ members, parameters, validation }: JoinReport, folder: string): string {
  const names = members.map(({ name, version }) => `${name} ${version}`);
  return [
    `joined ${names.join(', ')}; ${parameters.toLocaleString('en')} parameters`,
    `validation accuracy ${(100 * validation.accuracy).toFixed(2)}%, temperature ${validation.temperature.toFixed(2)}`,
    `model: ${folder}/model.onnx\n`,
  ].join('\n');
}
