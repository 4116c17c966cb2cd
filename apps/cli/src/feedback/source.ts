import type { ServerConfig } from '@mememoji/server/config/options';
import {
  fetchCorrections,
  type OpenedCorrections,
  openStoredCorrections,
  readCorrectionFile,
} from '@mememoji/server/loop/correction-source';
import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import { parseClassifierSpec } from '@mememoji/vision/classifier-spec';
import { readOnnxMetadata } from '@mememoji/vision/onnx-metadata';
import type { Command } from 'commander';
import { readModel } from 'mememoji/models';
import { chooseModelFile } from '../chosen-model.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { readServerConfig } from '../server-config.ts';

/** Where corrections come from. */
export interface SourceOptions {
  from?: string;
  server?: string;
  key?: string;
  model?: string;
}

/** Opens the corrections that the options of a command name, cut out as the model in use wants to see them. */
export async function openCorrections(command: Command, context: Context): Promise<OpenedCorrections> {
  const { from, server, key, model } = command.opts<SourceOptions>();
  if (from !== undefined && server !== undefined) {
    throw new CliError('WRONG_USE', '--from and --server name two places', 'name one of them');
  }
  const close = async (): Promise<void> => undefined;
  if (from !== undefined) return { corrections: readCorrectionFile(from), close };
  if (server !== undefined) return { corrections: fetchCorrections(server, key), close };
  return openStoredCorrections(await storeConfig(command, context), (await readSpec(model, context)).spec);
}

/** Only what says where the store is. */
export function storeConfig(command: Command, context: Context): Promise<ServerConfig> {
  return readServerConfig(command, context);
}

/** What a model says of itself, with its bytes. */
export async function readSpec(
  model: string | undefined,
  context: Context,
): Promise<{ spec: ClassifierSpec; bytes: Uint8Array }> {
  const bytes = await readModel(await chooseModelFile(model, context), 'mememoji.onnx');
  return { spec: parseClassifierSpec(readOnnxMetadata(bytes)), bytes };
}
