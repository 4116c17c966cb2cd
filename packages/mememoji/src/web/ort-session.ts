import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-web';
import { MememojiError } from '../error.ts';
import type { Session, Tensor } from '../session.ts';

/** The part of onnxruntime-web that is used here, of any of its builds. */
export type Runtime = Pick<typeof import('onnxruntime-web'), 'env' | 'InferenceSession' | 'Tensor'>;

export type Device = 'wasm' | 'webgpu';

/** ONNX Runtime's levels: 3 lets only errors through to the console. */
const LOG_ERRORS = 3;

/**
 * Loads a network into onnxruntime-web.
 * @param bytes of an ONNX file.
 * @throws MememojiError `BAD_MODEL` if ONNX Runtime does not take it. Runs throw `RUNTIME_FAILED`: memory that does not
 * suffice, a graphics card that is gone.
 */
export async function createSession(runtime: Runtime, bytes: Uint8Array, device: Device): Promise<Session> {
  const session = await load(runtime, bytes, device);
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    run: (feeds) => run(runtime, session, feeds),
    release: () => session.release(),
  };
}

async function load(runtime: Runtime, bytes: Uint8Array, device: Device): Promise<InferenceSession> {
  try {
    return await runtime.InferenceSession.create(bytes, {
      executionProviders: [device],
      logSeverityLevel: LOG_ERRORS,
    });
  } catch (cause) {
    const reason = reasonOf(cause);
    if (reason.startsWith('no available backend')) throw notStarted(reason, cause);
    throw new MememojiError('BAD_MODEL', `ONNX Runtime cannot load the model (${reason})`, undefined, { cause });
  }
}

function notStarted(reason: string, cause: unknown): MememojiError {
  const hint = `are its files there, and does the page's policy (CSP) allow script from them and 'wasm-unsafe-eval'?`;
  return new MememojiError('RUNTIME_FAILED', `ONNX Runtime cannot be started (${reason})`, hint, { cause });
}

async function run(
  runtime: Runtime,
  session: InferenceSession,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Record<string, Tensor>> {
  const inputs = Object.entries(feeds).map(([name, { data, dims }]): [string, OrtTensor] => [
    name,
    new runtime.Tensor('float32', data, dims),
  ]);
  const outputs = await session.run(Object.fromEntries(inputs)).catch((cause: unknown) => {
    const hint = 'close the analyzer and create a new one; smaller pictures need less memory';
    throw new MememojiError('RUNTIME_FAILED', `ONNX Runtime has failed (${reasonOf(cause)})`, hint, { cause });
  });
  return Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, toTensor(name, value)]));
}

function toTensor(name: string, { data, dims }: OrtTensor): Tensor {
  if (data instanceof Float32Array) return { data, dims };
  throw new MememojiError('BAD_MODEL', `output '${name}' of the model is not float32`);
}

function reasonOf(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).split('\n')[0]!;
}
