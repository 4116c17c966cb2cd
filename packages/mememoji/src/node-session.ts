import { InferenceSession, listSupportedBackends, Tensor as OrtTensor } from 'onnxruntime-node';
import { MememojiError } from './error.ts';
import type { Session, Tensor } from './session.ts';

/**
 * Threads that spin while they wait would be those of the network that is not running: detector and classifier take turns.
 * On two cores with two threads a photo took 70 ms with spinning and 43 without.
 */
const NO_SPINNING = { session: { intra_op: { allow_spinning: '0' } } };

/** ONNX Runtime's levels: 3 lets only errors through to stderr. */
const LOG_ERRORS = 3;

/** Where networks run: on the processor, or on a graphics card through ONNX Runtime's WebGPU provider. */
export type Device = 'cpu' | 'webgpu';

/**
 * Loads a network into ONNX Runtime.
 * @param bytes of an ONNX file.
 * @param threads that one run may use on the processor.
 * @throws MememojiError `BAD_MODEL` if ONNX Runtime does not take it, `NO_DEVICE` if there is no graphics card for WebGPU:
 * nothing falls back to the processor unseen.
 */
export async function createSession(bytes: Uint8Array, threads: number, device: Device = 'cpu'): Promise<Session> {
  const session = await load(bytes, threads, device);
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    run: (feeds) => run(session, feeds),
    release: () => session.release(),
  };
}

async function load(bytes: Uint8Array, threads: number, device: Device): Promise<InferenceSession> {
  if (!listSupportedBackends().some(({ name }) => name === device))
    throw noDevice('ONNX Runtime has no WebGPU on this platform');
  try {
    return await InferenceSession.create(bytes, {
      executionProviders: [device],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      logSeverityLevel: LOG_ERRORS,
      extra: NO_SPINNING,
    });
  } catch (cause) {
    const reason = (cause instanceof Error ? cause.message : String(cause)).split('\n')[0]!;
    if (WITHOUT_ADAPTER.test(reason)) throw noDevice('WebGPU finds no graphics card that it can use', cause);
    throw new MememojiError('BAD_MODEL', `ONNX Runtime cannot load the model (${reason})`, 'is it an ONNX file?', {
      cause,
    });
  }
}

/** What ONNX Runtime says then; it asks for the adapter before it looks at the model, and has no code for it. */
const WITHOUT_ADAPTER = /WebGPU adapter|RequestAdapter/;

function noDevice(message: string, cause?: unknown): MememojiError {
  const hint = 'use the device cpu, or install a driver for the card (Vulkan, Metal or Direct3D 12)';
  return new MememojiError('NO_DEVICE', message, hint, { cause });
}

async function run(
  session: InferenceSession,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Record<string, Tensor>> {
  const inputs = Object.entries(feeds).map(([name, { data, dims }]) => [name, new OrtTensor('float32', data, dims)]);
  const outputs = await session.run(Object.fromEntries(inputs));
  return Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, toTensor(name, value)]));
}

function toTensor(name: string, { data, dims }: OrtTensor): Tensor {
  if (data instanceof Float32Array) return { data, dims };
  throw new MememojiError('BAD_MODEL', `output '${name}' of the model is not float32`);
}
