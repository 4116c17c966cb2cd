import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ClassifierSpec, parseClassifierSpec, SPEC_KEY } from '@mememoji/vision/classifier-spec';
import { VisionError } from '@mememoji/vision/error';
import { readOnnxMetadata } from '@mememoji/vision/onnx-metadata';
import { CliError } from './errors.ts';

/** Folder of the models that come with the program. */
export const MODELS_FOLDER = fileURLToPath(new URL('../../../models/', import.meta.url));

/** What a model file says of itself. */
export interface ShippedModel {
  file: string;
  name: string;
  version: string;
  bytes: number;
  /** Undefined for a model that reads no expressions: the face detector. */
  classifier: ClassifierSpec | undefined;
}

/**
 * The models of a folder, by name.
 * @throws VisionError `BAD_METADATA` where a file does not tell what it is.
 */
export async function listModels(folder: string = MODELS_FOLDER): Promise<ShippedModel[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.onnx')).sort();
  return Promise.all(files.map((name) => readModel(join(folder, name))));
}

async function readModel(file: string): Promise<ShippedModel> {
  const bytes = await readFile(file);
  const metadata = readOnnxMetadata(bytes);
  const { name, version, labels } = readSpec(metadata, file);
  const classifier = labels === undefined ? undefined : parseClassifierSpec(metadata);
  return { file, name: String(name), version: String(version), bytes: bytes.length, classifier };
}

/** Name and version stand in the description of every model of this project. */
function readSpec(metadata: Readonly<Record<string, string>>, file: string): Record<string, unknown> {
  try {
    return JSON.parse(metadata[SPEC_KEY] ?? '');
  } catch (cause) {
    throw new VisionError('BAD_METADATA', `'${basename(file)}' does not tell what it is`, undefined, { cause });
  }
}

/**
 * The model file that `--model` means: a path, or the name of a shipped classifier.
 * @throws CliError `UNKNOWN_MODEL`
 */
export async function findModel(nameOrFile: string, folder: string = MODELS_FOLDER): Promise<string> {
  if (existsSync(nameOrFile)) return nameOrFile;
  const shipped = (await listModels(folder)).filter((model) => model.classifier !== undefined);
  const found = shipped.find((model) => model.name === nameOrFile);
  if (found !== undefined) return found.file;
  const names = shipped.map((model) => `'${model.name}'`).join(', ');
  const hint = names === '' ? 'name the file of a model' : `use ${names}, or the path of an .onnx file`;
  throw new CliError('UNKNOWN_MODEL', `no model is named '${nameOrFile}', nor is there such a file`, hint);
}
