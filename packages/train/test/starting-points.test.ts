import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openClassifier } from '../src/classifier-session.ts';
import { readStartingWeights } from '../src/model-variables.ts';
import type { Recipe } from '../src/recipe.ts';
import { type TrainOptions, train } from '../src/trainer.ts';
import { temporaryFolder } from './helpers/fer-like.ts';
import { engine, folderForAll, tinyDataset, tinyRecipe, withVotes } from './helpers/tiny-run.ts';

const DATASET = tinyDataset();
const BASE = folderForAll();
const MODEL = join(BASE, 'model.onnx');
const LEARNED = tinyRecipe({ epochs: 6 });
/** The model of `base` as a teacher. */
async function openTeacher() {
  await base;
  const bytes = readFileSync(MODEL);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { classifier: await openClassifier(bytes), bytes, sha256 };
}

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
    const told: unknown[] = [];
    const onStart: TrainOptions['onStart'] = (variables, drawn) => told.push(variables, drawn);
    const began = (await run(STANDING, { from, onStart })).validation!.accuracy;
    expect(told).toEqual([expect.any(Number), []]);
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

  it('are drawn where the model has none, which is told', async () => {
    await base;
    const from = await readStartingWeights(MODEL);
    const dense = { ...(LEARNED.model as Record<string, unknown>), dense: [17] };
    const told: unknown[] = [];
    const onStart: TrainOptions['onStart'] = (variables, drawn) => told.push(variables, drawn);
    await run(tinyRecipe({ epochs: 1, model: dense }), { from, onStart });
    const names = ['dense1.weight', 'dense1.bias', 'classifier.weight'];
    expect(told).toEqual([expect.any(Number), names]);
    expect(told[0]).toBeGreaterThan(names.length);
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
  it.each([false, true])('teach a net whose labels count for nothing, consistent: %s', async (consistent) => {
    const teacher = await openTeacher();
    const recipe = tinyRecipe({ epochs: 6, distillation: { weight: 1, view: 'single', consistent } });
    const report = await run(recipe, { teachers: [teacher] }).finally(() => teacher.classifier.close());
    expect(report.validation!.accuracy).toBeGreaterThan(0.6);
  });

  it.each(['single', 'flip'])(
    'say of a step what they say when asked before, where nothing is augmented: %s',
    async (view) => {
      const teacher = await openTeacher();
      // In another order of labels than the data's.
      const labels = teacher.classifier.spec.labels.toReversed();
      const turned = {
        ...teacher,
        classifier: {
          spec: { ...teacher.classifier.spec, labels },
          run: (pixels: Float32Array, count: number) => teacher.classifier.run(pixels, count),
          close: () => teacher.classifier.close(),
        },
      };
      const losses: number[] = [];
      for (const consistent of [false, true]) {
        const recipe = tinyRecipe({ epochs: 2, augmentation: 'none', distillation: { weight: 1, view, consistent } });
        await run(recipe, { teachers: [teacher, turned], onEpoch: ({ loss }) => losses.push(loss) });
      }
      await teacher.classifier.close();
      expect(losses).toHaveLength(4);
      expect(losses[2]! / losses[0]!).toBeCloseTo(1, 4);
      expect(losses[3]! / losses[1]!).toBeCloseTo(1, 4);
    },
  );

  it.each([false, true])('are joined with what votes tell, consistent: %s', async (consistent) => {
    const ignorant = temporaryFolder();
    await run(STANDING, { folder: ignorant });
    const bytes = readFileSync(join(ignorant, 'model.onnx'));
    const classifier = await openClassifier(bytes);
    const teachers = [{ classifier, bytes, sha256: 'of the ignorant' }];
    const learn = (votes: number) => {
      const recipe = tinyRecipe({ epochs: 6, distillation: { weight: 1, view: 'single', consistent, votes } });
      return train(recipe, withVotes(DATASET), { folder: temporaryFolder(), createSession: engine, teachers });
    };
    const [alone, joined] = [await learn(0), await learn(1)];
    await classifier.close();
    expect(alone.validation!.accuracy).toBeLessThan(0.3);
    expect(joined.validation!.accuracy).toBeGreaterThan(0.6);
    await expect(run(tinyRecipe({ distillation: { view: 'single', votes: 1 } }), { teachers })).rejects.toMatchObject({
      code: 'BAD_VOTES',
      message: 'distillation.votes: the data has no FER+ votes',
    });
  });

  it('that look at each step must read its pictures', async () => {
    const teacher = await openTeacher();
    const recipe = tinyRecipe({ epochs: 1, inputSize: 16, distillation: { view: 'single', consistent: true } });
    const failing = run(recipe, { teachers: [teacher] }).finally(() => teacher.classifier.close());
    await expect(failing).rejects.toMatchObject({ code: 'BAD_RECIPE', message: expect.stringContaining('20x20') });
  });

  it('are asked once: a run that goes on has their answers in its folder', async () => {
    const { classifier, bytes } = await openTeacher();
    const folder = temporaryFolder();
    let asked = 0;
    const count: typeof classifier.run = (pixels, images) => {
      asked++;
      return classifier.run(pixels, images);
    };
    const counting = { ...classifier, run: count };
    const teachers = [{ classifier: counting, bytes, sha256: 'of the teacher' }];
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
    const { classifier, bytes } = await openTeacher();
    const teachers = [{ classifier, bytes, sha256: '' }];
    await expect(run(DISTILLING)).rejects.toMatchObject({ code: 'BAD_RECIPE' });
    await expect(run(STANDING, { teachers })).rejects.toMatchObject({ code: 'BAD_RECIPE' });
    await classifier.close();
  });
});
