import { extname } from 'node:path';
import { type Dataset, SPLITS } from '@mememoji/train/dataset';
import { type DatasetDescription, describeDataset } from '@mememoji/train/describe';
import { writeNpyFolder } from '@mememoji/train/npy-folder';
import { openDataset } from '@mememoji/train/open-dataset';
import { type PrepareOptions, prepareDataset } from '@mememoji/train/prepare';
import type { ClassMerge } from '@mememoji/train/select';
import type { Expression } from '@mememoji/vision/expression';
import { Command, InvalidArgumentError, Option } from 'commander';
import { classList, mergeOption } from '../class-options.ts';
import type { Context } from '../context.ts';
import { formatOption, outputOption, wholeNumber, withExamples } from '../options.ts';
import { alignColumns, csvLine, type Format, writeOutput } from '../output.ts';
import { writeFileWhole, writeFolderWhole } from '../whole-files.ts';

interface SourceOptions {
  size: number;
  /** A file; false by `--no-votes`. */
  votes?: string | false;
}

interface DescribeOptions extends SourceOptions {
  format: Format;
  output?: string;
  plot?: string;
}

interface PrepareCommandOptions
  extends SourceOptions,
    Required<Pick<PrepareOptions, 'fraction' | 'seed' | 'dropDuplicates'>> {
  output: string;
  classes?: Expression[];
  merge?: ClassMerge;
}

/** `mememoji data`: look at a data set, and make the arrays of the original out of it. */
export function createCommand(context: Context): Command {
  const data = new Command().description('look at a data set, or choose from it and write arrays');
  data.addCommand(describeCommand(context));
  data.addCommand(prepareCommand(context));
  return withExamples(data, [
    'mememoji data describe fer2013.csv --plot classes.svg',
    'mememoji data prepare fer2013.csv --merge disgust=angry --output arrays',
  ]);
}

function describeCommand(context: Context): Command {
  const command = new Command('describe')
    .description('count classes and splits, find duplicates and labels that disagree')
    .addOption(formatOption(['table', 'json', 'csv']))
    .addOption(outputOption())
    .option('--plot <file>', 'draw the class distribution into this .svg or .png file', plotFile)
    .action((source: string, options: DescribeOptions) => describe(source, options, context));
  addSource(command);
  return withExamples(command, [
    'mememoji data describe fer2013.csv.gz',
    'mememoji data describe faces --format json --plot classes.png',
  ]);
}

function prepareCommand(context: Context): Command {
  const command = new Command('prepare')
    .description('choose classes, splits without duplicates, or a sample, and write X_train.npy, y_train.npy and so on')
    .requiredOption('--output <folder>', 'folder to make; it must be new or empty')
    .addOption(new Option('--format <format>', 'form of the files').choices(['npy']).default('npy'))
    .addOption(mergeOption('count a class as another, such as disgust=angry'))
    .option('--classes <names>', 'keep these classes, numbered in this order, such as angry,happy', classList)
    .option('--drop-duplicates', 'leave copies of test pictures and repeated pictures out of Training', false)
    .option('--fraction <number>', 'keep this share of each class of each split, above 0 and at most 1', fraction, 1)
    .option('--seed <number>', 'decides which are kept', wholeNumber(0), 0)
    .action((source: string, options: PrepareCommandOptions) => prepare(source, options, context));
  addSource(command);
  return withExamples(command, [
    'mememoji data prepare fer2013.csv --merge disgust=angry --output arrays',
    'mememoji data prepare fer2013.csv --classes angry,happy --fraction 0.1 --seed 1 --output sample',
  ]);
}

function addSource(command: Command): void {
  command
    .argument('<source>', 'fer2013.csv, plain or .gz, or a folder with it, with pictures by class, or with .npy pairs')
    .option('--size <pixels>', 'side of the pictures', wholeNumber(1), 48)
    .option('--votes <file>', 'FER+ votes; by default ferplus.csv or fer2013new.csv beside the table')
    .option('--no-votes', 'leave FER+ votes out');
}

async function describe(source: string, options: DescribeOptions, context: Context): Promise<void> {
  const description = describeDataset(await open(source, options, context));
  if (options.plot !== undefined) await writeFileWhole(options.plot, [await drawPlot(description, options.plot)]);
  await writeOutput([renderDescription(description, options.format)], options.output, context);
}

async function prepare(source: string, options: PrepareCommandOptions, context: Context): Promise<void> {
  const prepared = prepareDataset(await open(source, options, context), options);
  const written = await writeFolderWhole(options.output, (folder) => writeNpyFolder(prepared, folder));
  const rows = written.map(({ file, shape }) => [file, shape.join(' x ')]);
  await writeOutput([alignColumns([['file', 'shape'], ...rows])], undefined, context);
}

function open(source: string, { size, votes }: SourceOptions, { stderr }: Context): Promise<Dataset> {
  const onWarning = (message: string): void => {
    stderr.write(`mememoji: ${message}\n`);
  };
  return openDataset(source, { size, onWarning, ...(votes !== undefined && { votes }) });
}

/** The drawing library is loaded only where something is drawn. */
async function drawPlot(description: DatasetDescription, file: string): Promise<Uint8Array> {
  const { classDistributionPng, classDistributionSvg } = await import('@mememoji/train/plots/class-distribution');
  return extname(file) === '.png' ? classDistributionPng(description) : Buffer.from(classDistributionSvg(description));
}

/** JSON has everything, CSV a row per split and class, the table what a person looks for first. */
export function renderDescription(description: DatasetDescription, format: Format): string {
  if (format === 'json') return `${JSON.stringify(description, undefined, 2)}\n`;
  return format === 'csv' ? renderCsv(description) : renderTable(description);
}

function renderCsv({ splits, labels }: DatasetDescription): string {
  const rows = SPLITS.flatMap((split) => {
    const { classes } = splits[split] ?? {};
    return classes === undefined ? [] : labels.map((label) => csvLine([split, label, classes[label] ?? 0]));
  });
  return csvLine(['split', 'class', 'count']) + rows.join('');
}

function renderTable(description: DatasetDescription): string {
  const { splits, labels, samples, width, height, source } = description;
  const rows = SPLITS.flatMap((split) => {
    const part = splits[split];
    return part === undefined ? [] : [[split, ...labels.map((label) => part.classes[label] ?? 0), part.samples]];
  });
  return [
    `${source.path}: ${samples} pictures of ${width} x ${height}, sha256 ${source.sha256.slice(0, 16)}\n`,
    alignColumns([['split', ...labels, 'total'], ...rows]),
    duplicateLines(description),
    voteLines(description),
  ].join('\n');
}

function duplicateLines({ duplicates, splits }: DatasetDescription): string {
  const { inTraining, repeatedPictures, disagreeing, clean, distinct } = duplicates;
  const tests = (['PublicTest', 'PrivateTest'] as const).filter((split) => splits[split] !== undefined);
  const rows: [string, number][] = [
    ['pictures that stand more than once', repeatedPictures],
    ['  of these, with labels that differ', disagreeing],
    ['distinct pictures in Training', distinct.Training],
    ...tests.map((split): [string, number] => [`rows of ${split} that stand in Training`, inTraining[split]]),
    ['rows of Training without duplicates', clean.rows],
  ];
  return alignColumns([['duplicates, pixel for pixel', ''], ...rows]);
}

function voteLines({ votes, labels }: DatasetDescription): string {
  if (votes === undefined) return '';
  const percent = (share: number | undefined): string => (share === undefined ? '-' : `${(share * 100).toFixed(1)}%`);
  const rows = labels.map((label) => [`  ${label}`, percent(votes.agreementByClass[label])]);
  return alignColumns([
    ['labels that are the FER+ majority', percent(votes.agreement)],
    ...rows,
    ["FER+ majority 'not a face'", votes.notAFace],
    ["FER+ majority 'unknown'", votes.unknown],
  ]);
}

function plotFile(text: string): string {
  if (['.svg', '.png'].includes(extname(text))) return text;
  throw new InvalidArgumentError('It must end in .svg or .png.');
}

function fraction(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 1) return value;
  throw new InvalidArgumentError('It must be a number above 0 and at most 1.');
}
