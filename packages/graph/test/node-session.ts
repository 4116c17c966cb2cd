import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Session } from '../src/session.ts';
import type { TensorData } from '../src/tensor.ts';

/** Sessions of onnxruntime-node for tests: one thread that does not spin, since many run side by side. */
export async function createNodeSession(model: Uint8Array): Promise<Session> {
  const session = await InferenceSession.create(model, {
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
  return {
    async run(feeds) {
      const inputs = Object.entries(feeds).map(([name, value]) => [name, toTensor(value)] as const);
      const outputs = await session.run(Object.fromEntries(inputs));
      return Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, fromTensor(name, value)]));
    },
    close: () => session.release(),
  };
}

function toTensor({ dtype, shape, data }: TensorData): Tensor {
  if (dtype === 'float32' && data instanceof Float32Array) return new Tensor('float32', data, shape);
  if (dtype === 'int64' && data instanceof BigInt64Array) return new Tensor('int64', data, shape);
  throw new Error(`tests feed no ${dtype}`);
}

function fromTensor(name: string, { data, dims }: Tensor): TensorData {
  if (!(data instanceof Float32Array)) throw new Error(`output '${name}' is not float32`);
  return { dtype: 'float32', shape: dims, data };
}
