import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { ServerError } from '../error.ts';
import { configSchema, OPTIONS, type OptionName, type PartialConfig, type ServerConfig } from './options.ts';

/** An option as the command line shows it and the documentation lists it. */
export interface OptionInfo {
  /** Entry of the configuration file. */
  name: OptionName;
  /** For example `--data-dir`. */
  flag: string;
  /** For example `MEMEMOJI_DATA_DIR`. */
  variable: string;
  /** As text; empty if there is none. */
  default: string;
  meaning: string;
}

/** Environment variable that names the configuration file. */
export const CONFIG_VARIABLE = 'MEMEMOJI_CONFIG';

/** Every option, in the order of the documentation. */
export function listOptions(): OptionInfo[] {
  return optionNames().map((name) => ({
    name,
    flag: `--${words(name).join('-')}`,
    variable: variableOf(name),
    default: defaultOf(name),
    meaning: OPTIONS[name].description ?? '',
  }));
}

/** Options from flags, environment and file; what stands in several is taken from the first of these. */
export interface ConfigSources {
  /** By option name, as text. */
  flags?: Readonly<Record<string, string | undefined>>;
  env?: Readonly<Record<string, string | undefined>>;
  /** A JSON file; the one that MEMEMOJI_CONFIG names if left out. */
  file?: string | undefined;
}

/**
 * Puts the server's options together.
 * @throws ServerError `BAD_CONFIG` that names the option and where it stands
 */
export async function readConfig({ flags = {}, env = {}, file }: ConfigSources): Promise<ServerConfig> {
  const path = file ?? env[CONFIG_VARIABLE];
  const fromFile = path === undefined ? {} : await readConfigFile(path);
  const names = optionNames();
  const fromEnv = pick(
    names,
    (name) => env[variableOf(name)] ?? (name === 'databaseUrl' ? env.DATABASE_URL : undefined),
  );
  const fromFlags = pick(names, (name) => flags[name]);
  return parse({ ...fromFile, ...fromEnv, ...fromFlags }, (name) => {
    if (name in fromFlags) return 'the command line';
    return name in fromEnv ? 'the environment' : (path ?? 'the configuration');
  });
}

/** The options with defaults for what is left out. @throws ServerError `BAD_CONFIG` */
export function completeConfig(partial: PartialConfig = {}): ServerConfig {
  return parse(partial, () => 'the configuration');
}

function parse(values: object, placeOf: (name: string) => string): ServerConfig {
  const result = configSchema.safeParse(values);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const name = issue?.code === 'unrecognized_keys' ? String(issue.keys[0]) : String(issue?.path[0] ?? '');
  const what = issue?.code === 'unrecognized_keys' ? 'is no option' : `is wrong (${reasonOf(issue)})`;
  throw new ServerError('BAD_CONFIG', `${name} in ${placeOf(name)} ${what}`, 'docs/server.md lists all options');
}

/** A union tells the reason of its branch that came furthest: the last. */
function reasonOf(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === 'invalid_union') return reasonOf(issue.errors.at(-1)?.[0]);
  return issue?.message ?? 'unknown';
}

async function readConfigFile(path: string): Promise<object> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? 'it is no object' : cause instanceof Error ? cause.message : '';
    throw new ServerError('BAD_CONFIG', `${path} cannot be read (${reason})`, 'it must be a JSON object', { cause });
  }
}

function pick(names: readonly OptionName[], read: (name: OptionName) => string | undefined): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = read(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function optionNames(): OptionName[] {
  return configSchema.keyof().options;
}

function variableOf(name: string): string {
  return `MEMEMOJI_${words(name).join('_').toUpperCase()}`;
}

/** dataDir: data, dir */
function words(name: string): string[] {
  return name.split(/(?=[A-Z])/).map((word) => word.toLowerCase());
}

function defaultOf(name: OptionName): string {
  const result = OPTIONS[name].safeParse(undefined);
  return result.success && result.data !== undefined ? String(result.data) : '';
}
