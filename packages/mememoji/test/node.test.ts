import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PixelImage } from '@mememoji/vision/image';
import type { MememojiError } from 'mememoji/error';
import { type AnalyzerOptions, createAnalyzer } from 'mememoji/node';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cellImage, SPEC } from './fakes.ts';
import { tinyClassifier, tinyDetector } from './tiny-models.ts';

const ASTRONAUT = fileURLToPath(new URL('../../../test/fixtures/astronaut.png', import.meta.url));
const PHOTOS = fileURLToPath(new URL('../../../../shared/data/photos/', import.meta.url));
const TINY = { model: tinyClassifier(), detector: tinyDetector() };

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mememoji-node-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function failure(promise: Promise<unknown>): Promise<MememojiError> {
  return promise.then(
    () => expect.unreachable('it did not fail'),
    (error: MememojiError) => error,
  );
}

function toPng({ width, height, data }: PixelImage): Promise<Buffer> {
  return sharp(data, { raw: { width, height, channels: 1 } })
    .png()
    .toBuffer();
}

describe('createAnalyzer', () => {
  const image = cellImage(128, 96, [
    [10, 10, 255],
    [25, 5, 255],
  ]);

  it('runs both networks and gives the same for pixels, bytes and a path', async () => {
    const analyzer = await createAnalyzer(TINY);
    const fromPixels = await analyzer.analyze(image);
    expect(fromPixels.faces.map(({ box }) => [box.x, box.y])).toEqual([
      [34, 34],
      [94, 14],
    ]);
    const happy = 1 / (1 + Math.exp((100 - 255 / 16) / SPEC.temperature));
    expect(fromPixels.faces[0]!.expressions.happy).toBeCloseTo(happy, 6);
    expect(fromPixels.faces[0]!.dominant).toBe('sad');
    const png = await toPng(image);
    const path = join(folder, 'faces.png');
    await writeFile(path, png);
    expect(await analyzer.analyze(png)).toEqual(fromPixels);
    expect(await analyzer.analyze(path)).toEqual(fromPixels);
    await analyzer.close();
  });

  it('takes models as files, and any number of threads', async () => {
    const model = join(folder, 'tiny.onnx');
    const detector = join(folder, 'tiny-detector.onnx');
    await writeFile(model, TINY.model);
    await writeFile(detector, TINY.detector);
    const analyzer = await createAnalyzer({ model, detector, threads: 2 });
    await analyzer.warmup();
    expect(analyzer.spec.labels).toEqual(['happy', 'sad']);
    expect((await analyzer.analyze(image)).faces).toHaveLength(2);
    await analyzer.close();
    expect((await failure(analyzer.analyze(image))).code).toBe('CLOSED');
  });

  it('honours minDetection and maxPixels', async () => {
    const analyzer = await createAnalyzer({ ...TINY, minDetection: 0.9999, maxPixels: 100 });
    expect((await analyzer.analyze(image)).faces).toEqual([]);
    expect((await failure(analyzer.analyze(await toPng(image)))).code).toBe('IMAGE_TOO_LARGE');
    await analyzer.close();
  });

  it.each([
    [{ threads: 0 }, 'threads 0'],
    [{ threads: 1.5 }, 'threads 1.5'],
    [{ minDetection: 0 }, 'minDetection 0'],
    [{ minDetection: Number.NaN }, 'minDetection NaN'],
    [{ detection: 'film' as 'video' }, 'detection film'],
    [{ maxPixels: -1 }, 'maxPixels -1'],
  ] satisfies [AnalyzerOptions, string][])('refuses %o', async (options, message) => {
    const error = await failure(createAnalyzer({ ...TINY, ...options }));
    expect(error.code).toBe('BAD_OPTION');
    expect(error.message).toContain(message);
  });

  it.each([
    ['a missing file', { model: '/nowhere/model.onnx' }, 'MODEL_NOT_FOUND', '/nowhere/model.onnx'],
    ['a missing detector', { detector: '/nowhere/detector.onnx' }, 'MODEL_NOT_FOUND', '/nowhere/detector.onnx'],
    ['bytes that are no model', { model: Buffer.from('emotion,pixels,Usage') }, 'BAD_MODEL', ''],
    ['no bytes', { model: new Uint8Array(0) }, 'BAD_MODEL', "no 'mememoji' entry"],
    ['a cut-off model', { model: TINY.model.subarray(0, 200) }, 'BAD_MODEL', ''],
    ['a model without a description', { model: tinyClassifier(null) }, 'BAD_MODEL', "no 'mememoji' entry"],
    ['the detector as a classifier', { model: TINY.detector }, 'BAD_MODEL', "no 'mememoji' entry"],
    ['the classifier as a detector', { detector: TINY.model }, 'BAD_MODEL', "'reg' and 'cls'"],
    [
      'a description that does not fit its graph',
      { model: tinyClassifier({ ...SPEC, output: { name: 'logits' } }) },
      'BAD_MODEL',
      "output 'logits'",
    ],
  ] satisfies [string, AnalyzerOptions, string, string][])('refuses %s', async (_, options, code, message) => {
    const error = await failure(createAnalyzer({ ...TINY, ...options }));
    expect([error.name, error.code]).toEqual(['MememojiError', code]);
    expect(error.message).toContain(message);
    expect(error.message).not.toContain('\n');
  });

  it('says what is wrong with pixels of the wrong size', async () => {
    const analyzer = await createAnalyzer(TINY);
    const wrong: PixelImage = { width: 3, height: 3, channels: 3, data: new Uint8Array(5) };
    expect((await failure(analyzer.analyze(wrong))).code).toBe('BAD_PIXELS');
    await analyzer.close();
  });
});

describe('the shipped detector', () => {
  const model = TINY.model;
  /** Where the face of the astronaut is, by eye: centre and side of a box from the brows to the chin. */
  const FACE = { x: 224, y: 118, side: 108 };

  it.each(['photo', 'thorough', 'video'] as const)('finds the face of the astronaut, as a %s', async (detection) => {
    const analyzer = await createAnalyzer({ model, detection });
    const { image, faces } = await analyzer.analyze(ASTRONAUT);
    expect(image).toEqual({ width: 512, height: 512 });
    expect(faces).toHaveLength(1);
    const { box, landmarks, detection: score } = faces[0]!;
    expect(Math.abs(box.x + box.width / 2 - FACE.x)).toBeLessThan(10);
    expect(Math.abs(box.y + box.height / 2 - FACE.y)).toBeLessThan(10);
    expect(Math.abs(box.width - FACE.side)).toBeLessThan(15);
    expect(score).toBeGreaterThan(0.8);
    const { rightEye, leftEye, nose, mouth } = landmarks;
    expect(rightEye.x).toBeLessThan(nose.x);
    expect(nose.x).toBeLessThan(leftEye.x);
    expect(rightEye.y).toBeLessThan(nose.y);
    expect(nose.y).toBeLessThan(mouth.y);
    await analyzer.close();
  });

  it('finds it turned, mirrored, small and so close that it fills the picture', async () => {
    const analyzer = await createAnalyzer({ model });
    const photo = () => sharp(readFileSync(ASTRONAUT));
    for (const changed of [
      photo().rotate(30, { background: '#808080' }),
      photo().flop(),
      photo().resize(160),
      photo().extract({ left: 165, top: 50, width: 120, height: 130 }),
      photo().extend({ left: 700, right: 700, top: 500, bottom: 500, background: '#404040' }),
      photo().greyscale(),
    ]) {
      expect((await analyzer.analyze(await changed.png().toBuffer())).faces).toHaveLength(1);
    }
    await analyzer.close();
  });

  it('finds a face of forty pixels beside a large one', async () => {
    const photo = (side: number) => sharp(readFileSync(ASTRONAUT)).resize(side).removeAlpha();
    // The face has 0.21 of the photo's side.
    const small = await photo(190).extract({ left: 30, top: 0, width: 110, height: 90 }).png().toBuffer();
    const beside = photo(480)
      .extend({ left: 160, background: '#404040' })
      .composite([{ input: small, left: 20, top: 20 }]);
    const analyzer = await createAnalyzer({ model });
    const { faces } = await analyzer.analyze(await beside.png().toBuffer());
    expect(faces).toHaveLength(2);
    expect(Math.abs(faces[0]!.box.height - 40)).toBeLessThan(8);
    await analyzer.close();
  });

  it.runIf(existsSync(PHOTOS))('finds every face of the photos, and none where none is', async () => {
    const analyzer = await createAnalyzer({ model });
    const rows = readFileSync(join(PHOTOS, 'photos.csv'), 'utf8').trim().split('\n').slice(1);
    expect(rows.length).toBeGreaterThan(10);
    for (const row of rows) {
      const cells = row.replaceAll(/"[^"]*"/g, '').split(',');
      const faces = await analyzer.detect(join(PHOTOS, cells[0]!));
      expect([cells[0], faces.length]).toEqual([cells[0], Number(cells[5])]);
    }
    await analyzer.close();
  });
});
