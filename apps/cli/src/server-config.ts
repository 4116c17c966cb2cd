import { listOptions, readConfig } from '@mememoji/server/config/config';
import type { ServerConfig } from '@mememoji/server/config/options';
import type { Command } from 'commander';
import type { Context } from './context.ts';

/** The options of `serve`, wherever among its sub-commands they stand. @throws ServerError `BAD_CONFIG` */
export function readServerConfig(command: Command, { env }: Context): Promise<ServerConfig> {
  const options: Readonly<Record<string, string | undefined>> = command.optsWithGlobals();
  const flags = Object.fromEntries(listOptions().map(({ name }) => [name, options[name]]));
  return readConfig({ flags, env, file: options.config });
}
