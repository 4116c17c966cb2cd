import { type InferenceSession, listSupportedBackends } from 'onnxruntime-node';
import { TrainError } from './error.ts';

/** Where nets are computed: on the processor, or on a graphics card through ONNX Runtime's WebGPU provider. */
export type Device = 'cpu' | 'webgpu';

/** ONNX Runtime's levels: 3 lets only errors through to stderr. */
const LOG_ERRORS = 3;

/** Sessions on the graphics card. What the provider cannot compute, such as small integer work, ONNX Runtime leaves to the processor. */
export const WEBGPU_OPTIONS: InferenceSession.SessionOptions = {
  executionProviders: ['webgpu'],
  logSeverityLevel: LOG_ERRORS,
};

/**
 * Makes a session on the graphics card. Nothing falls back to the processor unseen.
 * @throws TrainError `NO_DEVICE` where there is no adapter, or this build of ONNX Runtime has no WebGPU
 */
export async function onWebGpu<T>(create: () => Promise<T>): Promise<T> {
  if (!listSupportedBackends().some(({ name }) => name === 'webgpu'))
    throw noDevice('ONNX Runtime has no WebGPU on this platform');
  try {
    return await create();
  } catch (cause) {
    if (!isWithoutAdapter(cause)) throw cause;
    throw noDevice('WebGPU finds no graphics card that it can use', cause);
  }
}

/** The provider asks for the adapter before it looks at the model; ONNX Runtime has no code for it. */
function isWithoutAdapter(cause: unknown): boolean {
  return cause instanceof Error && /WebGPU adapter|RequestAdapter/.test(cause.message);
}

function noDevice(message: string, cause?: unknown): TrainError {
  const hint = 'use the device cpu, or install a driver for the card (Vulkan, Metal or Direct3D 12)';
  return new TrainError('NO_DEVICE', message, hint, { cause });
}
