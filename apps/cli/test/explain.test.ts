import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeModel } from '@mememoji/graph/codec';
import { Graph } from '@mememoji/graph/graph';
import { lower } from '@mememoji/graph/lowering';
import { relu } from '@mememoji/graph/operators/activation';
import { conv } from '@mememoji/graph/operators/convolution';
import { dense } from '@mememoji/graph/operators/matmul';
import { globalAveragePool, maxPool } from '@mememoji/graph/operators/pooling';
import { flatten } from '@mememoji/graph/operators/shape';
import { float32 } from '@mememoji/graph/tensor';
import { cropFace } from '@mememoji/train/explain/face-crop';
import { readNpy } from '@mememoji/train/npy';
import { SPEC_KEY } from '@mememoji/vision/classifier-spec';
import { EXPRESSIONS } from '@mememoji/vision/expression';
import { decodeImage } from 'mememoji/decode';
import { createAnalyzer } from 'mememoji/node';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT, run } from './run.ts';
import { makeFolder } from './stand-in.ts';

const PHOTO = join(ROOT, 'test/fixtures/astronaut.png');

describe('mememoji explain', () => {
  let folder: string;
  let model: string;
  const explain = (args: string[], input?: Uint8Array): ReturnType<typeof run> =>
    run(['explain', ...args, '--model', model, '--threads', '1'], { cwd: folder, ...(input && { input }) });
  const filesOf = (path: string): string[] => readdirSync(join(folder, path)).sort();

  beforeAll(async () => {
    ({ folder } = makeFolder());
    model = join(folder, 'small.onnx');
    writeFileSync(model, encodeSmallNet());
    mkdirSync(join(folder, 'one'));
    mkdirSync(join(folder, 'two'));
    cpSync(PHOTO, join(folder, 'one/face.png'));
    cpSync(PHOTO, join(folder, 'two/FACE.png'));
    await sharp({ create: { width: 64, height: 48, channels: 3, background: 'green' } }).toFile(
      join(folder, 'empty.png'),
    );
    writeFileSync(join(folder, 'bad.png'), 'no picture');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('writes pictures and data of each face, and says what', async () => {
    const { code, stdout, stderr } = await explain([PHOTO]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const names = ['explanation.json', 'features-1.png', 'features-2.png', 'gradcam.png', 'input.png', 'occlusion.png'];
    expect(filesOf('explained/astronaut/face-0')).toEqual([...names, 'photo.png', 'sheet.png']);
    const rows = stdout.trim().split('\n');
    expect(rows).toHaveLength(9);
    for (const row of rows.slice(1)) {
      const [path, face, , probability, file] = row.split(/ {2,}/);
      expect([path, face, probability]).toEqual([PHOTO, '0', expect.stringMatching(/^\d+%$/)]);
      expect(existsSync(join(folder, file!))).toBe(true);
    }
    const sheet = await sharp(join(folder, 'explained/astronaut/face-0/sheet.png')).metadata();
    expect(sheet).toMatchObject({ format: 'png', width: 1400 });
  });

  it('explains what analyze reads, by the first of its views, whose probabilities it gives', async () => {
    await explain([PHOTO, '--output', 'same', '--format', 'json', '--methods', 'occlusion']);
    const { stdout } = await run(['analyze', PHOTO, '--model', model, '--format', 'json'], { cwd: folder });
    const [{ faces }] = JSON.parse(stdout);
    const found = JSON.parse(readFileSync(join(folder, 'same/astronaut/face-0/explanation.json'), 'utf8'));
    expect(found).toMatchObject({
      model: 'small 1',
      expression: faces[0].dominant,
      face: { id: 0, box: faces[0].box },
    });
    const analyzer = await createAnalyzer({ model });
    const { pixels } = cropFace(await decodeImage(PHOTO, 1e6), faces[0], analyzer.spec);
    const [firstView] = await analyzer.classify(pixels);
    await analyzer.close();
    for (const [name, probability] of Object.entries(firstView!)) {
      expect(found.probabilities[name]).toBeCloseTo(probability, 5);
    }
    expect(found.occlusion.shape).toEqual([24, 24]);
    expect(found.occlusion.values).toHaveLength(24 * 24);
    expect(found.features).toBeUndefined();
  });

  it('writes arrays, of the expression, methods and layers that are asked for', async () => {
    const args = ['--format', 'npy', '--methods', 'features,integrated-gradients', '--layers', 'pooling'];
    const { code } = await explain([PHOTO, '--output', 'arrays', '--expression', 'Sadness', ...args]);
    expect(code).toBe(0);
    const place = 'arrays/astronaut/face-0';
    expect(filesOf(place)).toEqual(['arrays.json', 'features-1.npy', 'input.npy', 'integrated-gradients.npy']);
    const { expression, features, integratedGradients } = JSON.parse(
      readFileSync(join(folder, place, 'arrays.json'), 'utf8'),
    );
    expect(expression).toBe('sad');
    expect(features).toMatchObject([{ shape: [4, 12, 12], file: 'features-1.npy' }]);
    const { shape, data } = await readNpy(join(folder, place, integratedGradients.file));
    expect(shape).toEqual([24, 24]);
    const sum = Array.from(data, Number).reduce((total, value) => total + value, 0);
    expect(sum).toBeCloseTo(integratedGradients.sum, 4);
  });

  it('takes a picture without a face for a success, and tells of one that is none', async () => {
    const { code, stdout, stderr } = await explain(['empty.png', 'bad.png', '--output', 'none', '--format', 'json']);
    expect(stdout).toMatch(/^empty\.png {2,}no face$/m);
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^mememoji: bad\.png is not a picture/),
      'mememoji: 1 of 2 pictures could not be read',
    ]);
    expect(code).toBe(1);
    expect((await explain(['empty.png', '--output', 'none2'])).code).toBe(0);
  });

  it('keeps pictures of one name apart, and reads standard input', async () => {
    const args = ['one/face.png', 'two/FACE.png', '-', '--output', 'apart', '--format', 'json', '--methods', 'gradcam'];
    expect((await explain(args, readFileSync(PHOTO))).code).toBe(0);
    expect(filesOf('apart')).toEqual(['FACE-2', 'face', 'stdin']);
  });

  it.each<[string[], number, RegExp]>([
    [['--methods', 'magic'], 2, /'magic' is none of features, gradcam/],
    [['--format', 'bmp'], 2, /'bmp' is none of png, json, npy/],
    [['--expression', 'bored'], 2, /It must be one of angry/],
    [['--layers', 'nowhere'], 2, /the model has no layer 'nowhere'\. Its layers are /],
    [['--output', 'one'], 1, /the folder 'one' is not empty/],
    [['--model', 'nothing'], 2, /no model is named 'nothing'/],
  ])('refuses %j', async (args, exitCode, message) => {
    const { code, stdout, stderr } = await run(['explain', PHOTO, '--model', model, '--output', 'refused', ...args], {
      cwd: folder,
    });
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(existsSync(join(folder, 'refused'))).toBe(false);
  });
});

/** A classifier of 24 x 24 pixels with one convolution, its weights waves. */
function encodeSmallNet(): Uint8Array {
  const graph = new Graph();
  const wave = (shape: number[], size: number) => {
    const values = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => size * Math.sin(1 + i * 1.3));
    return graph.constant(float32(shape, values));
  };
  const pixels = graph.input('face', [1, 1, 24, 24]);
  const maps = maxPool(relu(conv(pixels, wave([4, 1, 3, 3], 1))), 2);
  graph.output('logits', dense(flatten(globalAveragePool(maps)), wave([7, 4], 1), wave([7], 0.1)));
  const spec = {
    format: 1,
    name: 'small',
    version: '1',
    labels: EXPRESSIONS,
    input: { name: 'face', width: 24, height: 24, range: [0, 1] },
    output: { name: 'logits' },
    normalisation: 'none',
    temperature: 0.5,
    uncertainBelow: 0.2,
    framing: { scale: 1.2, shiftY: 0, rotate: true },
    training: { run: 'none', seed: 0, epochs: 0, recipe: 'none', dataHash: 'none', date: '2026-01-01' },
    metrics: {},
  };
  const dynamic = { face: { 0: 'batch' }, logits: { 0: 'batch' } };
  return encodeModel(lower(graph, { dynamic, metadata: { [SPEC_KEY]: JSON.stringify(spec) } }));
}
