import type { PixelImage } from '@mememoji/vision/image';
import { Analyzer } from './analyzer.ts';
import { decodeImage } from './decode.ts';
import { DETECTION_PLANS, type DetectionMode } from './detector.ts';
import { MememojiError } from './error.ts';
import { readModel } from './models.ts';
import { loadNetworks } from './networks.ts';
import { createSession, type Device } from './node-session.ts';

/** What can be analyzed: the path of a picture, the content of its file, or its pixels (upright, grey, RGB or RGBA). */
export type ImageSource = string | Uint8Array | PixelImage;

export interface AnalyzerOptions {
  /** The classifier, path or bytes of an ONNX file that describes itself; the shipped one if left out. */
  model?: string | Uint8Array | undefined;
  /** The face detector, path or bytes; the shipped one if left out. */
  detector?: string | Uint8Array | undefined;
  /** Where the networks run, `cpu` (default) or `webgpu`, a graphics card; a classifier in 8 bits runs on the processor all the same. */
  device?: Device | undefined;
  /** Threads for one network run on the processor; 1 if left out. */
  threads?: number | undefined;
  /**
   * `photo` (default) looks three times and finds small faces, but once at a small photo of a large face; `thorough` always
   * looks three times; `video` once, for large faces only, and is ten times as fast. In the first two each face is read in two views.
   */
  detection?: DetectionMode | undefined;
  /** Score above 0 and up to 1 that a face must reach; 0.5 if left out. */
  minDetection?: number | undefined;
  /** Pictures with more pixels are refused; 100 million if left out. */
  maxPixels?: number | undefined;
}

/**
 * Loads both networks. Close the analyzer when it is no longer needed.
 *
 * ```ts
 * const analyzer = await createAnalyzer();
 * const { faces } = await analyzer.analyze('photo.jpg');
 * console.log(faces.map(({ dominant, confidence }) => `${dominant} ${confidence}`));
 * await analyzer.close();
 * ```
 * @throws MememojiError MODEL_NOT_FOUND, BAD_MODEL, BAD_OPTION, NO_DEVICE
 */
export async function createAnalyzer(options: AnalyzerOptions = {}): Promise<Analyzer<ImageSource>> {
  const { device = 'cpu', threads = 1, detection = 'photo', minDetection = 0.5, maxPixels = 100e6 } = options;
  checkOption('device', device, device === 'cpu' || device === 'webgpu', 'cpu or webgpu');
  checkOption('threads', threads, Number.isInteger(threads) && threads > 0, 'a whole number from 1 on');
  checkOption('detection', detection, Object.hasOwn(DETECTION_PLANS, detection), 'photo, thorough or video');
  checkOption('minDetection', minDetection, minDetection > 0 && minDetection <= 1, 'above 0 and at most 1');
  checkOption('maxPixels', maxPixels, Number.isInteger(maxPixels) && maxPixels > 0, 'a whole number from 1 on');
  const detector = await readModel(options.detector, 'face-detector.onnx');
  const model = await readModel(options.model, 'mememoji.onnx');
  return new Analyzer({
    ...(await loadNetworks(detector, model, (bytes, arithmetic) =>
      createSession(bytes, threads, arithmetic === 'int8' ? 'cpu' : device),
    )),
    detection: { ...DETECTION_PLANS[detection], minDetection },
    decode: async (source) =>
      typeof source === 'string' || source instanceof Uint8Array ? decodeImage(source, maxPixels) : source,
  });
}

function checkOption(name: string, value: unknown, valid: boolean, wanted: string): void {
  if (!valid) throw new MememojiError('BAD_OPTION', `${name} ${value} is not possible`, `it must be ${wanted}`);
}
