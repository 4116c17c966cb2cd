/**
 * Sessions of ONNX Runtime. onnxruntime-node and onnxruntime-web have the same interface, so that who brings one of them gets
 * the same sessions; this file loads neither.
 */
import type { Carrier, Session, SessionFactory, Values } from '@mememoji/graph/session';
import type { TensorData } from '@mememoji/graph/tensor';
import type { InferenceSession, OnnxValue, Tensor } from 'onnxruntime-node';

/** The part of either package that is needed here. */
export type Runtime = Pick<typeof import('onnxruntime-node'), 'InferenceSession' | 'Tensor'>;

/** @param options how the runtime makes its sessions: threads, execution providers */
export function sessionsOf(runtime: Runtime, options: InferenceSession.SessionOptions): SessionFactory {
  return async (model, carried) => {
    const kept = isOnCard(options) ? carried : undefined;
    const session = await runtime.InferenceSession.create(model, { ...options, ...(kept && keepOnCard(kept)) });
    return {
      run: async (feeds) => toValues(await session.run(toTensors(runtime, feeds))),
      close: () => session.release(),
      ...(kept && { carry: (first) => new CardCarrier(runtime, session, kept, toTensors(runtime, first)) }),
    } satisfies Session;
  };
}

function isOnCard({ executionProviders = [] }: InferenceSession.SessionOptions): boolean {
  return executionProviders.some((provider) => (typeof provider === 'string' ? provider : provider.name) === 'webgpu');
}

function keepOnCard(carried: ReadonlyMap<string, string>): InferenceSession.SessionOptions {
  return { preferredOutputLocation: Object.fromEntries([...carried.values()].map((name) => [name, 'gpu-buffer'])) };
}

/** Carried values are tensors in the card's memory, but for the first ones, which the first run brings there. */
class CardCarrier implements Carrier {
  readonly #runtime: Runtime;
  readonly #session: InferenceSession;
  readonly #carried: ReadonlyMap<string, string>;
  #tensors: Readonly<Record<string, Tensor>>;

  constructor(
    runtime: Runtime,
    session: InferenceSession,
    carried: ReadonlyMap<string, string>,
    first: Readonly<Record<string, Tensor>>,
  ) {
    this.#runtime = runtime;
    this.#session = session;
    this.#carried = carried;
    this.#tensors = first;
  }

  async run(feeds: Values): Promise<Values> {
    const results = await this.#session.run({ ...toTensors(this.#runtime, feeds), ...this.#tensors });
    this.close();
    this.#tensors = Object.fromEntries([...this.#carried].map(([input, output]) => [input, results[output]!]));
    const outputs = new Set(this.#carried.values());
    return toValues(Object.fromEntries(Object.entries(results).filter(([name]) => !outputs.has(name))));
  }

  /** Brings the tensors out of the card's memory; the next run takes them there again. */
  async read(): Promise<Values> {
    const values: Values = {};
    for (const [name, tensor] of Object.entries(this.#tensors)) {
      values[name] = { dtype: 'float32', shape: tensor.dims, data: floatsOf(name, await tensor.getData(true)) };
    }
    return values;
  }

  close(): void {
    for (const tensor of Object.values(this.#tensors)) tensor.dispose();
  }
}

function toTensors(runtime: Runtime, values: Values): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toTensor(runtime, name, value)]));
}

function toTensor(runtime: Runtime, name: string, { data, shape }: TensorData): Tensor {
  return new runtime.Tensor('float32', floatsOf(name, data), shape);
}

function toValues(results: Readonly<Record<string, OnnxValue>>): Values {
  return Object.fromEntries(Object.entries(results).map(([name, value]) => [name, toValue(name, value)]));
}

function toValue(name: string, { dims, data }: OnnxValue): TensorData {
  return { dtype: 'float32', shape: dims, data: floatsOf(name, data) };
}

function floatsOf(name: string, data: unknown): Float32Array {
  if (!(data instanceof Float32Array)) throw new Error(`'${name}' is not float32`);
  return data;
}
