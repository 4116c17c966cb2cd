import { join, parse } from 'node:path';
import { createEngine } from '@mememoji/train/engine';
import { Explainer, type ExplainOptions } from '@mememoji/train/explain/explainer';
import { METHODS, type Method } from '@mememoji/train/explain/explanation';
import type { LayerChoice } from '@mememoji/train/explain/layers';
import { EXPRESSIONS, type Expression, parseExpression } from '@mememoji/vision/expression';
import { Command, InvalidArgumentError, Option } from 'commander';
import { decodeImage } from 'mememoji/decode';
import { readModel } from 'mememoji/models';
import { createAnalyzer } from 'mememoji/node';
import { chooseModelFile } from '../chosen-model.ts';
import type { Context } from '../context.ts';
import { type FailedEntry, failedEntry } from '../entry.ts';
import { describe } from '../errors.ts';
import { EXPLANATION_FORMATS, type ExplanationFormat, writeExplanation } from '../explanation-files.ts';
import { conclude, faultOf } from '../failures.ts';
import { findInputs, type Input, readInput, STANDARD_INPUT } from '../inputs.ts';
import { wholeNumber, withExamples } from '../options.ts';
import { alignColumns, writeOutput } from '../output.ts';
import { createProgress, type Progress } from '../progress.ts';
import { writeFolderWhole } from '../whole-files.ts';

interface ExplainCommandOptions {
  output: string;
  methods: Method[];
  expression?: Expression;
  layers: LayerChoice;
  format: ExplanationFormat[];
  model?: string;
  recursive: boolean;
  threads: number;
}

/** Pictures with more pixels are refused, as `analyze` does. */
const MAX_PIXELS = 100e6;

type Analyzer = Awaited<ReturnType<typeof createAnalyzer>>;

/** One row of the table: a file that was written, or a picture without a face. */
type Row = [picture: string, face: number | string, expression: string, probability: string, file: string];

/** `mememoji explain`: feature maps and heat maps of each face, as pictures and as data. */
export function createCommand(context: Context): Command {
  const command = new Command()
    .description('show what the net sees in a face, and what it reads an expression from')
    .argument('<path...>', 'pictures, folders, patterns such as "photos/*.jpg", or - for standard input')
    .option('--output <folder>', 'folder to make, with a folder for each face; it must be new or empty', 'explained')
    .addOption(listOption('--methods <names>', 'what to show', METHODS, ['features', 'gradcam', 'occlusion']))
    .option('--expression <name>', 'expression to explain; by default the likeliest of each face', expressionName)
    .option(
      '--layers <which>',
      'layers to show: the last of each resolution (stages), those behind each pooling (pooling), or names, comma-separated',
      layerChoice,
      'stages',
    )
    .addOption(listOption('--format <names>', 'what to write', EXPLANATION_FORMATS, ['png', 'json']))
    .option(
      '--model <name|file>',
      "another model than the shipped one, by its name in 'mememoji models list' or its file",
    )
    .option('--recursive', 'look into the folders of folders too', false)
    .option('--threads <number>', 'processor threads', wholeNumber(1), 2)
    .action((paths: string[], options: ExplainCommandOptions) => explain(paths, options, context));
  return withExamples(command, [
    'mememoji explain photo.jpg',
    'mememoji explain photo.jpg --expression surprise --methods gradcam,integrated-gradients --format png,npy --output why',
  ]);
}

async function explain(paths: readonly string[], options: ExplainCommandOptions, context: Context): Promise<void> {
  const inputs = await findInputs(paths, options.recursive);
  const file = await chooseModelFile(options.model, context);
  const bytes = await readModel(file, 'mememoji.onnx');
  const engine = createEngine({ threads: options.threads, spinning: false });
  const explainer = new Explainer(bytes, engine, { layers: options.layers });
  const analyzer = await createAnalyzer({ model: bytes, threads: options.threads });
  const progress = await createProgress(context, inputs.length, false);
  try {
    const job = { analyzer, explainer, options, context, progress };
    const { rows, failed } = await writeFolderWhole(options.output, (folder) => explainAll(inputs, folder, job));
    await writeOutput(
      [alignColumns([['picture', 'face', 'expression', 'probability', 'file'], ...rows])],
      undefined,
      context,
    );
    conclude(failed, inputs.length);
  } finally {
    progress.stop();
    await Promise.all([analyzer.close(), explainer.close()]);
  }
}

interface Job {
  analyzer: Analyzer;
  explainer: Explainer;
  options: ExplainCommandOptions;
  context: Context;
  progress: Progress;
}

/** A picture that cannot be read is told of, and the others still come. */
async function explainAll(
  inputs: readonly Input[],
  folder: string,
  job: Job,
): Promise<{ rows: Row[]; failed: FailedEntry[] }> {
  const rows: Row[] = [];
  const failed: FailedEntry[] = [];
  const nameOf = uniqueNames();
  for (const input of inputs) {
    const found = await findFaces(input, job);
    if ('error' in found) {
      failed.push(found);
      if (inputs.length > 1) job.progress.log(`mememoji: ${describe(faultOf(found))}`);
    } else {
      rows.push(...(await explainFaces(found, { folder, name: nameOf(input.path) }, job)));
    }
    job.progress.advance();
  }
  return { rows, failed };
}

interface Found {
  path: string;
  image: Awaited<ReturnType<typeof decodeImage>>;
  faces: Awaited<ReturnType<Analyzer['analyze']>>['faces'];
}

async function findFaces({ path, error }: Input, { analyzer, context }: Job): Promise<Found | FailedEntry> {
  if (error !== undefined) return failedEntry(path, error);
  try {
    const image = await decodeImage(await readInput(path, context), MAX_PIXELS);
    const { faces } = await analyzer.analyze(image);
    return { path, image, faces };
  } catch (cause) {
    return failedEntry(path, cause);
  }
}

/** @param place the folder of all pictures as it is filled, and the name of this picture's folder in it */
async function explainFaces(
  { path, image, faces }: Found,
  { folder, name }: { folder: string; name: string },
  { explainer, options }: Job,
): Promise<Row[]> {
  if (faces.length === 0) return [[path, '', 'no face', '', '']];
  const { methods, expression, format } = options;
  const rows: Row[] = [];
  for (const face of faces) {
    const settings: ExplainOptions = { methods, expression: expression ?? face.dominant };
    const place = join(name, `face-${face.id}`);
    const { explanation, files } = await writeExplanation({ explainer, settings, image, face }, join(folder, place), {
      formats: format,
      title: `${path === STANDARD_INPUT ? 'standard input' : parse(path).base}, face ${face.id}`,
    });
    const probability = `${((explanation.probabilities[explanation.expression] ?? 0) * 100).toFixed(0)}%`;
    for (const file of files) {
      rows.push([path, face.id, explanation.expression, probability, join(options.output, place, file)]);
    }
  }
  return rows;
}

/** Names of folders, from those of pictures: no two alike, also where upper and lower case are one. */
function uniqueNames(): (path: string) => string {
  const taken = new Set<string>();
  return (path) => {
    const plain = path === STANDARD_INPUT ? 'stdin' : parse(path).name;
    let name = plain;
    for (let i = 2; taken.has(name.toLowerCase()); i++) name = `${plain}-${i}`;
    taken.add(name.toLowerCase());
    return name;
  };
}

/** An option that takes some of the names that are known, comma-separated. */
function listOption<T extends string>(flags: string, about: string, known: readonly T[], usual: readonly T[]): Option {
  const parse = (text: string): T[] =>
    text.split(',').map((part) => {
      const found = known.find((name) => name === part.trim());
      if (found !== undefined) return found;
      throw new InvalidArgumentError(`'${part}' is none of ${known.join(', ')}.`);
    });
  return new Option(flags, `${about}, comma-separated: ${known.join(', ')}`)
    .argParser(parse)
    .default(usual, usual.join(','));
}

function expressionName(text: string): Expression {
  const found = parseExpression(text);
  if (found !== undefined) return found;
  throw new InvalidArgumentError(`It must be one of ${EXPRESSIONS.join(', ')}.`);
}

function layerChoice(text: string): LayerChoice {
  return text === 'stages' || text === 'pooling' ? text : text.split(',').map((name) => name.trim());
}
