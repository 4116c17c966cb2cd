import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openClassifier } from '@mememoji/train/classifier-session';
import { type Dataset, splitIndices } from '@mememoji/train/dataset';
import { createEngine } from '@mememoji/train/engine';
import { predictLogits } from '@mememoji/train/evaluate';
import { Random } from '@mememoji/train/random';
import { parseRecipe, type Recipe } from '@mememoji/train/recipe';
import { train } from '@mememoji/train/trainer';
import { EXPRESSIONS } from '@mememoji/vision/expression';
import { beforeAll, describe, expect, it } from 'vitest';
import { isHeldOut } from '../../src/loop/correction.ts';
import type { CorrectionData } from '../../src/loop/correction-data.ts';
import { currentModel, currentName, rollbackModel } from '../../src/loop/model-folder.ts';
import { type FeedbackTrainOptions, trainOnFeedback } from '../../src/loop/train-on-feedback.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { afterAllFolder } from './folder.ts';

const SIDE = 20;
const createSession = createEngine({ threads: 1, spinning: false });

/**
 * Faces of noise with a bright bar. Where it stands tells the class; in those of a new kind it is as many places further down,
 * which a net that knows only the others reads wrongly.
 */
function faces(count: number, { shift = 0, seed = 1, split = (_: number): number => 0 } = {}): Dataset {
  const random = new Random(seed);
  const targets = Uint8Array.from({ length: count }, (_, row) => row % 7);
  const pixels = new Uint8Array(count * SIDE * SIDE);
  targets.forEach((target, row) => {
    const bar = Math.floor(((((target + shift) % 7) + 0.5) * SIDE) / 7);
    for (let i = 0; i < SIDE * SIDE; i++) {
      pixels[row * SIDE * SIDE + i] = Math.floor(i / SIDE) === bar ? 200 + random.int(56) : random.int(100);
    }
  });
  return {
    labels: EXPRESSIONS,
    width: SIDE,
    height: SIDE,
    count,
    pixels,
    targets,
    splits: Uint8Array.from(targets, (_, row) => split(row)),
    rows: Uint32Array.from(targets, (_, row) => row),
    source: { path: 'memory', sha256: `${shift} ${seed} ${count}` },
  };
}

const NOTHING_LEFT = { withoutPicture: 0, ofOtherSize: 0, ofOtherClass: 0 };
const asCorrections = (dataset: Dataset): CorrectionData => ({ dataset, leftOut: NOTHING_LEFT });
const byImage = (row: number): number => (isHeldOut(`image ${row}`) ? 1 : 0);

function recipe(changes: object): Recipe {
  return parseRecipe({
    name: 'bars',
    model: { architecture: 'cnn9', widths: [8, 8], depth: 1, dense: [16], dropout: 0, batchNorm: true },
    inputSize: SIDE,
    batchSize: 28,
    augmentation: 'none',
    schedule: { kind: 'cosine', peak: 0.1, warmupEpochs: 0.5 },
    data: { dropCopies: false },
    ...changes,
  });
}

const FINE = recipe({ epochs: 12, schedule: { kind: 'cosine', peak: 0.05, warmupEpochs: 0.5 } });

describe('training on corrections', { timeout: 240_000 }, () => {
  const folder = afterAllFolder();
  const base = faces(560, { split: (row) => (row < 420 ? 0 : 1) });
  let old: string;

  beforeAll(async () => {
    await train(recipe({ epochs: 6 }), base, { folder: join(folder(), 'old'), createSession });
    old = join(folder(), 'old', 'model.onnx');
  }, 240_000);

  const options = (models: string): FeedbackTrainOptions => ({
    model: old,
    models,
    folder: join(temporaryFolder(), 'run'),
    createSession,
    recipe: FINE,
  });

  async function accuracyOf(file: string, dataset: Dataset): Promise<number> {
    const classifier = await openClassifier(file);
    const rows = splitIndices(dataset, 'PublicTest');
    const [logits] = await predictLogits(classifier, dataset, rows).finally(() => classifier.close());
    const right = Array.from(rows, (row, i) => {
      const own = Array.from(logits!.subarray(i * 7, (i + 1) * 7));
      return own.indexOf(Math.max(...own)) === dataset.targets[row] ? 1 : 0;
    });
    return right.reduce<number>((sum, one) => sum + one, 0) / right.length;
  }

  it('changes what the model says of such faces, keeps what it knew, and can be taken back', async () => {
    const models = temporaryFolder();
    const wrong = faces(280, { shift: 1, seed: 2, split: byImage });
    // A bar at one place cannot mean two things: of the new kind, it is inverted.
    invert(wrong);
    const report = await trainOnFeedback(asCorrections(wrong), { ...options(models), base });
    expect(report).toMatchObject({ status: 'installed', model: 'mememoji-feedback-1', reasons: [] });
    expect(report.learned + report.heldOut).toBe(280);
    expect(report.onHeldOut?.old).toBeLessThan(0.7);
    expect(report.onHeldOut?.new).toBeGreaterThan(0.9);
    expect(report.onBase?.new).toBeGreaterThanOrEqual(report.onBase!.old - 0.005);
    // Measured anew, from the installed file, on faces that neither has seen.
    const installed = (await currentModel(models))!;
    const fresh = faces(140, { shift: 1, seed: 9, split: () => 1 });
    invert(fresh);
    expect(await accuracyOf(old, fresh)).toBeLessThan(0.7);
    expect(await accuracyOf(installed.file, fresh)).toBeGreaterThan(0.9);
    expect(installed.spec.metrics['heldOutCorrections.accuracy']).toBe(report.onHeldOut?.new);
    expect(await rollbackModel(models)).toBe('shipped');
  });

  it('without base data stands between the old and the new, and keeps the old calibration', async () => {
    const models = temporaryFolder();
    const wrong = faces(280, { shift: 1, seed: 3, split: byImage });
    invert(wrong);
    const report = await trainOnFeedback(asCorrections(wrong), options(models));
    expect(report.onHeldOut!.new).toBeGreaterThan(report.onHeldOut!.old);
    const before = await openClassifier(old);
    const after = await openClassifier(report.file!);
    const { temperature, uncertainBelow, framing } = before.spec;
    expect(after.spec).toMatchObject({ temperature, uncertainBelow, framing, name: 'mememoji-feedback' });
    await before.close();
    await after.close();
  });

  it('without base data takes a model whose nodes another version of the program wrote otherwise', async () => {
    const other = join(temporaryFolder(), 'other.onnx');
    const text = readFileSync(old).toString('latin1');
    expect(text).toContain('constant_');
    writeFileSync(other, text.replaceAll('constant_', 'variant_.'), 'latin1');
    const corrections = asCorrections(faces(70, { seed: 6, split: byImage }));
    const run = { ...options(temporaryFolder()), recipe: { ...FINE, epochs: 1 } };
    const [report, same] = [
      await trainOnFeedback(corrections, { ...run, model: other, folder: join(temporaryFolder(), 'other') }),
      await trainOnFeedback(corrections, run),
    ];
    expect(report.onHeldOut).toEqual(same.onHeldOut);
  });

  it('without base data refuses the recipe of another net, before it trains', async () => {
    const wider = { architecture: 'cnn9', widths: [16, 16], depth: 1, dense: [16], dropout: 0, batchNorm: true };
    const run = { ...options(temporaryFolder()), recipe: recipe({ epochs: 1, model: wider }) };
    const corrections = asCorrections(faces(70, { seed: 6, split: byImage }));
    await expect(trainOnFeedback(corrections, run)).rejects.toMatchObject({ code: 'BAD_FEED' });
    expect(existsSync(join(run.folder, 'checkpoint.onnx'))).toBe(false);
  });

  it('does not install a model that reads worse, neither on corrections nor on base data', async () => {
    const models = temporaryFolder();
    // What is said of the faces to learn from is nonsense, what is said of the others is right.
    const lies = faces(280, { seed: 4, split: byImage });
    lies.splits.forEach((split, row) => {
      if (split === 0) lies.targets[row] = (lies.targets[row]! + 3) % 7;
    });
    const worse = await trainOnFeedback(asCorrections(lies), options(models));
    expect(worse).toMatchObject({ status: 'refused', model: null });
    expect(worse.reasons[0]).toMatch(/^it reads held-out corrections worse: /);
    expect(existsSync(worse.file!)).toBe(true);
    expect(JSON.parse(readFileSync(join(worse.file!, '..', 'feedback.json'), 'utf8'))).toEqual(worse);
    // The same bars with other names everywhere: right for the corrections, and wrong for all else.
    const renamed = faces(280, { shift: 3, seed: 5, split: byImage });
    const forgetful = await trainOnFeedback(asCorrections(renamed), {
      ...options(models),
      base,
      recipe: recipe({ epochs: 20 }),
    });
    expect(forgetful.status).toBe('refused');
    expect(forgetful.reasons.some((reason) => reason.startsWith('it reads the base data worse: '))).toBe(true);
    expect(await currentName(models)).toBe('shipped');
  });

  it('measures only where that is all that is wanted, and needs enough', async () => {
    const models = temporaryFolder();
    const right = faces(70, { seed: 6, split: byImage });
    const epochs = { ...FINE, epochs: 1 };
    expect(
      await trainOnFeedback(asCorrections(right), { ...options(models), recipe: epochs, dryRun: true }),
    ).toMatchObject({
      status: expect.stringMatching(/^(dry run|refused)$/),
      model: null,
    });
    expect(await currentName(models)).toBe('shipped');
    const few = faces(7, { split: (row) => (row < 2 ? 1 : 0) });
    const data = { dataset: few, leftOut: { ...NOTHING_LEFT, withoutPicture: 4 } };
    await expect(trainOnFeedback(data, options(models))).rejects.toMatchObject({
      code: 'TOO_FEW_CORRECTIONS',
      message: 'there are 5 corrections to learn from and 2 to measure on; 4 more have no picture',
    });
  });
});

function invert({ pixels }: Dataset): void {
  pixels.forEach((value, i) => {
    pixels[i] = 255 - value;
  });
}
