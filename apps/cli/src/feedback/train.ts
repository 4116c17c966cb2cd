import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type CorrectionData, correctionData, divideCorrections } from '@mememoji/server/loop/correction-data';
import { trainingSide } from '@mememoji/server/loop/crop';
import { fineTuneRecipe } from '@mememoji/server/loop/fine-tune';
import type { Measured } from '@mememoji/server/loop/gate';
import { modelsFolder } from '@mememoji/server/loop/models-place';
import { type FeedbackReport, trainOnFeedback } from '@mememoji/server/loop/train-on-feedback';
import type { Dataset } from '@mememoji/train/dataset';
import { createEngine } from '@mememoji/train/engine';
import { openDataset } from '@mememoji/train/open-dataset';
import { parseRecipe, type Recipe, readRecipe } from '@mememoji/train/recipe';
import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import type { Command } from 'commander';
import { chooseModelFile } from '../chosen-model.ts';
import type { Context } from '../context.ts';
import { MODELS_FOLDER } from '../shipped-models.ts';
import { createTrainingDisplay } from '../training-display.ts';
import { openCorrections, readSpec, type SourceOptions } from './source.ts';

interface TrainFeedbackOptions extends SourceOptions {
  data?: string;
  run?: string;
  recipe?: string;
  dryRun: boolean;
  epochs?: number;
  threads: number;
  format: 'table' | 'json';
}

/** `mememoji feedback train` */
export async function trainFeedback(command: Command, context: Context): Promise<void> {
  const options = command.opts<TrainFeedbackOptions>();
  const { stderr, stdout, env, interrupt } = context;
  const model = (await chooseModelFile(options.model, context)) ?? join(MODELS_FOLDER, 'mememoji.onnx');
  const { spec } = await readSpec(model, context);
  const models = modelsFolder(env);
  const display = await createTrainingDisplay(context);
  const report = await trainOnFeedback(await readData(command, spec, context), {
    model,
    models,
    folder: options.run ?? newRunFolder(models),
    base: await openBase(options.data, spec, context),
    recipe: await chooseRecipe(options, spec),
    dryRun: options.dryRun,
    createSession: createEngine({ threads: options.threads, spinning: false }),
    signal: interrupt.signal(),
    onProgress: display.progress,
    onEpoch: display.epoch,
  }).finally(display.stop);
  if (report.status === 'interrupted') stderr.write('mememoji: stopped; the same --run goes on with it\n');
  stdout.write(options.format === 'json' ? `${JSON.stringify(report, null, 2)}\n` : describe(report));
}

/** A folder may be a data set of corrections; all else is read one by one. */
async function readData(command: Command, spec: ClassifierSpec, context: Context): Promise<CorrectionData> {
  const { from } = command.opts<SourceOptions>();
  const side = trainingSide(spec);
  if (from !== undefined && (await stat(from)).isDirectory()) {
    const dataset = divideCorrections(await openDataset(from, { size: side, votes: false }));
    return { dataset, leftOut: { withoutPicture: 0, ofOtherSize: 0, ofOtherClass: 0 } };
  }
  const { corrections, close } = await openCorrections(command, context);
  return correctionData(corrections, spec.labels, side).finally(close);
}

async function openBase(
  data: string | undefined,
  spec: ClassifierSpec,
  { stderr }: Context,
): Promise<Dataset | undefined> {
  if (data === undefined) return undefined;
  const onWarning = (line: string) => stderr.write(`mememoji: ${line}\n`);
  return openDataset(data, { size: trainingSide(spec), votes: false, onWarning });
}

async function chooseRecipe({ recipe, epochs }: TrainFeedbackOptions, spec: ClassifierSpec): Promise<Recipe> {
  const chosen = recipe === undefined ? fineTuneRecipe(spec) : await readRecipe(recipe);
  return epochs === undefined ? chosen : parseRecipe({ ...chosen, epochs });
}

/** Beside the installed models, by the time. */
function newRunFolder(models: string): string {
  return join(dirname(models), 'feedback-runs', new Date().toISOString().replace(/[:.]/g, '-'));
}

function describe({
  status,
  model,
  file,
  learned,
  heldOut,
  leftOut,
  reasons,
  onHeldOut,
  onBase,
}: FeedbackReport): string {
  const lines = [`learned from ${learned} corrections, measured on ${heldOut}`];
  if (leftOut.withoutPicture > 0) lines.push(`left out: ${leftOut.withoutPicture} whose picture was not kept`);
  if (leftOut.ofOtherSize > 0) lines.push(`left out: ${leftOut.ofOtherSize} cut out for another size of input`);
  if (leftOut.ofOtherClass > 0) lines.push(`left out: ${leftOut.ofOtherClass} of an expression that the model lacks`);
  if (onHeldOut !== null) lines.push(`held-out corrections: ${measured(onHeldOut)}`);
  if (onBase !== null) lines.push(`base data: ${measured(onBase)}`);
  lines.push(...reasons.map((reason) => `not installed: ${reason}`));
  if (status === 'installed') lines.push(`in use: ${model}; 'mememoji models rollback' takes it back`);
  else if (file !== null) lines.push(`the new model is ${file}`);
  return `${lines.join('\n')}\n`;
}

function measured({ old, new: next, samples, interval, p }: Measured): string {
  const [low, high] = interval.map((value) => `${value < 0 ? '' : '+'}${(100 * value).toFixed(1)}`);
  const shares = `${(100 * old).toFixed(1)}% before, ${(100 * next).toFixed(1)}% now`;
  return `${shares} (${samples} faces, difference ${low} to ${high} points, p ${p.toFixed(3)})`;
}
