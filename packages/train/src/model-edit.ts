import { decodeModel, encodeModel } from '@mememoji/graph/codec';
import type { VariableValues } from '@mememoji/graph/layers';
import { readWeights, replaceWeights } from '@mememoji/graph/stored-weights';
import { float32, sameShape, type TensorData } from '@mememoji/graph/tensor';
import { type ClassifierSpec, parseClassifierSpec, SPEC_KEY } from '@mememoji/vision/classifier-spec';
import { TrainError } from './error.ts';

/**
 * The same model file with another description of itself.
 * @throws GraphError `BAD_MODEL`; VisionError `BAD_METADATA` if the file, or what comes out, does not describe a classifier
 */
export function describeAnew(bytes: Uint8Array, change: (spec: ClassifierSpec) => ClassifierSpec): Uint8Array {
  const model = decodeModel(bytes);
  const metadata = { ...model.metadata, [SPEC_KEY]: JSON.stringify(change(parseClassifierSpec(model.metadata))) };
  parseClassifierSpec(metadata);
  return encodeModel({ ...model, metadata });
}

/**
 * A model between two of the same net: each weight is `share` of the way from the first's to the second's. Between a model and
 * one that was trained further from it, this keeps most of what the second has learned and most of what the first knew
 * (Wortsman et al., Robust fine-tuning of zero-shot models, 2022). It describes itself as the second does.
 * @param share 0 gives the first, 1 the second
 * @throws TrainError `BAD_MODEL` if the two are not the same net
 */
export function blendModels(first: Uint8Array, second: Uint8Array, share: number): Uint8Array {
  const [from, to] = [decodeModel(first), decodeModel(second)];
  const [values, targets] = [readWeights(from), readWeights(to)];
  checkSameNet(values, targets);
  const blended = [...targets].map(([name, { shape, data }]): [string, TensorData] => {
    const start = values.get(name)!.data as Float32Array;
    const mix = (target: number, i: number) => start[i]! + share * (target - start[i]!);
    return [name, float32(shape, (data as Float32Array).map(mix))];
  });
  return encodeModel(replaceWeights(to, new Map(blended)));
}

function checkSameNet(from: VariableValues, to: VariableValues): void {
  const stranger = [...to].find(([name, { shape }]) => !sameShape(from.get(name)?.shape ?? [-1], shape));
  if (stranger === undefined && from.size === to.size) return;
  const what = stranger === undefined ? 'one has weights that the other lacks' : `they differ in '${stranger[0]}'`;
  throw new TrainError(
    'BAD_MODEL',
    `the models are not the same net: ${what}`,
    'blend a model with one trained from it',
  );
}
