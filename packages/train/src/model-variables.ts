import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { decodeModel } from '@mememoji/graph/codec';
import type { Range } from '@mememoji/graph/int8';
import { foldedNorm } from '@mememoji/graph/layers';
import { readRanges } from '@mememoji/graph/quantise';
import { readWeights } from '@mememoji/graph/stored-weights';
import type { TensorData } from '@mememoji/graph/tensor';
import { TrainError } from './error.ts';

/** Weights to start from: of a model file, or of a checkpoint. */
export interface StartingWeights {
  values: ReadonlyMap<string, TensorData>;
  /** Of the values that the model computes in 8 bits, by name; undefined if there is none. */
  ranges: ReadonlyMap<string, Range> | undefined;
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
  return { ...variablesOf(bytes, path), sha256: createHash('sha256').update(bytes).digest('hex') };
}

function variablesOf(bytes: Uint8Array, path: string): Pick<StartingWeights, 'values' | 'ranges'> {
  try {
    const model = decodeModel(bytes);
    const ranges = readRanges(model);
    return { values: unfoldNorms(readWeights(model)), ranges: ranges.size === 0 ? undefined : ranges };
  } catch (cause) {
    const hint = 'name a model.onnx or checkpoint.onnx of a run';
    throw new TrainError('BAD_MODEL', `${path} holds no weights that can be read`, hint, { cause });
  }
}

/** Adds the variables of normalisations that a model in 8 bits has made parts of their convolutions. */
function unfoldNorms(values: ReadonlyMap<string, TensorData>): Map<string, TensorData> {
  const unfolded = new Map(values);
  for (const [key, { shape }] of values) {
    const [, layer] = /^(.*)\.norm\.bias$/.exec(key) ?? [];
    if (layer === undefined || values.has(`${layer}.norm.scale`)) continue;
    for (const [name, value] of foldedNorm(layer, shape[0]!)) unfolded.set(name, value);
  }
  return unfolded;
}
