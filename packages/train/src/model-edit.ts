import { decodeModel, encodeModel } from '@mememoji/graph/codec';
import { fromFloat16, toFloat16 } from '@mememoji/graph/half';
import type { Model } from '@mememoji/graph/model';
import { sameShape, type TensorData } from '@mememoji/graph/tensor';
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
  checkSameNet(from, to);
  const blended = [...to.graph.initializers].map(([name, value]): [string, TensorData] => [
    name,
    blendTensors(from.graph.initializers.get(name)!, value, share),
  ]);
  return encodeModel({ ...to, graph: { ...to.graph, initializers: new Map(blended) } });
}

function checkSameNet({ graph: from }: Model, { graph: to }: Model): void {
  const stranger = [...to.initializers].find(([name, { shape, dtype }]) => {
    const other = from.initializers.get(name);
    return other === undefined || other.dtype !== dtype || !sameShape(other.shape, shape);
  });
  if (stranger === undefined && from.initializers.size === to.initializers.size) return;
  const what = stranger === undefined ? 'one has weights that the other lacks' : `they differ in '${stranger[0]}'`;
  throw new TrainError(
    'BAD_MODEL',
    `the models are not the same net: ${what}`,
    'blend a model with one trained from it',
  );
}

/** Constants that are no floating-point numbers are shapes and indices, equal in both. */
function blendTensors({ data: from }: TensorData, to: TensorData, share: number): TensorData {
  const mix = (a: number, b: number) => a + share * (b - a);
  if (from instanceof Float32Array && to.data instanceof Float32Array) {
    return { ...to, data: to.data.map((value, i) => mix(from[i]!, value)) };
  }
  if (from instanceof Uint16Array && to.data instanceof Uint16Array && to.dtype === 'float16') {
    const data = to.data.map((value, i) => toFloat16(mix(fromFloat16(from[i]!), fromFloat16(value))));
    return { ...to, data };
  }
  return to;
}
