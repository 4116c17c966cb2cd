import { type ClassifierSpec, parseClassifierSpec } from '@mememoji/vision/classifier-spec';
import type { PixelImage } from '@mememoji/vision/image';
import { readOnnxMetadata } from '@mememoji/vision/onnx-metadata';
import { Analyzer } from './analyzer.ts';
import { checkClassifier } from './classifier.ts';
import { decodeImage } from './decode.ts';
import { checkDetector, DETECTION_PASSES, type DetectionMode } from './detector.ts';
import { MememojiError } from './error.ts';
import { readModel } from './models.ts';
import { createSession } from './node-session.ts';
import type { Session } from './session.ts';

/** What can be analyzed: the path of a picture, the content of its file, or its pixels (upright, grey, RGB or RGBA). */
export type ImageSource = string | Uint8Array | PixelImage;

export interface AnalyzerOptions {
  /** The classifier, path or bytes of an ONNX file that describes itself; the shipped one if left out. */
  model?: string | Uint8Array | undefined;
  /** The face detector, path or bytes; the shipped one if left out. */
  detector?: string | Uint8Array | undefined;
  /** Threads for one network run; 1 if left out. */
  threads?: number | undefined;
  /** `photo` (default) looks twice and finds small faces, `video` looks once and is ten times as fast. */
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
 * @throws MememojiError MODEL_NOT_FOUND, BAD_MODEL, BAD_OPTION
 */
export async function createAnalyzer(options: AnalyzerOptions = {}): Promise<Analyzer<ImageSource>> {
  const { threads = 1, detection = 'photo', minDetection = 0.5, maxPixels = 100e6 } = options;
  checkOption('threads', threads, Number.isInteger(threads) && threads > 0, 'a whole number from 1 on');
  checkOption('detection', detection, Object.hasOwn(DETECTION_PASSES, detection), 'photo or video');
  checkOption('minDetection', minDetection, minDetection > 0 && minDetection <= 1, 'above 0 and at most 1');
  checkOption('maxPixels', maxPixels, Number.isInteger(maxPixels) && maxPixels > 0, 'a whole number from 1 on');
  const model = await readModel(options.model, 'mememoji.onnx');
  const spec = readSpec(model);
  const classifier = await loadChecked(model, threads, (session) => checkClassifier(session, spec));
  const detector = await loadDetector(options.detector, threads).catch(async (error: unknown) => {
    await classifier.release();
    throw error;
  });
  return new Analyzer({
    detector,
    classifier,
    spec,
    detection: { passes: DETECTION_PASSES[detection], minDetection },
    decode: async (source) =>
      typeof source === 'string' || source instanceof Uint8Array ? decodeImage(source, maxPixels) : source,
  });
}

async function loadDetector(source: string | Uint8Array | undefined, threads: number): Promise<Session> {
  return loadChecked(await readModel(source, 'face-detector.onnx'), threads, checkDetector);
}

async function loadChecked(bytes: Uint8Array, threads: number, check: (session: Session) => void): Promise<Session> {
  const session = await createSession(bytes, threads);
  try {
    check(session);
  } catch (error) {
    await session.release();
    throw error;
  }
  return session;
}

function readSpec(bytes: Uint8Array): ClassifierSpec {
  try {
    return parseClassifierSpec(readOnnxMetadata(bytes));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MememojiError('BAD_MODEL', reason, 'use a model written by `mememoji train`', { cause });
  }
}

function checkOption(name: string, value: unknown, valid: boolean, wanted: string): void {
  if (!valid) throw new MememojiError('BAD_OPTION', `${name} ${value} is not possible`, `it must be ${wanted}`);
}
