import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import { type Choice, chooseDevice } from './device.ts';
import { locateFiles } from './files.ts';
import { type LoadOptions, loadFiles } from './load.ts';
import type { Device } from './ort-session.ts';
import type { WorkerFiles, WorkerOptions } from './protocol.ts';
import { startWorker, type WorkerClient } from './worker-client.ts';

/** A worker whose networks are loaded. */
export interface Started extends Choice {
  client: WorkerClient;
  spec: ClassifierSpec;
}

export interface StartOptions extends LoadOptions {
  baseUrl?: string | undefined;
  model?: string | Uint8Array | undefined;
  detector?: string | Uint8Array | undefined;
}

/**
 * Loads all files and starts a worker, on WebGPU where that is wanted, can be had and gives right answers, else on WASM.
 * @throws MememojiError MODEL_NOT_FOUND, BAD_MODEL, RUNTIME_FAILED; the signal's reason.
 */
export async function startBest(
  wanted: Device | 'auto',
  options: StartOptions,
  workerOptions: WorkerOptions,
): Promise<Started> {
  const choice = await chooseDevice(wanted);
  const start = (device: Device) => startOn(device, options, workerOptions);
  if (choice.device === 'wasm') return { ...choice, ...(await start('wasm')) };
  try {
    return { ...choice, ...(await start('webgpu')) };
  } catch (error) {
    options.signal?.throwIfAborted();
    // The networks come from the browser's cache this time.
    const fallback = error instanceof Error ? error.message : String(error);
    return { device: 'wasm', fallback, ...(await start('wasm')) };
  }
}

async function startOn(
  device: Device,
  options: StartOptions,
  workerOptions: WorkerOptions,
): Promise<{ client: WorkerClient; spec: ClassifierSpec }> {
  const files = await loadAll(device, options);
  const client = startWorker(device);
  const stop = () => client.close();
  options.signal?.addEventListener('abort', stop);
  try {
    return { client, spec: await client.call('start', { files, options: workerOptions }) };
  } catch (error) {
    client.close();
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', stop);
  }
}

async function loadAll(device: Device, options: StartOptions): Promise<WorkerFiles> {
  const urls = locateFiles(options.baseUrl);
  const { script, binary } = urls.runtime[device];
  const sources = [options.detector ?? urls.detector, options.model ?? urls.model, binary];
  const [detector, model, runtime] = await loadFiles(sources, options);
  return { script, runtime: runtime!, detector: detector!, model: model! };
}
