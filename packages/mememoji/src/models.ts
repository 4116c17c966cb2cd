import { access, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { MememojiError } from './error.ts';

/** Where a shipped model may lie, seen from this file: inside the published package, or in the repository. */
const FOLDERS = ['../models/', '../../../models/'];

/**
 * The bytes of a model file.
 * @param source a path, the bytes themselves, or nothing for the shipped model.
 * @param shipped file name of the shipped model.
 * @throws MememojiError `MODEL_NOT_FOUND`
 */
export async function readModel(source: string | Uint8Array | undefined, shipped: string): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  const path = source ?? (await findShipped(shipped));
  try {
    return await readFile(path);
  } catch (cause) {
    const hint = 'pass the path of an .onnx file, or nothing for the shipped model';
    throw new MememojiError('MODEL_NOT_FOUND', `the model ${path} cannot be read`, hint, { cause });
  }
}

async function findShipped(file: string): Promise<string> {
  const paths = FOLDERS.map((folder) => fileURLToPath(new URL(folder + file, import.meta.url)));
  for (const path of paths) {
    const found = await access(path).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  throw new MememojiError(
    'MODEL_NOT_FOUND',
    `the shipped model ${file} is missing`,
    'install the package again, or pass a model',
  );
}
