import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { decodeModel } from '@mememoji/graph/codec';
import { fromFloat16, HALF_SUFFIX } from '@mememoji/graph/half';
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
    return new Map([...decodeModel(bytes).graph.initializers].map(([name, tensor]) => toFloat32(name, tensor)));
  } catch (cause) {
    const hint = 'name a model.onnx or checkpoint.onnx of a run';
    throw new TrainError('BAD_MODEL', `${path} holds no weights that can be read`, hint, { cause });
  }
}

function toFloat32(name: string, tensor: TensorData): [string, TensorData] {
  if (!(tensor.data instanceof Uint16Array)) return [name, tensor];
  const data = Float32Array.from(tensor.data, fromFloat16);
  return [name.replace(new RegExp(`${HALF_SUFFIX}$`), ''), { dtype: 'float32', shape: tensor.shape, data }];
}
