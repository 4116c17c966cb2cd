import { existsSync } from 'node:fs';
import { hasChoice, modelsFolder } from '@mememoji/server/loop/models-place';
import type { Context } from './context.ts';
import { findModel } from './shipped-models.ts';

/**
 * The file of the classifier to use: that which `--model` names (a file, an installed or a shipped model), else the one that
 * `mememoji models use` or `feedback train` has chosen; undefined for the shipped one.
 * @throws CliError `UNKNOWN_MODEL`; ServerError `BAD_MODELS_FOLDER`
 */
export async function chooseModelFile(
  model: string | undefined,
  { env }: Pick<Context, 'env'>,
): Promise<string | undefined> {
  const folder = modelsFolder(env);
  if (model === undefined && !hasChoice(folder)) return undefined;
  if (model !== undefined && existsSync(model)) return model;
  const { currentModel, installedFile } = await import('@mememoji/server/loop/model-folder');
  if (model === undefined) return (await currentModel(folder))?.file;
  return (await installedFile(folder, model)) ?? findModel(model);
}
