import type { Device } from './ort-session.ts';

/** A device, and why it is not WebGPU where that was wanted. */
export interface Choice {
  device: Device;
  fallback: string | undefined;
}

/**
 * WebGPU where it is wanted and there is a graphics card for it, else WASM.
 * @param wanted `auto` leaves out adapters that only imitate a graphics card on the processor: WASM is faster.
 */
export async function chooseDevice(wanted: Device | 'auto'): Promise<Choice> {
  if (wanted === 'wasm') return { device: 'wasm', fallback: undefined };
  const fault = await findFault(wanted === 'auto');
  return { device: fault === undefined ? 'webgpu' : 'wasm', fallback: fault };
}

async function findFault(realOnly: boolean): Promise<string | undefined> {
  // Types promise it everywhere; older browsers and pages that come by http have none.
  const gpu: GPU | undefined = navigator.gpu;
  if (gpu === undefined) return 'this browser offers no WebGPU to this page';
  const adapter = await gpu.requestAdapter().catch(() => null);
  if (adapter === null) return 'WebGPU finds no graphics card';
  // Browsers of 2024 and before do not tell.
  const info: Partial<GPUAdapterInfo> | undefined = adapter.info;
  return realOnly && info?.isFallbackAdapter ? 'WebGPU has no graphics card but the processor' : undefined;
}

/** Threads of the page's own choosing: half of the processor's, at most 4; more need memory and gain little here. */
export function chooseThreads(wanted: number | undefined): number {
  if (!crossOriginIsolated) return 1;
  return wanted ?? Math.min(4, Math.ceil(navigator.hardwareConcurrency / 2));
}
