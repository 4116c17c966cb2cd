import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImageAnalyzer } from '../src/analysis/image-analyzer.ts';
import { startAnalyzers } from '../src/analysis/pool.ts';

const PHOTO = new URL('../../../test/fixtures/astronaut.png', import.meta.url);
const MODEL = new URL('../../../models/mememoji.onnx', import.meta.url);

describe('threads of analysis', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mememoji-pool-'));
  const photo = (): Uint8Array => new Uint8Array(readFileSync(PHOTO));
  let analyzer: ImageAnalyzer;

  beforeAll(async () => {
    analyzer = await startAnalyzers({ analyzers: 2, maxPixels: 1e6 });
  }, 300_000);
  afterAll(async () => {
    await analyzer?.close();
    rmSync(folder, { recursive: true });
  }, 60_000);

  it('find a face, and leave the event loop free', async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const { faces, image, model, pictures } = await analyzer.analyze(photo());
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(0);
    expect({ faces: faces.length, dominant: faces[0]?.dominant, image, pictures }).toEqual({
      faces: 1,
      dominant: 'happy',
      image: { width: 512, height: 512 },
      pictures: undefined,
    });
    expect(model).toBe(`${analyzer.spec.name} ${analyzer.spec.version}`);
  });

  it('make the pictures that are wished for', async () => {
    const { pictures } = await analyzer.analyze(photo(), { annotate: 'memes', thumbnails: true, keep: true });
    const sizes = [pictures?.annotated, pictures?.kept].map(async (jpeg) => sharp(jpeg).metadata());
    for (const size of await Promise.all(sizes))
      expect(size).toMatchObject({ format: 'jpeg', width: 512, height: 512 });
    expect(pictures?.thumbnails).toHaveLength(1);
  });

  it('tell what is wrong with a picture, and go on', async () => {
    await expect(analyzer.analyze(new TextEncoder().encode('hello'))).rejects.toMatchObject({ code: 'NOT_AN_IMAGE' });
    const large = await sharp({ create: { width: 1200, height: 1200, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    await expect(analyzer.analyze(new Uint8Array(large))).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' });
    expect((await analyzer.analyze(photo())).faces).toHaveLength(1);
  });

  it('keep their model where another cannot be loaded', async () => {
    const broken = join(folder, 'broken.onnx');
    writeFileSync(broken, 'nothing');
    await expect(analyzer.replaceModel(broken)).rejects.toMatchObject({ code: 'BAD_MODEL' });
    await expect(analyzer.replaceModel(join(folder, 'none.onnx'))).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
    expect((await analyzer.analyze(photo())).faces).toHaveLength(1);
  });

  it('take another model under load without dropping anything', async () => {
    const copy = join(folder, 'copy.onnx');
    copyFileSync(MODEL, copy);
    const before = Array.from({ length: 4 }, () => analyzer.analyze(photo()));
    const replaced = analyzer.replaceModel(copy);
    const after = Array.from({ length: 4 }, () => analyzer.analyze(photo()));
    await replaced;
    for (const { faces } of await Promise.all([...before, ...after])) expect(faces).toHaveLength(1);
  });

  it('cannot be started with a model that is none', async () => {
    const started = startAnalyzers({ analyzers: 1, maxPixels: 1e6, model: join(folder, 'none.onnx') });
    await expect(started).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });

  it('end what they have begun when they are closed, and then take nothing', async () => {
    const own = await startAnalyzers({ analyzers: 1, maxPixels: 1e6 });
    const last = own.analyze(photo());
    await own.close();
    expect((await last).faces).toHaveLength(1);
    await expect(own.analyze(photo())).rejects.toMatchObject({ code: 'STOPPING' });
  });
}, 300_000);
