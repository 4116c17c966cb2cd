import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  addModel,
  currentName,
  type InstalledModel,
  installedNames,
  listInstalled,
  rollbackModel,
  useModel,
} from '@mememoji/server/loop/model-folder';
import { modelsFolder, SHIPPED } from '@mememoji/server/loop/models-place';
import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import { Command } from 'commander';
import type { Context } from '../context.ts';
import { formatOption, outputOption, withExamples } from '../options.ts';
import { alignColumns, csvLine, type Format, writeOutput } from '../output.ts';
import { listModels, type ShippedModel } from '../shipped-models.ts';
import { createJoinCommand } from './models-join.ts';

interface ListOptions {
  format: Format;
  output?: string;
}

/** A model of the program or of the user. */
export interface ListedModel extends ShippedModel {
  /** Whether it is what faces are read with where no other is named. */
  inUse: boolean;
}

/** The shipped classifier. */
const SHIPPED_FILE = 'mememoji.onnx';

const COLUMNS = ['name', 'version', 'kind', 'classes', 'input', 'accuracy', 'bytes', 'file', 'in use'] as const;

/** `mememoji models`: those that come with the program and those that were installed beside them, and which one is used. */
export function createCommand(context: Context): Command {
  const models = new Command().description(
    'tell about the models, choose which one faces are read with, join several into one',
  );
  const list = models
    .command('list')
    .description('list them with what their files say of themselves')
    .addOption(formatOption(['table', 'json', 'ndjson', 'csv']))
    .addOption(outputOption())
    .action(async ({ format, output }: ListOptions) => {
      await writeOutput(renderModels(await listAll(context), format), output, context);
    });
  withExamples(list, ['mememoji models list', 'mememoji models list --format json']);
  const use = models
    .command('use')
    .description('read faces with another model from now on; servers that run take it too')
    .argument('<name|file>', `a model of the list, a file that is to be installed, or '${SHIPPED}'`)
    .action((name: string) => chooseModel(name, context));
  withExamples(use, [
    `mememoji models use ${SHIPPED}`,
    'mememoji models use mememoji-large',
    'mememoji models use runs/mine/model.onnx',
  ]);
  const rollback = models
    .command('rollback')
    .description('go back to the model that was used before the last change')
    .action(async () => {
      context.stdout.write(`in use: ${await rollbackModel(modelsFolder(context.env))}\n`);
    });
  withExamples(rollback, ['mememoji models rollback']);
  models.addCommand(createJoinCommand(context));
  return withExamples(models, ['mememoji models list', 'mememoji models rollback']);
}

async function chooseModel(nameOrFile: string, { env, stdout }: Context): Promise<void> {
  const folder = modelsFolder(env);
  const name = await installedAs(nameOrFile, folder);
  await useModel(folder, name);
  stdout.write(`in use: ${name}\n`);
}

/**
 * The name under which a model can be used; a file is installed by that, and so is one that comes with the program, once.
 * An installed model goes before a file of its name, and that before one that comes with the program.
 */
async function installedAs(nameOrFile: string, folder: string): Promise<string> {
  if ([SHIPPED, ...(await installedNames(folder))].includes(nameOrFile)) return nameOrFile;
  const bytes = await readFile(nameOrFile).catch(() => undefined);
  if (bytes !== undefined) return (await addModel(folder, bytes)).name;
  const shipped = (await listModels()).find(({ name, classifier }) => name === nameOrFile && classifier !== undefined);
  if (shipped === undefined) return nameOrFile; // which useModel refuses, naming those that there are
  if (basename(shipped.file) === SHIPPED_FILE) return SHIPPED;
  const before = (await listInstalled(folder)).find(({ spec }) => isOf(spec, shipped.classifier!));
  return (before ?? (await addModel(folder, await readFile(shipped.file)))).name;
}

/** Whether both are of one training and answer alike; the version is the folder's own. */
function isOf(one: ClassifierSpec, other: ClassifierSpec): boolean {
  return isDeepStrictEqual({ ...one, version: '' }, { ...other, version: '' });
}

async function listAll({ env }: Context): Promise<ListedModel[]> {
  const folder = modelsFolder(env);
  const current = await currentName(folder);
  const shipped = await listModels();
  const isShipped = ({ file }: ShippedModel) => current === SHIPPED && basename(file) === SHIPPED_FILE;
  return [
    ...shipped.map((model) => ({ ...model, inUse: isShipped(model) })),
    ...(await listInstalled(folder)).map((model) => ({ ...toListed(model), inUse: model.name === current })),
  ];
}

function toListed({ file, bytes, spec }: InstalledModel): ShippedModel {
  return { file, bytes, name: spec.name, version: spec.version, classifier: spec };
}

/** The table shows accuracy on FER2013's PrivateTest as the model file publishes it; JSON has the whole description. */
export function renderModels(models: readonly ListedModel[], format: Format): string[] {
  const rows = models.map(rowOf);
  switch (format) {
    case 'json':
      return [`${JSON.stringify(models.map(plain), undefined, 2)}\n`];
    case 'ndjson':
      return models.map((model) => `${JSON.stringify(plain(model))}\n`);
    case 'csv':
      return [csvLine(COLUMNS), ...rows.map(csvLine)];
    case 'table':
      return [alignColumns([COLUMNS, ...rows])];
  }
}

function plain({ file, name, version, bytes, classifier, inUse }: ListedModel): object {
  return { file: basename(file), name, version, bytes, inUse, spec: classifier };
}

function rowOf({ file, name, version, bytes, classifier, inUse }: ListedModel): (string | number)[] {
  const used = inUse ? 'yes' : '';
  if (classifier === undefined) return [name, version, 'face detector', '', '', '', bytes, basename(file), used];
  const { labels, input, metrics } = classifier;
  const accuracy = metrics['privateTest.accuracy'];
  const size = `${input.width}x${input.height}`;
  const shown = accuracy === undefined ? '' : accuracy.toFixed(4);
  return [name, version, 'expressions', labels.length, size, shown, bytes, basename(file), used];
}
