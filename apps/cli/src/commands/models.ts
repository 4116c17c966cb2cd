import { basename } from 'node:path';
import { Command } from 'commander';
import type { Context } from '../context.ts';
import { formatOption, outputOption, withExamples } from '../options.ts';
import { alignColumns, csvLine, type Format, writeOutput } from '../output.ts';
import { listModels, type ShippedModel } from '../shipped-models.ts';

interface ListOptions {
  format: Format;
  output?: string;
}

const COLUMNS = ['name', 'version', 'kind', 'classes', 'input', 'accuracy', 'bytes', 'file'] as const;

/** `mememoji models list`: what comes with the program, read from the model files themselves. */
export function createCommand(context: Context): Command {
  const models = new Command().description('tell about the models that come with the program');
  const list = models
    .command('list')
    .description('list them with what their files say of themselves')
    .addOption(formatOption(['table', 'json', 'ndjson', 'csv']))
    .addOption(outputOption())
    .action(async ({ format, output }: ListOptions) => {
      await writeOutput(renderModels(await listModels(), format), output, context);
    });
  withExamples(list, ['mememoji models list', 'mememoji models list --format json']);
  return withExamples(models, ['mememoji models list']);
}

/** The table shows accuracy on FER2013's PrivateTest as the model file publishes it; JSON has the whole description. */
export function renderModels(models: readonly ShippedModel[], format: Format): string[] {
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

function plain({ file, name, version, bytes, classifier }: ShippedModel): object {
  return { file: basename(file), name, version, bytes, spec: classifier };
}

function rowOf({ file, name, version, bytes, classifier }: ShippedModel): (string | number)[] {
  if (classifier === undefined) return [name, version, 'face detector', '', '', '', bytes, basename(file)];
  const { labels, input, metrics } = classifier;
  const accuracy = metrics['privateTest.accuracy'];
  const size = `${input.width}x${input.height}`;
  const shown = accuracy === undefined ? '' : accuracy.toFixed(4);
  return [name, version, 'expressions', labels.length, size, shown, bytes, basename(file)];
}
