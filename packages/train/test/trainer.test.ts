import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { averageName } from '@mememoji/graph/training-step';
import { beforeAll, describe, expect, it } from 'vitest';
import { type EpochMetrics, readCheckpoint } from '../src/checkpoint.ts';
import { openClassifier } from '../src/classifier-session.ts';
import type { Dataset } from '../src/dataset.ts';
import { evaluateClassifier } from '../src/evaluate.ts';
import { parseRecipe, type Recipe } from '../src/recipe.ts';
import type { RunReport } from '../src/run-report.ts';
import { type TrainingProgress, type TrainOptions, train } from '../src/trainer.ts';
import { temporaryFolder } from './helpers/fer-like.ts';
import { engine, folderForAll, readTensors, readText, tinyDataset, tinyRecipe, withVotes } from './helpers/tiny-run.ts';

const DATASET = tinyDataset();
/** Milliseconds, for machines that have other things to do. */
const PATIENCE = 180_000;

function run(recipe: Recipe, folder: string, options: Partial<TrainOptions> = {}, dataset = DATASET) {
  return train(recipe, dataset, { folder, createSession: engine, ...options });
}

async function evaluate(folder: string, dataset: Dataset) {
  const classifier = await openClassifier(join(folder, 'model.onnx'));
  try {
    return { spec: classifier.spec, ...(await evaluateClassifier(classifier, dataset, { split: 'PublicTest' })) };
  } finally {
    await classifier.close();
  }
}

describe('a run of three epochs', { timeout: PATIENCE }, () => {
  const folder = folderForAll();
  const recipe = tinyRecipe();
  const epochs: EpochMetrics[] = [];
  const steps: TrainingProgress[] = [];
  let report: RunReport;

  beforeAll(async () => {
    report = await run(recipe, folder, {
      onEpoch: (metrics) => epochs.push(metrics),
      onProgress: (progress) => steps.push(progress),
    });
  }, PATIENCE);

  it('learns to read the pictures', () => {
    expect(report.status).toBe('finished');
    expect(report.validation!.accuracy).toBeGreaterThan(0.95);
    expect(epochs[1]!.loss).toBeLessThan(epochs[0]!.loss / 2);
    expect(epochs[2]!.loss).toBeLessThan(epochs[1]!.loss / 2);
  });

  it('leaves a folder with everything and no more', () => {
    const files = ['checkpoint.onnx', 'config.json', 'metrics.csv', 'model.onnx', 'report.json', 'train.log'];
    expect(readdirSync(folder).sort()).toEqual(files);
    expect(parseRecipe(JSON.parse(readText(folder, 'config.json')))).toEqual(recipe);
    const log = readText(folder, 'train.log').trimEnd().split('\n');
    expect(log.map((line) => line.replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z /, ''))).toEqual([
      'started',
      ...epochs.map(
        ({ epoch, loss, validationAccuracy }) =>
          `epoch ${epoch}: loss ${loss.toFixed(4)}, validation ${(100 * validationAccuracy).toFixed(2)}%`,
      ),
      `finished: validation ${(100 * report.validation!.accuracy).toFixed(2)}%`,
    ]);
  });

  it('writes a row of metrics per epoch', () => {
    const [head, ...rows] = readText(folder, 'metrics.csv').trimEnd().split('\n');
    expect(head).toBe('epoch,learningRate,loss,validationLoss,validationAccuracy,seconds,imagesPerSecond');
    expect(rows.map((row) => row.split(',').map(Number))).toEqual(epochs.map((metrics) => Object.values(metrics)));
    expect(epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    expect(epochs.map(({ learningRate }) => learningRate)).toEqual([0.1, 0.05, 0]);
    for (const { seconds, imagesPerSecond } of epochs) expect(seconds * imagesPerSecond).toBeCloseTo(252, 6);
  });

  it('reports what it did', () => {
    expect(JSON.parse(readText(folder, 'report.json'))).toEqual(report);
    const best = epochs.toSorted((a, b) => b.validationAccuracy - a.validationAccuracy)[0]!;
    expect(report).toMatchObject({
      name: 'tiny',
      seed: 1,
      // Two convolutions with normalisation, a dense layer over 8 maps of 5x5, the classifier.
      parameters: 8 * 9 + 2 * 8 + 8 * 8 * 9 + 2 * 8 + (200 * 16 + 16) + (16 * 7 + 7),
      trainingSamples: 252,
      validationSamples: 84,
      dataHash: '00',
      epochs: 3,
      best: { epoch: best.epoch, accuracy: best.validationAccuracy },
      node: process.version,
    });
    expect(report.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(report.seconds).toBeGreaterThanOrEqual(epochs.reduce((sum, { seconds }) => sum + seconds, 0));
    expect([0, 8, 16]).toContain(report.blockSize);
  });

  it('tells how far it is after each batch', () => {
    expect(steps.map(({ epoch, batch }) => [epoch, batch])).toEqual(
      Array.from({ length: 21 }, (_, i) => [1 + Math.floor(i / 7), 1 + (i % 7)]),
    );
    for (const { batches, epochs: all, imagesPerSecond } of steps) {
      expect([batches, all]).toEqual([7, 3]);
      expect(imagesPerSecond).toBeGreaterThan(0);
    }
    const { loss, secondsLeft } = steps.at(-1)!;
    expect(secondsLeft).toBe(0);
    expect(loss).toBe(epochs[2]!.loss);
    const { secondsLeft: left, imagesPerSecond } = steps[0]!;
    expect(left * imagesPerSecond).toBeCloseTo(20 * 36, 6);
  });

  it('exports a model that describes itself and reaches the reported numbers', async () => {
    const { spec, ...evaluation } = await evaluate(folder, DATASET);
    const { accuracy, loss, temperature, uncertainBelow } = report.validation!;
    expect(evaluation.accuracy).toBe(accuracy);
    expect(evaluation.nllUncalibrated).toBeCloseTo(loss, 6);
    expect(evaluation.nll).toBeLessThanOrEqual(evaluation.nllUncalibrated);
    expect(spec).toMatchObject({
      name: 'tiny',
      labels: DATASET.labels,
      input: { width: 20, height: 20, range: [0, 255] },
      temperature,
      uncertainBelow,
      training: { run: report.fingerprint.slice(0, 12), seed: 1, epochs: 3, dataHash: '00' },
      metrics: { 'publicTest.accuracy': accuracy, 'publicTest.nll': loss },
    });
    expect(JSON.parse(spec.training.recipe)).toEqual(recipe);
    expect(accuracy).toBe(epochs[2]!.validationAccuracy);
  });

  it('is not begun again by mistake', async () => {
    await expect(run(recipe, folder)).rejects.toMatchObject({
      code: 'RUN_EXISTS',
      hint: expect.stringMatching(/--resume/),
    });
  });

  it('gives the same model again when it is resumed after its end', async () => {
    const before = readTensors(join(folder, 'model.onnx'));
    const again = await run(recipe, folder, { resume: true, onProgress: () => expect.unreachable('trained on') });
    expect(again.validation).toEqual(report.validation);
    expect(readTensors(join(folder, 'model.onnx'))).toEqual(before);
  });

  it.each([
    ['another recipe', tinyRecipe({ labelSmoothing: 0.1 }), DATASET],
    ['another seed', tinyRecipe({ seed: 2 }), DATASET],
    ['other data', recipe, { ...DATASET, source: { path: 'memory', sha256: '01' } }],
    ['other votes', recipe, withVotes(DATASET)],
  ])('does not go on with %s', async (_, other, dataset) => {
    const again = run(other, folder, { resume: true }, dataset);
    await expect(again).rejects.toMatchObject({
      code: 'BAD_CHECKPOINT',
      message: expect.stringMatching(/another recipe or other data/),
    });
  });
});

describe('what a recipe asks for', { timeout: PATIENCE }, () => {
  it('a moving average is what is evaluated and exported', async () => {
    const folder = temporaryFolder();
    const recipe = tinyRecipe({ averageDecay: 0.8 });
    const report = await run(recipe, folder);
    expect(report.validation!.accuracy).toBeGreaterThan(0.9);
    const { state } = (await readCheckpoint(join(folder, 'checkpoint.onnx')))!;
    const average = state[averageName('classifier.weight')]!;
    const exported = Object.values(readTensors(join(folder, 'model.onnx')));
    expect(average.data).not.toEqual(state['classifier.weight']!.data);
    expect(exported.map(({ data }) => [...data])).toContainEqual([...average.data]);
    expect((await evaluate(folder, DATASET)).accuracy).toBe(report.validation!.accuracy);
  });

  it('votes teach beside the labels, and their classifier is not exported', async () => {
    const dataset = withVotes(DATASET);
    const [plain, voted] = [temporaryFolder(), temporaryFolder()];
    const losses: number[] = [];
    const onEpoch = ({ loss }: EpochMetrics) => losses.push(loss);
    const without = await run(tinyRecipe({ epochs: 2 }), plain, { onEpoch }, dataset);
    const report = await run(tinyRecipe({ epochs: 2, voteWeight: 0.5 }), voted, { onEpoch }, dataset);
    expect(report.parameters).toBe(without.parameters);
    expect(report.validation!.accuracy).toBeGreaterThan(0.8);
    const { state } = (await readCheckpoint(join(voted, 'checkpoint.onnx')))!;
    expect(state['voteClassifier.weight']!.shape).toEqual([8, 16]);
    expect(state['voteClassifier.bias']!.data.some((value) => value !== 0)).toBe(true);
    // Cross-entropy against eight votes of ten cannot fall below their entropy.
    const entropy = -(0.8 * Math.log(0.8) + 0.2 * Math.log(0.2)) * (6 / 7);
    expect(losses[3]! - losses[1]!).toBeGreaterThan(0.5 * entropy * 0.8);
    const sizes = (folder: string) => Object.values(readTensors(join(folder, 'model.onnx'))).map(({ shape }) => shape);
    expect(sizes(voted)).toEqual(sizes(plain));
    expect(readTensors(join(voted, 'model.onnx'))).not.toEqual(readTensors(join(plain, 'model.onnx')));
  });

  it('six classes, with disgust counted as angry', async () => {
    const folder = temporaryFolder();
    const report = await run(tinyRecipe({ data: { merge: { disgust: 'angry' } } }), folder);
    const labels = ['angry', 'fear', 'happy', 'sad', 'surprise', 'neutral'];
    const merged = { ...DATASET, labels: DATASET.labels.filter((label) => label !== 'disgust') };
    const targets = DATASET.targets.map((target) =>
      labels.indexOf(DATASET.labels[target]!.replace('disgust', 'angry')),
    );
    const { spec, accuracy, support } = await evaluate(folder, { ...merged, targets });
    expect(spec.labels).toEqual(labels);
    expect(accuracy).toBe(report.validation!.accuracy);
    expect(accuracy).toBeGreaterThan(0.9);
    expect(support).toEqual({ angry: 24, fear: 12, happy: 12, sad: 12, surprise: 12, neutral: 12 });
  });

  it('some classes and a share of the pictures', async () => {
    const folder = temporaryFolder();
    const recipe = tinyRecipe({ epochs: 1, data: { classes: ['happy', 'sad', 'neutral'], fraction: 0.5 } });
    const report = await run(recipe, folder);
    expect([report.trainingSamples, report.validationSamples]).toEqual([54, 36]);
    expect((await openClassifierSpec(folder)).labels).toEqual(['happy', 'sad', 'neutral']);
  });

  it('patience ends a run that no longer gets better, for good', async () => {
    const folder = temporaryFolder();
    const still = { kind: 'constant', peak: 1e-9 };
    const recipe = tinyRecipe({ epochs: 9, patience: 2, schedule: still, averageDecay: 0.5 });
    const report = await run(recipe, folder);
    expect(report).toMatchObject({ status: 'stopped early', epochs: 3, best: { epoch: 1 } });
    expect(readText(folder, 'metrics.csv').trimEnd().split('\n')).toHaveLength(4);
    expect(report.validation!.loss).toBe(
      Number(readText(folder, 'metrics.csv').trimEnd().split('\n').at(-1)!.split(',')[3]),
    );
    const again = await run(recipe, folder, { resume: true, onProgress: () => expect.unreachable('trained on') });
    expect(again).toEqual({ ...report, seconds: again.seconds });
  });

  it('the best epoch instead of the last', async () => {
    const folder = temporaryFolder();
    const rough = { kind: 'constant', peak: 0.6 };
    const report = await run(tinyRecipe({ epochs: 5, schedule: rough, keep: 'best' }), folder);
    const accuracies = readText(folder, 'metrics.csv')
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((row) => Number(row.split(',')[4]));
    expect(accuracies.at(-1)).toBeLessThan(Math.max(...accuracies));
    expect(report.best).toEqual({
      epoch: 1 + accuracies.indexOf(Math.max(...accuracies)),
      accuracy: Math.max(...accuracies),
    });
    expect(report.validation!.accuracy).toBe(report.best.accuracy);
    expect((await evaluate(folder, DATASET)).accuracy).toBe(report.best.accuracy);
  });

  it('a larger picture once trained', async () => {
    const folder = temporaryFolder();
    const model = { architecture: 'residual', stem: 4, widths: [8], blocks: 1 };
    const report = await run(tinyRecipe({ epochs: 1, model, inputSize: 16, evaluationSize: 20 }), folder);
    const { spec, accuracy } = await evaluate(folder, DATASET);
    expect(spec.input).toMatchObject({ width: 20, height: 20 });
    expect(accuracy).toBe(report.validation!.accuracy);
  });
});

async function openClassifierSpec(folder: string) {
  const classifier = await openClassifier(join(folder, 'model.onnx'));
  await classifier.close();
  return classifier.spec;
}
