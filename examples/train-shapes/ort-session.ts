/** Sessions of ONNX Runtime, for onnxruntime-node and onnxruntime-web alike: both have the same interface. */
import type { Session, SessionFactory, Values } from '@mememoji/graph/session';
import type { TensorData } from '@mememoji/graph/tensor';
import type { InferenceSession, Tensor } from 'onnxruntime-node';

/** The part of either package that is needed here. */
export type Runtime = Pick<typeof import('onnxruntime-node'), 'InferenceSession' | 'Tensor'>;

/** @param options how the runtime makes its sessions: threads, execution providers */
export function sessionsOf(runtime: Runtime, options: InferenceSession.SessionOptions): SessionFactory {
  return async (model): Promise<Session> => {
    const session = await runtime.InferenceSession.create(model, options);
    return {
      run: async (feeds) => toValues(await session.run(toTensors(runtime, feeds))),
      close: () => session.release(),
    };
  };
}

function toTensors(runtime: Runtime, feeds: Values): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, toTensor(runtime, name, value)]));
}

function toTensor(runtime: Runtime, name: string, { shape, data }: TensorData): Tensor {
  if (!(data instanceof Float32Array)) throw new Error(`'${name}' is not float32`);
  return new runtime.Tensor('float32', data, shape);
}

function toValues(results: Record<string, Tensor>): Values {
  return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, toValue(name, tensor)]));
}

function toValue(name: string, { dims, data }: Tensor): TensorData {
  if (!(data instanceof Float32Array)) throw new Error(`'${name}' is not float32`);
  return { dtype: 'float32', shape: dims, data };
}
