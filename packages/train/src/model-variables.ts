import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { decodeModel } from '@mememoji/graph/codec';
import { readWeights } from '@mememoji/graph/stored-weights';
import type { TensorData } from '@mememoji/graph/tensor';
import { TrainError } from './error.ts';

/** Weights to start from: of a model file, or of a checkpoint. */
export interface StartingWeights {
  values: ReadonlyMap<string, TensorData>;
  /** SHA-256 of the file. */
  sha256: string;
}

/**
 * Reads the variables that a model file or a checkpoint keeps by their names.
 * @throws TrainError `FILE_NOT_FOUND`, `BAD_MODEL` if it is no ONNX file
 */
export async function readStartingWeights(path: string): Promise<StartingWeights> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new TrainError('FILE_NOT_FOUND', `no such model file: '${path}'`, 'check the path', { cause });
  });
  return { values: variablesOf(bytes, path), sha256: createHash('sha256').update(bytes).digest('hex') };
}

function variablesOf(bytes: Uint8Array, path: string): Map<string, TensorData> {
  try {
    return readWeights(decodeModel(bytes));
  } catch (cause) {
    const hint = 'name a model.onnx or checkpoint.onnx of a run';
    throw new TrainError('BAD_MODEL', `${path} holds no weights that can be read`, hint, { cause });
  }
}
