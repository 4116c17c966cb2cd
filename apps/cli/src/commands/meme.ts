import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { memeName, memeOf } from '@mememoji/vision/meme';
import type { Face } from '@mememoji/vision/result';
import { Command, Option } from 'commander';
import { ANNOTATION_STYLES, type AnnotationFormat, type AnnotationStyle, annotateImage } from 'mememoji/annotate';
import { decodeImage } from 'mememoji/decode';
import { createAnalyzer } from 'mememoji/node';
import { chooseModelFile } from '../chosen-model.ts';
import type { Context } from '../context.ts';
import { type FailedEntry, failedEntry } from '../entry.ts';
import { CliError, describe } from '../errors.ts';
import { conclude, faultOf } from '../failures.ts';
import { findInputs, type Input, readInput } from '../inputs.ts';
import { wholeNumber, withExamples } from '../options.ts';
import { alignColumns, writeOutput } from '../output.ts';
import { createNamer, formatByName } from '../picture-files.ts';
import { createProgress, type Progress } from '../progress.ts';
import { isDevice, writeFileWhole } from '../whole-files.ts';

interface MemeOptions {
  output: string;
  style: AnnotationStyle;
  bars: boolean;
  model?: string;
  recursive: boolean;
  threads: number;
}

type Analyzer = Awaited<ReturnType<typeof createAnalyzer>>;

/** Pictures with more pixels are refused, as `analyze` does. */
const MAX_PIXELS = 100e6;

/** A picture to make of another. */
interface Task {
  input: Input;
  file: string;
  format: AnnotationFormat;
}

/** `mememoji meme`: pictures with an emoji, or a labelled box, over each face. */
export function createCommand(context: Context): Command {
  const command = new Command()
    .description('lay over each face of a picture the emoji of its expression')
    .argument('<path...>', 'pictures, folders, patterns such as "photos/*.jpg", or - for standard input')
    .requiredOption('-o, --output <path>', 'picture to write, .png, .jpg or .webp; for several pictures a folder')
    .addOption(new Option('--style <style>', 'emoji, or boxes with labels').choices(ANNOTATION_STYLES).default('memes'))
    .option('--bars', 'with boxes: also a bar for each expression', false)
    .option(
      '--model <name|file>',
      "another model than the shipped one, by its name in 'mememoji models list' or its file",
    )
    .option('--recursive', 'look into the folders of folders too', false)
    .option('--threads <number>', 'processor threads', wholeNumber(1), 2)
    .action((paths: string[], options: MemeOptions) => drawAll(paths, options, context));
  return withExamples(command, [
    'mememoji meme photo.jpg -o out.png',
    'mememoji meme photos --style boxes --bars -o annotated',
  ]);
}

async function drawAll(paths: readonly string[], options: MemeOptions, context: Context): Promise<void> {
  const inputs = await findInputs(paths, options.recursive);
  const tasks = await planTasks(inputs, options.output);
  await refuseOverwriting(tasks);
  const model = await chooseModelFile(options.model, context);
  const analyzer = await createAnalyzer({ model, threads: options.threads });
  const progress = await createProgress(context, tasks.length, false);
  const rows: Row[] = [];
  const failed: FailedEntry[] = [];
  try {
    for (const task of tasks) {
      const result = await draw(task, { analyzer, options, context });
      if ('error' in result) failed.push(result);
      else rows.push(result);
      if ('error' in result && tasks.length > 1) tell(result, progress);
      progress.advance();
    }
  } finally {
    progress.stop();
    await analyzer.close();
  }
  if (rows.length > 0)
    await writeOutput([alignColumns([['picture', 'faces', 'drawn', 'file'], ...rows])], undefined, context);
  conclude(failed, tasks.length);
}

/** One picture goes to the output itself, unless that is a folder. @throws CliError `WRONG_USE` */
async function planTasks(inputs: readonly Input[], output: string): Promise<Task[]> {
  const [input] = inputs;
  const folder = inputs.length > 1 || /[/\\]$/.test(output) || (await isFolder(output));
  if (input === undefined || folder) return tasksInFolder(inputs, output);
  const format = formatByName(output) ?? ((await isDevice(output)) ? 'png' : undefined);
  if (format !== undefined) return [{ input, file: output, format }];
  throw new CliError('WRONG_USE', `the ending of '${output}' tells no format`, 'let it end in .png, .jpg or .webp');
}

function tasksInFolder(inputs: readonly Input[], folder: string): Task[] {
  const nameOf = createNamer();
  return inputs.map((input) => {
    const { name, format } = nameOf(input.path);
    return { input, file: join(folder, name), format };
  });
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** No picture may take the place of one that is read, whatever it is called. @throws CliError `WRONG_USE` */
async function refuseOverwriting(tasks: readonly Task[]): Promise<void> {
  const read = new Set(await Promise.all(tasks.map(({ input }) => identityOf(input.path))));
  for (const { file } of tasks) {
    const identity = await identityOf(file);
    if (identity === undefined || !read.has(identity)) continue;
    throw new CliError('WRONG_USE', `'${file}' is one of the pictures to read`, 'choose another --output');
  }
}

/** What two names of one file have in common; undefined where there is no file. */
async function identityOf(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found?.isFile() ? `${found.dev}:${found.ino}` : undefined;
}

/** Of the table: a picture that was made. */
type Row = [picture: string, faces: number, drawn: string, file: string];

async function draw(
  { input, file, format }: Task,
  { analyzer, options, context }: { analyzer: Analyzer; options: MemeOptions; context: Context },
): Promise<Row | FailedEntry> {
  if (input.error !== undefined) return failedEntry(input.path, input.error);
  const { style, bars } = options;
  try {
    const image = await decodeImage(await readInput(input.path, context), MAX_PIXELS);
    const { faces } = await analyzer.analyze(image);
    const picture = await annotateImage(image, faces, { style, bars, format });
    await writeFileWhole(file, [picture]);
    return [input.path, faces.length, faces.map((face) => nameOf(face, style)).join(', ') || 'nothing', file];
  } catch (cause) {
    if (cause instanceof CliError && cause.code === 'BAD_OUTPUT') throw cause;
    return failedEntry(input.path, cause);
  }
}

function nameOf({ expressions, dominant }: Face, style: AnnotationStyle): string {
  return style === 'memes' ? memeName(memeOf(expressions)) : dominant;
}

function tell(entry: FailedEntry, progress: Progress): void {
  progress.log(`mememoji: ${describe(faultOf(entry))}`);
}
