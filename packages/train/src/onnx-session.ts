/**
 * Sessions of ONNX Runtime. onnxruntime-node and onnxruntime-web have the same interface, so that who brings one of them gets
 * the same sessions; this file loads neither.
 */
import type { Session, SessionFactory } from '@mememoji/graph/session';
import type { InferenceSession } from 'onnxruntime-node';
import { CardCarrier, MemoryCarrier } from './onnx-carriers.ts';
import { type Runtime, toTensors, toValues } from './onnx-tensors.ts';

export interface SessionsOptions {
  /** Whether the runtime writes into outputs that it is given, as onnxruntime-node does on the processor. Default false. */
  writesInPlace?: boolean;
}

/** @param options how the runtime makes its sessions: threads, execution providers */
export function sessionsOf(
  runtime: Runtime,
  options: InferenceSession.SessionOptions,
  { writesInPlace = false }: SessionsOptions = {},
): SessionFactory {
  const onCard = isOnCard(options);
  const CarrierOfRuns = onCard ? CardCarrier : writesInPlace ? MemoryCarrier : undefined;
  return async (model, carried) => {
    const kept = onCard && carried ? keepOnCard(carried) : {};
    const session = await runtime.InferenceSession.create(model, { ...options, ...kept });
    return {
      run: async (feeds) => toValues(await session.run(toTensors(runtime, feeds))),
      close: () => session.release(),
      ...(carried && CarrierOfRuns && { carry: (first) => new CarrierOfRuns({ runtime, session, carried }, first) }),
    } satisfies Session;
  };
}

function isOnCard({ executionProviders = [] }: InferenceSession.SessionOptions): boolean {
  return executionProviders.some((provider) => (typeof provider === 'string' ? provider : provider.name) === 'webgpu');
}

function keepOnCard(carried: ReadonlyMap<string, string>): InferenceSession.SessionOptions {
  return { preferredOutputLocation: Object.fromEntries([...carried.values()].map((name) => [name, 'gpu-buffer'])) };
}
