import type { Session, SessionFactory, Values } from '@mememoji/graph/session';
import type { TensorData } from '@mememoji/graph/tensor';
import * as ort from 'onnxruntime-node';

export interface EngineOptions {
  /** Threads within an operator. Default 2. */
  threads?: number;
  /**
   * Whether idle threads spin while they wait for work: faster on a machine that has nothing else to do, much slower on one
   * that has. Default true.
   */
  spinning?: boolean;
}

/** Sessions of onnxruntime-node on the processor. */
export function createEngine({ threads = 2, spinning = true }: EngineOptions = {}): SessionFactory {
  return async (model) => {
    const session = await ort.InferenceSession.create(model, {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      graphOptimizationLevel: 'all',
      extra: { session: { intra_op: { allow_spinning: spinning ? '1' : '0' } } },
    });
    return wrap(session);
  };
}

function wrap(session: ort.InferenceSession): Session {
  return {
    run: async (feeds) => toValues(await session.run(toOrt(feeds))),
    close: () => session.release(),
  };
}

function toOrt(feeds: Values): Record<string, ort.Tensor> {
  return Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, toTensor(name, value)]));
}

function toTensor(name: string, { data, shape }: TensorData): ort.Tensor {
  if (!(data instanceof Float32Array)) throw new Error(`the input '${name}' is not float32`);
  return new ort.Tensor('float32', data, shape);
}

function toValues(results: ort.InferenceSession.OnnxValueMapType): Values {
  return Object.fromEntries(Object.entries(results).map(([name, value]) => [name, toValue(name, value)]));
}

function toValue(name: string, value: ort.OnnxValue): TensorData {
  if (!('data' in value) || !(value.data instanceof Float32Array))
    throw new Error(`the output '${name}' is not float32`);
  return { dtype: 'float32', shape: value.dims, data: value.data };
}
