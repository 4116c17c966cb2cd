import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { decodeModel } from '@mememoji/graph/codec';
import { readOnnxMetadata } from '@mememoji/vision/onnx-metadata';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { convertDetector, findSource } from '../models/convert-detector.ts';
import { parseTflite } from '../models/tflite/schema.ts';
import { interpret } from './tflite-interpreter.ts';

const models = resolve(import.meta.dirname, '../models');
const committed = new Uint8Array(readFileSync(join(models, 'face-detector.onnx')));
const source = installedSource();

function installedSource(): string | undefined {
  try {
    return findSource();
  } catch {
    return undefined;
  }
}

/** Reproducible pixels in [-1, 1), NCHW. */
function noise(length: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
}

describe('face-detector.onnx', () => {
  let session: InferenceSession;
  beforeAll(async () => {
    session = await InferenceSession.create(committed, {
      intraOpNumThreads: 1,
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    });
  });
  afterAll(() => session.release());

  async function run(pixels: Float32Array, batch: number, width: number, height: number) {
    const { reg, cls } = await session.run({ image: new Tensor('float32', pixels, [batch, 3, height, width]) });
    if (!(reg?.data instanceof Float32Array && cls?.data instanceof Float32Array)) throw new Error('not float32');
    return { reg: { dims: reg.dims, data: reg.data }, cls: { dims: cls.dims, data: cls.data } };
  }

  it.each([
    [192, 192],
    [256, 192],
    [768, 512],
  ])('gives 16 numbers and a logit for each cell of 4x4 pixels at %ix%i', async (width, height) => {
    const { reg, cls } = await run(noise(3 * width * height), 1, width, height);
    const anchors = (width / 4) * (height / 4);
    expect(reg.dims).toEqual([1, anchors, 16]);
    expect(cls.dims).toEqual([1, anchors, 1]);
    expect(reg.data.every(Number.isFinite) && cls.data.every(Number.isFinite)).toBe(true);
  });

  it('reads the images of a batch independently', async () => {
    const size = 3 * 64 * 64;
    const pixels = noise(2 * size);
    const both = await run(pixels, 2, 64, 64);
    const second = await run(pixels.slice(size), 1, 64, 64);
    expect(both.reg.dims).toEqual([2, 256, 16]);
    const differences = second.reg.data.map((value, i) => Math.abs(value - both.reg.data[second.reg.data.length + i]!));
    expect(Math.max(...differences)).toBeLessThan(1e-3);
  });

  it('explains itself', () => {
    const metadata = readOnnxMetadata(committed);
    expect(metadata).toEqual(decodeModel(committed).metadata);
    expect(metadata.license).toBe('Apache-2.0');
    expect(JSON.parse(metadata.mememoji ?? '')).toMatchObject({
      format: 1,
      name: 'face-detector',
      source: { package: '@mediapipe/face_detection', version: '0.4.1657300184', license: 'Apache-2.0' },
      input: { name: session.inputNames[0], layout: 'NCHW', channels: 'RGB', padValue: -1, multipleOf: 32 },
      output: { boxes: session.outputNames[0], logits: session.outputNames[1] },
      anchors: { stride: 4, offset: 0.5, order: 'row-major' },
      keypoints: ['rightEye', 'leftEye', 'nose', 'mouth', 'rightEar', 'leftEar'],
    });
  });

  it.skipIf(source === undefined)('computes what the TFLite model defines, at a size of its own', async () => {
    const [width, height] = [96, 64];
    const pixels = noise(3 * width * height);
    const { reg, cls } = await run(pixels, 1, width, height);
    const nhwc = Float64Array.from(pixels, (_, i) => pixels[(i % 3) * width * height + Math.floor(i / 3)]!);
    const model = parseTflite(readFileSync(source!));
    const [boxes, logits] = interpret(model, { height, width, channels: 3, data: nhwc });
    expect(boxes!.data).toHaveLength(reg.data.length);
    expect(Math.max(...boxes!.data.map(Math.abs))).toBeGreaterThan(1);
    expect(Math.max(...boxes!.data.map((value, i) => Math.abs(value - reg.data[i]!)))).toBeLessThan(1e-3);
    expect(Math.max(...logits!.data.map((value, i) => Math.abs(value - cls.data[i]!)))).toBeLessThan(1e-3);
  });
});

describe('convert-detector', () => {
  it.skipIf(source === undefined)('writes the committed file, byte for byte', () => {
    expect(Buffer.compare(convertDetector(readFileSync(source!)), committed)).toBe(0);
  });

  it('refuses any other file than that of the known version', () => {
    expect(() => convertDetector(new Uint8Array(10))).toThrow(
      /not face_detection_full_range.tflite.*sha256 [0-9a-f]{64}/,
    );
  });

  it('says what to install where the npm package is missing', () => {
    const message = /is not installed; run 'npm install .*@mediapipe\/face_detection@0\.4\.1657300184'/;
    expect(() => findSource(join(tmpdir(), 'elsewhere.js'))).toThrow(message);
  });

  it('fails with one line and leaves the model alone', () => {
    const script = join(models, 'convert-detector.ts');
    const wrong = join(models, 'README.md');
    const { status, stderr } = spawnSync(process.execPath, ['--conditions=source', script, wrong], {
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^not face_detection_full_range\.tflite[^\n]*\n$/);
    expect(Buffer.compare(readFileSync(join(models, 'face-detector.onnx')), committed)).toBe(0);
  });
});

describe('parseTflite', () => {
  it('refuses what is no TFLite file', () => {
    expect(() => parseTflite(committed)).toThrow(/not a TFL3 file/);
  });

  it.skipIf(source === undefined)('refuses a file that is cut off', () => {
    const bytes = new Uint8Array(readFileSync(source!));
    for (const length of [0, 7, 8, 100, bytes.length >> 1, bytes.length - 1000]) {
      expect(() => parseTflite(bytes.subarray(0, length))).toThrow(RangeError);
    }
  });
});
