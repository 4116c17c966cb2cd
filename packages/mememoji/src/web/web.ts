import { DETECTION_PLANS, type DetectionMode } from '../detector.ts';
import { MememojiError } from '../error.ts';
import { chooseThreads } from './device.ts';
import type { Device } from './ort-session.ts';
import { startBest } from './start.ts';
import { WebAnalyzer } from './web-analyzer.ts';

export interface WebAnalyzerOptions {
  /**
   * Folder from which all files are loaded, relative to the page or absolute: `face-detector.onnx`, `mememoji.onnx` and
   * onnxruntime-web's `ort-wasm-simd-threaded.{mjs,wasm}` and, for WebGPU, `ort-wasm-simd-threaded.asyncify.{mjs,wasm}`.
   * If left out, the files that the bundler copied out of the packages.
   */
  baseUrl?: string | undefined;
  /** The classifier, address or bytes of an ONNX file that describes itself; the shipped one if left out. */
  model?: string | Uint8Array | undefined;
  /** The face detector, address or bytes; the shipped one if left out. */
  detector?: string | Uint8Array | undefined;
  /** `auto` (default) takes WebGPU where there is a graphics card that computes rightly, else WASM. */
  device?: Device | 'auto' | undefined;
  /** Threads of WASM in a page that is isolated from other origins; half of the processor's, at most 4, if left out. */
  threads?: number | undefined;
  /**
   * How `analyze` looks: `photo` (default) finds small faces, `thorough` also faces below 32 pixels beside a large one, `video`
   * is many times as fast. In the first two each face is read in two views.
   */
  detection?: DetectionMode | undefined;
  /** Score above 0 and up to 1 that a face must reach; 0.5 if left out. */
  minDetection?: number | undefined;
  /** Pictures with more pixels are refused; 100 million if left out. */
  maxPixels?: number | undefined;
  /** Told how many bytes of all files are loaded. */
  onProgress?: ((loaded: number, total: number) => void) | undefined;
  /** Ends the loading; what was begun is freed. */
  signal?: AbortSignal | undefined;
}

/**
 * Loads both networks into a worker. Close the analyzer when it is no longer needed.
 *
 * ```ts
 * const analyzer = await createWebAnalyzer();
 * const { faces } = await analyzer.analyze(document.querySelector('img')!);
 * console.log(faces.map(({ dominant, confidence }) => `${dominant} ${confidence}`));
 * await analyzer.close();
 * ```
 * @throws MememojiError MODEL_NOT_FOUND, BAD_MODEL, BAD_OPTION, RUNTIME_FAILED; the signal's reason
 */
export async function createWebAnalyzer(options: WebAnalyzerOptions = {}): Promise<WebAnalyzer> {
  const { device: wanted = 'auto', detection = 'photo', minDetection = 0.5, maxPixels = 100e6, signal } = options;
  checkOption('device', wanted, ['auto', 'wasm', 'webgpu'].includes(wanted), 'auto, wasm or webgpu');
  checkOption('threads', options.threads, isCount(options.threads ?? 1), 'a whole number from 1 on');
  checkOption('detection', detection, Object.hasOwn(DETECTION_PLANS, detection), 'photo, thorough or video');
  checkOption('minDetection', minDetection, minDetection > 0 && minDetection <= 1, 'above 0 and at most 1');
  checkOption('maxPixels', maxPixels, isCount(maxPixels), 'a whole number from 1 on');
  signal?.throwIfAborted();
  const threads = chooseThreads(options.threads);
  const { client, ...facts } = await startBest(wanted, options, { threads, minDetection, maxPixels });
  return new WebAnalyzer(client, { ...facts, threads, detection });
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value > 0;
}

function checkOption(name: string, value: unknown, valid: boolean, wanted: string): void {
  if (!valid) throw new MememojiError('BAD_OPTION', `${name} ${value} is not possible`, `it must be ${wanted}`);
}
