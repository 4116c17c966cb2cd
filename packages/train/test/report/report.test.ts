import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseHTML } from 'linkedom';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { createReport, type MeasuredReport } from '../../src/report/create-report.ts';
import { writeReport } from '../../src/report/write-report.ts';
import { writeMetrics } from '../../src/run-folder.ts';
import { folderForAll } from '../helpers/tiny-run.ts';
import { datasetOf, FACES, type Said, writeRowReader } from './row-reader.ts';

const FIGURES = [
  'accuracy',
  'classes',
  'confusion',
  'confusion-counts',
  'coverage',
  'distribution',
  'examples',
  'learning-curves',
  'mistakes',
  'ranks',
  'reliability',
];
const EPOCH = {
  epoch: 1,
  learningRate: 0.1,
  loss: 2,
  validationLoss: 1,
  validationAccuracy: 0.4,
  seconds: 9,
  imagesPerSecond: 7,
};

const folder = folderForAll();
const dataset = datasetOf(FACES);

async function measureWithRun(): Promise<MeasuredReport> {
  const file = writeRowReader(folder, 'reader.onnx', { temperature: 2, uncertainBelow: 0.3 });
  await writeMetrics(join(folder, 'metrics.csv'), [EPOCH, { ...EPOCH, epoch: 2, validationAccuracy: 0.6 }]);
  return createReport(file, dataset, { split: 'PublicTest' });
}

describe('createReport', () => {
  let measured: MeasuredReport;
  beforeAll(async () => {
    measured = await measureWithRun();
  }, 60_000);

  it('tells of the model, the data and the training', () => {
    const { model, data, training, environment } = measured.report;
    expect(model).toMatchObject({
      name: 'reader',
      file: 'reader.onnx',
      parameters: 64 * 7 + 7,
      multiplyAdds: 64 * 7,
      run: 'abc',
      seed: 7,
      trainingDataHash: 'da7a',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(data).toEqual({
      path: 'made-up.csv',
      sha256: 'da7a',
      split: 'PublicTest',
      samples: 10,
      samplesWithoutDuplicates: 9,
    });
    expect(training?.epochs.map(({ validationAccuracy }) => validationAccuracy)).toEqual([0.4, 0.6]);
    expect(environment.onnxruntime).toMatch(/^\d+\.\d+/);
  });

  it('has an evaluation for each view, with the same answers where the views show the same', () => {
    const { evaluations } = measured.report;
    expect(evaluations.single).toMatchObject({ view: 'single', accuracy: 0.6, accuracy6: 0.8, temperature: 2 });
    expect({ ...evaluations.flip, view: 'single' }).toEqual(evaluations.single); // the faces are symmetric
    expect(evaluations.tencrop.view).toBe('tencrop');
    expect(measured.report.accuracy).toHaveLength(12);
  });

  it('measures calibration with the temperature and without', () => {
    const { before, after } = measured.report.reliability;
    const faces = (bins: typeof before) => bins.reduce((sum, { count }) => sum + count, 0);
    expect([faces(before), faces(after)]).toEqual([10, 10]);
    expect(after.findLast(({ count }) => count > 0)!.to).toBeLessThan(before.findLast(({ count }) => count > 0)!.to);
  });

  it('has a time for one face and for 32, and neither is the other’s', () => {
    const { latency } = measured.report;
    expect(latency.map(({ batch, runs }) => [batch, runs])).toEqual([
      [1, 100],
      [32, 20],
    ]);
    for (const { milliseconds, p10, p90 } of latency) {
      expect(p10).toBeGreaterThan(0);
      expect(milliseconds).toBeGreaterThanOrEqual(p10);
      expect(p90).toBeGreaterThanOrEqual(milliseconds);
    }
  });

  it('knows what was read in each face', () => {
    const { faces } = measured;
    expect(faces.map(({ row }) => row)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(faces[0]).toMatchObject({ truth: 'happy', predicted: 'happy', duplicate: true, uncertain: false });
    // A half of logit 3 against six times 0.
    expect(faces[0]!.confidence).toBeCloseTo(Math.exp(1.5) / (Math.exp(1.5) + 6), 5);
    expect(Object.values(faces[0]!.probabilities).reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    expect(faces.filter(({ uncertain }) => uncertain).map(({ row }) => row)).toEqual([4]); // e / (e + sqrt e + 5)
  });

  it('shows the surest mistakes first, and examples of each class', () => {
    const { mistakes, examples } = measured.report;
    expect(mistakes.map(({ row }) => row)).toEqual([9, 5, 7, 6]);
    expect(new Set(examples.map(({ row }) => row)).size).toBe(10);
    const order = examples.map(({ truth }) => truth);
    expect(order).toEqual(
      [...order].sort((a, b) => dataset.labels.indexOf(a as 'sad') - dataset.labels.indexOf(b as 'sad')),
    );
  });

  it('keeps the pictures of what it shows, pixel for pixel', async () => {
    const url = measured.pictures.get(9)!;
    const { data, info } = await sharp(Buffer.from(url.split(',')[1]!, 'base64'))
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([8, 8]);
    const [row] = Array.from({ length: 8 }, (_, y) => data[y * 8 * info.channels]!).slice(6);
    expect(row).toBe(80); // neutral's logit 8
  });

  it('gives the same again, but for what time measures', async () => {
    const again = await measureWithRun();
    const timeless = ({ report: { created, latency, environment, ...rest } }: MeasuredReport) => rest;
    expect(timeless(again)).toEqual(timeless(measured));
  });

  it('counts the progress of all distinct views', async () => {
    const seen: [number, number][] = [];
    const onProgress = (done: number, total: number) => seen.push([done, total]);
    await createReport(join(folder, 'reader.onnx'), dataset, { split: 'PublicTest', onProgress });
    // The whole picture and its mirror image, and of 11/12 of it the middle and four corners, each also mirrored.
    expect(seen.at(-1)).toEqual([120, 120]);
  });

  it('says nothing of duplicates for Training itself', async () => {
    const { report, faces } = await createReport(join(folder, 'reader.onnx'), dataset, { split: 'Training' });
    expect(report.data.samplesWithoutDuplicates).toBeNull();
    expect(faces[0]?.duplicate).toBeNull();
    expect(report.accuracy.every((row) => row.faces === 'all')).toBe(true);
  });
});

describe('writeReport', () => {
  const out = join(folder, 'out');
  let page: string;
  beforeAll(async () => {
    page = readFileSync(await writeReport(await measureWithRun(), out), 'utf8');
  }, 60_000);
  const read = (name: string) => readFileSync(join(out, name), 'utf8');
  const rowsOf = (name: string) => read(name).trim().split('\n');

  it('writes the page, the numbers, and each figure three times', () => {
    const endings = ['.csv', '.png', '.svg'];
    const expected = [
      'evaluation.json',
      'index.html',
      'predictions.csv',
      ...FIGURES.flatMap((name) => endings.map((ending) => name + ending)),
    ];
    expect(readdirSync(out).sort()).toEqual(expected.sort());
  });

  it('writes a page that needs nothing else', () => {
    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(/<script|<link|@import|url\(|<iframe/);
    const sources = [...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, source]) => source!);
    expect(sources.length).toBe(14); // ten examples and four mistakes
    expect(sources.every((source) => source.startsWith('data:image/png;base64,'))).toBe(true);
  });

  it('has the headline numbers, every figure and every table on the page', () => {
    const { document } = parseHTML(page);
    const tiles = [...document.querySelectorAll('.tiles li')].map((tile) => tile.textContent);
    expect(tiles.slice(0, 4)).toEqual([
      expect.stringMatching(/^60\.0%accuracy\d/),
      expect.stringMatching(/^55\.6%accuracy, no duplicates/),
      expect.stringMatching(/^80\.0%accuracy, 6 classes\d/),
      expect.stringMatching(/^77\.8%accuracy, 6 classes, no duplicates/),
    ]);
    expect(document.querySelectorAll('figure > svg[role=img][aria-label]')).toHaveLength(FIGURES.length);
    expect(document.querySelectorAll('figure details table')).toHaveLength(FIGURES.length);
    expect(document.querySelector('pre')?.textContent).toBe('{\n  "name": "reader"\n}');
    expect(document.title).toBe('reader 1 on PublicTest');
  });

  it('writes the numbers as JSON that says what the page says', () => {
    const report = JSON.parse(read('evaluation.json'));
    expect(report).toMatchObject({ format: 1, evaluations: { single: { accuracy: 0.6 } }, data: { samples: 10 } });
    expect(JSON.stringify(report)).not.toContain('base64');
  });

  it('writes a row for each face', () => {
    const rows = rowsOf('predictions.csv');
    expect(rows[0]).toBe(
      'row,truth,predicted,confidence,uncertain,duplicate,angry,disgust,fear,happy,sad,surprise,neutral',
    );
    expect(rows).toHaveLength(11);
    expect(rows[8]).toMatch(/^9,sad,neutral,0\.8\d+,0,0,/);
  });

  it('writes the numbers of the figures', () => {
    expect(rowsOf('confusion-counts.csv')[1]).toBe('angry,0,1,0,0,0,0,0');
    expect(rowsOf('confusion.csv')[4]).toBe('happy,0,0,0,0.75,0,0.25,0');
    expect(rowsOf('ranks.csv')[1]).toBe('all,10,0.6,0.2,0.1,0.8,0.9');
    expect(rowsOf('accuracy.csv')).toHaveLength(13);
    expect(rowsOf('learning-curves.csv')[2]).toBe('2,0.1,2,1,0.6,9,7');
    expect(rowsOf('classes.csv')[4]).toMatch(/^happy,0\.75,1,0\.857\d+,4$/);
    expect(rowsOf('mistakes.csv')[1]).toMatch(/^9,sad,neutral,0\.8/);
  });

  it('writes pictures that other programs open', async () => {
    for (const name of FIGURES) {
      const svg = read(`${name}.svg`);
      expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="440"/);
      expect(svg, name).not.toMatch(/var\(--|NaN|undefined/);
      expect(svg).toContain('reader 1 on PublicTest, single view');
      const { width, format } = await sharp(join(out, `${name}.png`)).metadata();
      expect([name, width, format]).toEqual([name, 880, 'png']);
    }
  });

  it('takes the place of an earlier report, and leaves other files alone', async () => {
    writeFileSync(join(out, 'notes.txt'), 'mine');
    const right: Said[] = FACES.map((face) => ({ ...face, logits: { [face.truth]: 5 } }));
    const other = newFolder('alone');
    const file = writeRowReader(other, 'alone.onnx');
    await writeReport(await createReport(file, datasetOf(right), { split: 'PublicTest' }), out);
    const names = readdirSync(out);
    expect(names).toContain('notes.txt');
    expect(names.filter((name) => /^(learning-curves|mistakes)\./.test(name))).toEqual([]); // no run, no mistake
    expect(names.filter((name) => name.endsWith('.tmp'))).toEqual([]);
    expect(JSON.parse(read('evaluation.json')).evaluations.single.accuracy).toBe(1);
    expect(read('index.html')).not.toContain('surest mistakes');
  });
});

function newFolder(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}
