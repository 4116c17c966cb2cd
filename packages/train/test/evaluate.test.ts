/**
 * Evaluation with a classifier whose logits are the first pixels of the picture: what it says, and hence every number of
 * the report, is written into the pictures themselves.
 */
import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import type { Expression } from '@mememoji/vision/expression';
import { describe, expect, test } from 'vitest';
import type { Classifier } from '../src/classifier-session.ts';
import { type Dataset, SPLITS, type Split } from '../src/dataset.ts';
import { evaluateClassifier, meanProbabilities, predictLogits } from '../src/evaluate.ts';

const LABELS: Expression[] = ['angry', 'disgust', 'happy'];

function specOf(labels: Expression[], overrides: Partial<ClassifierSpec> = {}): ClassifierSpec {
  return {
    format: 1,
    name: 'pixels',
    version: '1',
    labels,
    input: { name: 'pixels', width: 2, height: 2, range: [0, 255] },
    output: { name: 'logits' },
    normalisation: 'none',
    temperature: 1,
    uncertainBelow: 0,
    framing: { scale: 1, shiftY: 0, rotate: false },
    training: { run: '', seed: 0, epochs: 0, recipe: '', dataHash: '', date: '' },
    metrics: {},
    ...overrides,
  };
}

/** Logits are the first pixels of each picture over 10; keeps what it was shown. */
function pixelReader(spec: ClassifierSpec) {
  const size = spec.input.width * spec.input.height;
  const batches: Float32Array[] = [];
  const classifier: Classifier = {
    spec,
    async run(pixels, count) {
      batches.push(pixels);
      const classes = spec.labels.length;
      return Float32Array.from(
        { length: count * classes },
        (_, i) => pixels[Math.floor(i / classes) * size + (i % classes)]! / 10,
      );
    },
    async close() {},
  };
  return { classifier, batches };
}

interface Row {
  split: Split;
  label: Expression;
  pixels: number[];
}

function datasetOf(rows: Row[], labels: Expression[] = LABELS, side = 2): Dataset {
  return {
    labels,
    width: side,
    height: side,
    count: rows.length,
    pixels: Uint8Array.from(rows.flatMap((row) => row.pixels)),
    targets: Uint8Array.from(rows, (row) => labels.indexOf(row.label)),
    splits: Uint8Array.from(rows, (row) => SPLITS.indexOf(row.split)),
    rows: Uint32Array.from(rows.keys()),
    source: { path: 'made up', sha256: 'abc' },
  };
}

const dataset = datasetOf([
  { split: 'Training', label: 'happy', pixels: [20, 0, 0, 1] },
  { split: 'PrivateTest', label: 'angry', pixels: [20, 0, 0, 1] }, // right, and a copy of the Training row
  { split: 'PrivateTest', label: 'disgust', pixels: [20, 10, 0, 2] }, // second; right when disgust counts as angry
  { split: 'PrivateTest', label: 'happy', pixels: [0, 0, 20, 3] }, // right
  { split: 'PublicTest', label: 'happy', pixels: [9, 9, 9, 9] },
  { split: 'PrivateTest', label: 'happy', pixels: [12, 12, 14, 4] }, // right, but not when angry and disgust stand together
]);

describe('a report', () => {
  test('holds the numbers worked out by hand', async () => {
    const { classifier } = pixelReader(specOf(LABELS, { uncertainBelow: 0.5 }));
    const report = await evaluateClassifier(classifier, dataset, { split: 'PrivateTest' });
    const z = (...logits: number[]) => logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
    const likelihood = [2 - Math.log(z(2, 0, 0)), 1 - Math.log(z(2, 1, 0)), 2 - Math.log(z(0, 0, 2))];
    likelihood.push(1.4 - Math.log(z(1.2, 1.2, 1.4)));
    expect(report).toMatchObject({
      model: 'pixels 1',
      split: 'PrivateTest',
      view: 'single',
      samples: 4,
      accuracy: 3 / 4,
      accuracy6: 3 / 4,
      top2: 1,
      top3: 1,
      macroF1: expect.closeTo((2 / 3 + 0 + 1) / 3, 12),
      macroF1Six: expect.closeTo((4 / 5 + 2 / 3) / 2, 12),
      nll: expect.closeTo(-likelihood.reduce((a, b) => a + b) / 4, 6),
      temperature: 1,
      uncertainShare: 1 / 4, // exp(1.4) of z(1.2, 1.2, 1.4) is 0.379
      accuracyWhenCertain: 2 / 3,
      samplesWithoutDuplicates: 3,
      accuracyWithoutDuplicates: 2 / 3,
      recall: { angry: 1, disgust: 0, happy: 1 },
      precision: { angry: 1 / 2, disgust: 0, happy: 1 },
      support: { angry: 1, disgust: 1, happy: 2 },
      confusion: [
        [1, 0, 0],
        [1, 0, 0],
        [0, 0, 2],
      ],
      labels: LABELS,
      dataHash: 'abc',
    });
    expect(report.nllUncalibrated).toBe(report.nll);
    const [low, high] = report.accuracyInterval;
    expect(low).toBeLessThan(0.75);
    expect(high).toBe(1);
  });

  test('tells what the temperature does', async () => {
    const { classifier } = pixelReader(specOf(LABELS, { temperature: 2 }));
    const report = await evaluateClassifier(classifier, dataset, { split: 'PublicTest' });
    expect(report.nll).toBeCloseTo(Math.log(3), 6);
    const other = await evaluateClassifier(classifier, dataset, { split: 'PrivateTest' });
    expect(other.temperature).toBe(2);
    expect(other.nll).not.toBeCloseTo(other.nllUncalibrated, 2);
    expect(other.ece).not.toBeCloseTo(other.eceUncalibrated, 2);
    expect(other.accuracy).toBe(3 / 4);
  });

  test('has no clean part for the Training split', async () => {
    const report = await evaluateClassifier(pixelReader(specOf(LABELS)).classifier, dataset, { split: 'Training' });
    expect(report).toMatchObject({ samplesWithoutDuplicates: null, accuracyWithoutDuplicates: null, accuracy: 0 });
  });

  test('goes by the names of the labels, not by their order', async () => {
    const rows: Row[] = [
      { split: 'PrivateTest', label: 'happy', pixels: [20, 0, 0, 1] },
      { split: 'PrivateTest', label: 'angry', pixels: [0, 0, 20, 1] },
    ];
    const { classifier } = pixelReader(specOf(['happy', 'disgust', 'angry']));
    const report = await evaluateClassifier(classifier, datasetOf(rows), { split: 'PrivateTest' });
    expect(report).toMatchObject({ accuracy: 1, labels: ['happy', 'disgust', 'angry'] });
    expect(report.recall).toEqual({ happy: 1, disgust: 0, angry: 1 });
  });

  test('of six classes has the same accuracy twice', async () => {
    const rows: Row[] = [
      { split: 'PrivateTest', label: 'angry', pixels: [20, 0, 0, 1] },
      { split: 'PrivateTest', label: 'sad', pixels: [20, 0, 0, 1] },
    ];
    const labels: Expression[] = ['angry', 'sad'];
    const { classifier } = pixelReader(specOf(labels));
    const report = await evaluateClassifier(classifier, datasetOf(rows, labels), { split: 'PrivateTest' });
    expect(report).toMatchObject({ accuracy: 0.5, accuracy6: 0.5, top3: 1 });
  });
});

describe('views', () => {
  const picture: Row[] = [{ split: 'PrivateTest', label: 'angry', pixels: Array.from({ length: 16 }, (_, i) => i) }];
  const wide = datasetOf(picture, LABELS, 4);
  const rows = Uint32Array.of(0);

  test('single shows the middle, pixel by pixel', async () => {
    const { classifier, batches } = pixelReader(specOf(LABELS));
    await predictLogits(classifier, wide, rows);
    expect(batches.map((batch) => [...batch])).toEqual([[5, 6, 9, 10]]);
  });

  test('flip adds the mirror image', async () => {
    const { classifier, batches } = pixelReader(specOf(LABELS));
    await predictLogits(classifier, wide, rows, { view: 'flip' });
    expect(batches.map((batch) => [...batch])).toEqual([
      [5, 6, 9, 10],
      [6, 5, 10, 9],
    ]);
  });

  test('tencrop shows middle and corners and their mirror images', async () => {
    const { classifier, batches } = pixelReader(specOf(LABELS));
    await predictLogits(classifier, wide, rows, { view: 'tencrop' });
    expect(batches.slice(0, 6).map((batch) => [...batch])).toEqual([
      [5, 6, 9, 10],
      [0, 1, 4, 5],
      [2, 3, 6, 7],
      [8, 9, 12, 13],
      [10, 11, 14, 15],
      [6, 5, 10, 9],
    ]);
    expect(batches).toHaveLength(10);
  });

  test('tencrop of a picture as large as the input cuts corners of 11/12 and enlarges them', async () => {
    const ramp: Row[] = [
      { split: 'PrivateTest', label: 'angry', pixels: Array.from({ length: 144 }, (_, i) => 10 * (i % 12)) },
    ];
    const { classifier, batches } = pixelReader(
      specOf(LABELS, { input: { name: 'pixels', width: 12, height: 12, range: [0, 255] } }),
    );
    await predictLogits(classifier, datasetOf(ramp, LABELS, 12), rows, { view: 'tencrop' });
    // Pixel centres of the input lie at (column + 0.5) * 11/12 - 0.5 of the picture, one to the right in the right corners.
    const place = (column: number, shift: number) =>
      10 * Math.min(11, Math.max(0, ((column + 0.5) * 11) / 12 - 0.5 + shift));
    for (const [index, shift] of [
      [1, 0],
      [2, 1],
      [0, 0.5],
    ] as const) {
      expect([...batches[index]!.subarray(0, 12)]).toEqual(
        Array.from({ length: 12 }, (_, column) => expect.closeTo(place(column, shift), 3)),
      );
    }
  });

  test('a crop of another size fills the input', async () => {
    const { classifier, batches } = pixelReader(specOf(LABELS));
    await predictLogits(classifier, wide, rows, { crop: 4 });
    // Each pixel of the input is the mean of four.
    expect([...batches[0]!]).toEqual([2.5, 4.5, 10.5, 12.5]);
  });

  test('a picture smaller than the input is enlarged', async () => {
    const { classifier, batches } = pixelReader(
      specOf(LABELS, { input: { name: 'pixels', width: 4, height: 4, range: [0, 255] } }),
    );
    await predictLogits(classifier, datasetOf([{ ...picture[0]!, pixels: [0, 100, 0, 100] }]), rows);
    expect([...batches[0]!.subarray(0, 4)]).toEqual([0, 25, 75, 100]);
  });

  test('pixels come in the range that the model wants', async () => {
    const { classifier, batches } = pixelReader(
      specOf(LABELS, { input: { name: 'pixels', width: 2, height: 2, range: [-1, 1] } }),
    );
    await predictLogits(classifier, datasetOf([{ ...picture[0]!, pixels: [0, 255, 51, 204] }]), rows);
    expect([...batches[0]!]).toEqual([-1, 1, expect.closeTo(-0.6, 6), expect.closeTo(0.6, 6)]);
  });

  test('batches do not change the logits, and progress counts net inputs', async () => {
    const many = datasetOf(Array.from({ length: 7 }, (_, i) => ({ ...picture[0]!, pixels: [i, 2 * i, 9 - i, 0] })));
    const all = Uint32Array.from({ length: 7 }, (_, i) => i);
    const { classifier } = pixelReader(specOf(LABELS));
    const whole = await predictLogits(classifier, many, all, { view: 'flip' });
    const progress: [number, number][] = [];
    const onProgress = (done: number, total: number) => progress.push([done, total]);
    const parts = await predictLogits(classifier, many, all, { view: 'flip', batchSize: 3, onProgress });
    expect(parts).toEqual(whole);
    expect(progress).toEqual([
      [3, 14],
      [6, 14],
      [7, 14],
      [10, 14],
      [13, 14],
      [14, 14],
    ]);
  });

  test('probabilities of views are averaged after softmax', () => {
    const [sure, torn] = [Float32Array.of(Math.log(9), 0), Float32Array.of(0, 0)];
    const mean = meanProbabilities([sure!, torn!], 2, 1);
    expect([...mean]).toEqual([expect.closeTo(0.7, 6), expect.closeTo(0.3, 6)]);
  });
});

describe('what cannot be evaluated is refused', () => {
  const { classifier } = pixelReader(specOf(['angry', 'happy']));
  const coded = (code: string, message: RegExp) =>
    expect.objectContaining({ code, message: expect.stringMatching(message) });

  test('a class that the model lacks', async () => {
    const evaluation = evaluateClassifier(classifier, dataset, { split: 'PrivateTest' });
    await expect(evaluation).rejects.toEqual(coded('BAD_CLASSES', /'disgust'.*angry, happy/));
    // A class without rows in the split does no harm.
    expect((await evaluateClassifier(classifier, dataset, { split: 'PublicTest' })).samples).toBe(1);
  });

  test('a split without rows', async () => {
    const training = datasetOf([{ split: 'Training', label: 'angry', pixels: [1, 2, 3, 4] }]);
    const evaluation = evaluateClassifier(classifier, training, { split: 'PrivateTest' });
    await expect(evaluation).rejects.toEqual(coded('EMPTY_SELECTION', /no rows of PrivateTest/));
  });

  test('a crop larger than the picture', async () => {
    const evaluation = evaluateClassifier(classifier, dataset, { split: 'PublicTest', crop: 3 });
    await expect(evaluation).rejects.toEqual(coded('BAD_OPTION', /crop of 3 pixels/));
  });
});
