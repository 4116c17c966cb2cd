import { resolve } from 'node:path';
import type { TrialQueue } from '@mememoji/server/jobs/trial-queue';
import type { Dataset } from '@mememoji/train/dataset';
import { createEngine } from '@mememoji/train/engine';
import { openDataset } from '@mememoji/train/open-dataset';
import { runSweep } from '@mememoji/train/sweep';
import { readSweep } from '@mememoji/train/sweep-file';
import type { Trial } from '@mememoji/train/sweep-trials';
import { Command } from 'commander';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { formatOption, outputOption, wholeNumber, withExamples } from '../options.ts';
import { type Format, writeOutput } from '../output.ts';
import { renderSweep } from '../render-sweep.ts';
import { createTrainingDisplay } from '../training-display.ts';

interface SweepCommandOptions {
  data: string;
  votes?: string;
  run: string;
  resume?: true;
  queue?: string;
  threads: number;
  spinning: boolean;
  format: Format;
  output?: string;
}

/** `mememoji sweep`: many trainings, one after the other, to find the recipe that is best. */
export function createCommand(context: Context): Command {
  const command = new Command()
    .description('try a grid or random sample of recipes; Ctrl-C stops with checkpoints, --resume goes on')
    .argument('<file>', 'what to try, for example examples/sweeps/original.json')
    .requiredOption('--data <path>', 'fer2013.csv, plain or .gz, or a folder with pictures by class or .npy pairs')
    .option('--votes <file>', 'FER+ votes; by default those that lie beside the data')
    .requiredOption('--run <folder>', 'where sweep.csv, sweep.svg, sweep.png and a folder for each trial go')
    .option('--resume', "go on with the folder's sweep")
    .option(
      '--queue <url>',
      "PostgreSQL whose 'mememoji worker --trainings' train the trials; folder and data must be theirs too",
    )
    .option('--threads <number>', 'processor threads', wholeNumber(1), 2)
    .option('--no-spinning', 'let idle threads sleep: slower on a quiet machine, faster on a busy one')
    .addOption(formatOption(['table', 'json', 'csv']))
    .addOption(outputOption())
    .action((file: string, options: SweepCommandOptions) => sweep(file, options, context));
  return withExamples(command, [
    'mememoji sweep examples/sweeps/original.json --data fer2013.csv --run runs/original',
    'mememoji sweep examples/sweeps/original.json --data fer2013.csv --run runs/original --resume --format csv',
    'mememoji sweep examples/sweeps/random.json --data /net/fer2013.csv --run /net/random --queue postgres://me@db/mememoji',
  ]);
}

async function sweep(file: string, options: SweepCommandOptions, context: Context): Promise<void> {
  const { stderr, interrupt } = context;
  const plan = await readSweep(file);
  const dataset = await openDataset(options.data, {
    ...(options.votes !== undefined && { votes: options.votes }),
    onWarning: (line) => stderr.write(`mememoji: ${line}\n`),
  });
  const display = await createTrainingDisplay(context);
  const elsewhere = options.queue === undefined ? undefined : await joinQueue(options.queue, options, dataset, context);
  const report = await runSweep(plan, dataset, {
    folder: options.run,
    createSession: createEngine({ threads: options.threads, spinning: options.spinning }),
    resume: options.resume ?? false,
    signal: interrupt.signal(),
    ...(elsewhere && { runTrials: elsewhere.runTrials }),
    onBegin: (trial, until) => {
      display.stop();
      stderr.write(describeTrial(trial, until));
    },
    onProgress: display.progress,
    onEpoch: display.epoch,
  }).finally(async () => {
    display.stop();
    await elsewhere?.close();
  });
  if (report.status === 'interrupted') stderr.write('mememoji: stopped with checkpoints; go on with --resume\n');
  await writeOutput([renderSweep(report, options.format)], options.output, context);
  if (report.trials.every(({ status }) => status === 'failed')) {
    throw new CliError('SOME_FAILED', 'every trial failed', 'see the last column of the table');
  }
}

/** Paths are made absolute: a worker starts somewhere else. */
async function joinQueue(
  databaseUrl: string,
  { run, data, votes }: SweepCommandOptions,
  dataset: Dataset,
  { interrupt, stderr }: Context,
): Promise<TrialQueue> {
  const { openTrialQueue } = await import('@mememoji/server/jobs/trial-queue');
  return openTrialQueue(databaseUrl, {
    folder: resolve(run),
    data: resolve(data),
    votes: votes === undefined ? undefined : resolve(votes),
    dataset,
    signal: interrupt.signal(),
    onEnded: (trial) => stderr.write(`trial ${trial.id} has come as far as it shall\n`),
    onError: (error) =>
      stderr.write(`mememoji: the queue: ${error instanceof Error ? error.message : String(error)}\n`),
  });
}

function describeTrial({ id, changes }: Trial, until: number): string {
  const values = Object.entries(changes).map(([entry, value]) => `${entry} ${JSON.stringify(value)}`);
  return `trial ${id} to epoch ${until}: ${values.join(', ')}\n`;
}
