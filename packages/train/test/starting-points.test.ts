import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openClassifier } from '../src/classifier-session.ts';
import { readStartingWeights } from '../src/model-variables.ts';
import type { Recipe } from '../src/recipe.ts';
import { type TrainOptions, train } from '../src/trainer.ts';
import { temporaryFolder } from './helpers/fer-like.ts';
import { engine, folderForAll, tinyDataset, tinyRecipe } from './helpers/tiny-run.ts';

const DATASET = tinyDataset();
const BASE = folderForAll();
const MODEL = join(BASE, 'model.onnx');
const LEARNED = tinyRecipe({ epochs: 6 });
/** Too slow to learn anything: what comes out is what went in. */
const STANDING = tinyRecipe({ epochs: 1, schedule: { kind: 'constant', peak: 1e-9 } });
const DISTILLING = tinyRecipe({ epochs: 1, distillation: { view: 'single' } });

function run(recipe: Recipe, options: Partial<TrainOptions> = {}) {
  return train(recipe, DATASET, { folder: temporaryFolder(), createSession: engine, ...options });
}

const base = train(LEARNED, DATASET, { folder: BASE, createSession: engine });

describe('weights to start from', () => {
  it.each(['model.onnx', 'checkpoint.onnx'])('are taken from %s', async (file) => {
    const { validation } = await base;
    const from = await readStartingWeights(join(BASE, file));
    const began = (await run(STANDING, { from })).validation!.accuracy;
    const drawn = (await run(STANDING)).validation!.accuracy;
    expect(validation!.accuracy).toBeGreaterThan(0.6);
    expect(began).toBeGreaterThan(validation!.accuracy - 0.1);
    expect(drawn).toBeLessThan(validation!.accuracy - 0.3);
  });

  it('must be of the same net', async () => {
    await base;
    const from = await readStartingWeights(MODEL);
    const other = tinyRecipe({ epochs: 1, model: { architecture: 'residual', stem: 4, widths: [4], blocks: 1 } });
    const values = new Map([...from.values].filter(([name]) => !name.startsWith('classifier')));
    await expect(run(other, { from: { ...from, values } })).rejects.toMatchObject({ code: 'BAD_MODEL' });
  });

  it('must be in a file that holds some', async () => {
    const text = join(temporaryFolder(), 'text.onnx');
    writeFileSync(text, 'no model');
    await expect(readStartingWeights(text)).rejects.toMatchObject({ code: 'BAD_MODEL' });
    await expect(readStartingWeights(`${text}.gone`)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
  });

  it('belong to the run: it is not resumed with others', async () => {
    await base;
    const folder = temporaryFolder();
    const from = await readStartingWeights(MODEL);
    await run(STANDING, { folder, from });
    await expect(run(STANDING, { folder, resume: true })).rejects.toMatchObject({ code: 'BAD_CHECKPOINT' });
  });
});

describe('teachers', () => {
  it('teach a net whose labels count for nothing', async () => {
    await base;
    const classifier = await openClassifier(MODEL);
    const sha256 = createHash('sha256').update(readFileSync(MODEL)).digest('hex');
    const recipe = tinyRecipe({ epochs: 6, distillation: { weight: 1, view: 'single' } });
    const report = await run(recipe, { teachers: [{ classifier, sha256 }] }).finally(() => classifier.close());
    expect(report.validation!.accuracy).toBeGreaterThan(0.6);
  });

  it('are asked once: a run that goes on has their answers in its folder', async () => {
    await base;
    const folder = temporaryFolder();
    const classifier = await openClassifier(MODEL);
    let asked = 0;
    const count: typeof classifier.run = (pixels, images) => {
      asked++;
      return classifier.run(pixels, images);
    };
    const counting = { ...classifier, run: count };
    const teachers = [{ classifier: counting, sha256: 'of the teacher' }];
    const told: number[] = [];
    await run(DISTILLING, { folder, teachers, onTeaching: (done, total) => told.push(done / total) });
    const first = asked;
    expect(first).toBeGreaterThan(0);
    expect(told.at(-1)).toBe(1);
    await run(DISTILLING, { folder, teachers, resume: true });
    expect(asked).toBe(first);
    writeFileSync(join(folder, 'taught.onnx'), 'cut off');
    await run(DISTILLING, { folder, teachers, resume: true });
    expect(asked).toBe(2 * first);
    await classifier.close();
  });

  it('go with a recipe that wants them, and only with such', async () => {
    await base;
    const classifier = await openClassifier(MODEL);
    const teachers = [{ classifier, sha256: '' }];
    await expect(run(DISTILLING)).rejects.toMatchObject({ code: 'BAD_RECIPE' });
    await expect(run(STANDING, { teachers })).rejects.toMatchObject({ code: 'BAD_RECIPE' });
    await classifier.close();
  });
});
