import { Command } from 'commander';
import type { Context } from '../context.ts';
import { formatOption, outputOption, wholeNumber, withExamples } from '../options.ts';

/** `mememoji feedback`: what people said of faces, and a model that learns from it. What it does stands in `../feedback/`. */
export function createCommand(context: Context): Command {
  const command = new Command().description('look at what people said of faces, and train the model further on it');
  command.addCommand(listCommand(context));
  command.addCommand(exportCommand(context));
  command.addCommand(importCommand(context));
  command.addCommand(trainCommand(context));
  return withExamples(command, ['mememoji feedback list', 'mememoji feedback train --data fer2013.csv']);
}

function listCommand(context: Context): Command {
  const command = sourced(new Command('list').description('list the corrections, the newest saying of each face'))
    .addOption(formatOption(['table', 'json', 'ndjson', 'csv']))
    .addOption(outputOption())
    .action(async (_options: object, self: Command) => {
      const { listFeedback } = await import('../feedback/list.ts');
      await listFeedback(self, context);
    });
  return withExamples(command, [
    'mememoji feedback list --format csv',
    'mememoji feedback list --server http://db:8080',
  ]);
}

function exportCommand(context: Context): Command {
  const command = sourced(
    new Command('export').description('write the corrections with the faces, to be taken elsewhere'),
  )
    .addOption(outputOption())
    .option('--dataset <folder>', "instead a data set for 'mememoji train': pictures by split and expression")
    .action(async (_options: object, self: Command) => {
      const { exportFeedback } = await import('../feedback/export.ts');
      await exportFeedback(self, context);
    });
  return withExamples(command, [
    'mememoji feedback export --output feedback.ndjson',
    'mememoji feedback export --server http://db:8080 --key mk_... --dataset corrections',
  ]);
}

function importCommand(context: Context): Command {
  const command = stored(new Command('import').description('put exported corrections into a store, each once'))
    .argument('<file>', "what 'mememoji feedback export' has written")
    .action(async (file: string, _options: object, self: Command) => {
      const { importFeedback } = await import('../feedback/import.ts');
      await importFeedback(file, self, context);
    });
  return withExamples(command, ['mememoji feedback import feedback.ndjson']);
}

function trainCommand(context: Context): Command {
  const command = sourced(
    new Command('train').description(
      'train the model in use further on corrections, and use the new one if it is not worse',
    ),
  )
    .option('--data <path>', 'base data to mix in and to measure on, such as fer2013.csv')
    .option('--run <folder>', 'where the files of the training go; a new folder beside the installed models by default')
    .option('--recipe <file>', 'how to train, instead of a few gentle epochs')
    .option('--model <name|file>', 'the model to begin with, instead of the one in use')
    .option('--dry-run', 'measure, but do not install', false)
    .option('--epochs <number>', "instead of the recipe's", wholeNumber(1))
    .option('--threads <number>', 'processor threads', wholeNumber(1), 2)
    .addOption(formatOption(['table', 'json']))
    .action(async (_options: object, self: Command) => {
      const { trainFeedback } = await import('../feedback/train.ts');
      await trainFeedback(self, context);
    });
  return withExamples(command, [
    'mememoji feedback train',
    'mememoji feedback train --server http://127.0.0.1:8080 --key mk_... --data fer2013.csv',
    'mememoji feedback train --from feedback.ndjson --dry-run',
  ]);
}

/** Options that say which store. */
function stored(command: Command): Command {
  return command
    .option('--data-dir <folder>', "the server's folder (mememoji-data; MEMEMOJI_DATA_DIR)")
    .option('--database-url <url>', "the server's PostgreSQL (MEMEMOJI_DATABASE_URL, DATABASE_URL)")
    .option('--config <file>', 'JSON file with options, as for serve');
}

/** Options that say where corrections come from. */
function sourced(command: Command): Command {
  return stored(command)
    .option('--from <path>', "an export, or a data set of corrections, instead of the server's store")
    .option('--server <url>', 'a server that runs, instead of its store')
    .option('--key <key>', 'API key with the scope export, for --server');
}
