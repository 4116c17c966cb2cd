import { listOptions } from '@mememoji/server/config/config';
import { startServer } from '@mememoji/server/server';
import { Command } from 'commander';
import type { Context } from '../context.ts';
import { withExamples } from '../options.ts';
import { readServerConfig } from '../server-config.ts';
import { createKeysCommand } from './serve-keys.ts';

/** `mememoji serve`: the API, the store and the web app. What it does stands in @mememoji/server. */
export function createCommand(context: Context): Command {
  const command = new Command()
    .description('serve the API and the web app')
    .option('--config <file>', 'JSON file with options; flags and environment variables go before it');
  for (const { flag, meaning, variable, default: value } of listOptions()) {
    const shown = value === '' ? variable : `${value}; ${variable}`;
    command.option(`${flag} <value>`, `${meaning.replaceAll('`', '')} (${shown})`);
  }
  command.action(async (_options: object, self: Command) => {
    const server = await startServer(await readServerConfig(self, context), context.stderr);
    await untilStopped(context);
    await server.close();
  });
  command.addCommand(createKeysCommand(context));
  return withExamples(command, [
    'mememoji serve',
    'mememoji serve --host 0.0.0.0 --keys required --store-images never',
    'DATABASE_URL=postgres://me@db/mememoji mememoji serve --config mememoji.json',
  ]);
}

/** The first Ctrl-C or SIGTERM; a second Ctrl-C ends the process at once. */
function untilStopped({ interrupt }: Context): Promise<void> {
  const signal = interrupt.signal();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
    process.once('SIGTERM', () => resolve());
  });
}
