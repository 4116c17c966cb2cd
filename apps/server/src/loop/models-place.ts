import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** What the pointer may point to besides an installed model. */
export const SHIPPED = 'shipped';

/** The file in the folder of the models that says which one is used. */
export const POINTER = 'current.json';

/**
 * The folder of the installed models, decided here for every command: `MEMEMOJI_MODELS`, else `mememoji/models` below
 * `XDG_DATA_HOME`, else below `~/.local/share`.
 */
export function modelsFolder(env: Readonly<Record<string, string | undefined>>): string {
  return env.MEMEMOJI_MODELS || join(env.XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'mememoji', 'models');
}

/** Whether a model was ever chosen there. If not, nothing more need be loaded to know that it is the shipped one. */
export function hasChoice(folder: string): boolean {
  return existsSync(join(folder, POINTER));
}
