import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeModel } from '@mememoji/graph/codec';
import { describe, expect, it } from 'vitest';
import { readCheckpoint, writeCheckpoint } from '../src/checkpoint.ts';
import type { Recipe } from '../src/recipe.ts';
import { type TrainOptions, train } from '../src/trainer.ts';
import { temporaryFolder } from './helpers/fer-like.ts';
import { engine, readText, tinyDataset, tinyRecipe } from './helpers/tiny-run.ts';

const DATASET = tinyDataset();

function run(recipe: Recipe, folder: string, options: Partial<TrainOptions> = {}) {
  return train(recipe, DATASET, { folder, createSession: engine, ...options });
}

describe('what goes wrong', () => {
  it.each([
    ['in the next step', 1e30, 36],
    ['some steps later', 1e6, 36],
    ['when the epoch is measured', 1e30, 252],
  ])('a learning rate that is far too high ends it, %s', async (_, peak, batchSize) => {
    const folder = temporaryFolder();
    const recipe = tinyRecipe({ batchSize, schedule: { kind: 'constant', peak } });
    await expect(run(recipe, folder)).rejects.toMatchObject({ code: 'DIVERGED' });
    expect(readText(folder, 'train.log')).toMatch(/ failed: .+\n$/);
    expect(readdirSync(folder)).not.toContain('model.onnx');
  });

  const state = { 'classifier.bias': { dtype: 'float32', shape: [7], data: new Float32Array(7) } } as const;
  const nodeless = { irVersion: 8, producer: 'x', producerVersion: '', opsets: { '': 17 }, metadata: {} };
  const graph = { name: 'g', inputs: [], outputs: [], initializers: new Map(), nodes: [] };
  it.each([
    ['text', Buffer.from('this is no checkpoint')],
    ['nothing', Buffer.alloc(0)],
    ['a model', encodeModel({ ...nodeless, graph })],
    [
      'an ONNX file with wrong positions',
      encodeModel({ ...nodeless, metadata: { 'mememoji.checkpoint': '{}' }, graph }),
    ],
  ])('a checkpoint that is %s is refused', async (_, bytes) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'checkpoint.onnx'), bytes);
    const message = expect.stringMatching(/checkpoint\.onnx is not a checkpoint/);
    await expect(run(tinyRecipe(), folder, { resume: true })).rejects.toMatchObject({
      code: 'BAD_CHECKPOINT',
      message,
    });
  });

  it('a checkpoint of a net with other variables is refused', async () => {
    const folder = temporaryFolder();
    const recipe = tinyRecipe({ epochs: 1 });
    await run(recipe, folder);
    const { position } = (await readCheckpoint(join(folder, 'checkpoint.onnx')))!;
    await writeCheckpoint(join(folder, 'checkpoint.onnx'), { position, state });
    const message = expect.stringMatching(/has no tensor 'block1\.conv1\.weight' of shape \[8, 1, 3, 3\]/);
    await expect(run(recipe, folder, { resume: true })).rejects.toMatchObject({ code: 'BAD_CHECKPOINT', message });
  });

  it.each([
    [{ inputSize: 24 }, 'BAD_RECIPE', /^inputSize: 24 is more/],
    [{ model: { architecture: 'residual' }, evaluationSize: 21 }, 'BAD_RECIPE', /^evaluationSize: 21 is more/],
    [{ voteWeight: 0.3 }, 'BAD_VOTES', /^voteWeight: .*no FER\+ votes/],
    [{ batchSize: 253 }, 'EMPTY_SELECTION', /^252 rows do not fill a batch of 253/],
    [{ data: { merge: { disgust: 'disgust' } } }, 'BAD_CLASSES', /disgust/],
    [
      { data: { merge: { disgust: 'angry' } }, logitAdjustment: { disgust: 1 } },
      'BAD_CLASSES',
      /logitAdjustment.*'disgust'/,
    ],
  ])('data that cannot serve the recipe %j is told of', async (changes, code, message) => {
    const failing = run(tinyRecipe(changes), temporaryFolder());
    await expect(failing).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('pictures too small for the net are told of', async () => {
    const model = { architecture: 'cnn9', widths: [4, 4, 4, 4, 4], depth: 1, dense: [] };
    await expect(run(tinyRecipe({ model }), temporaryFolder())).rejects.toMatchObject({ code: 'BAD_SHAPE' });
  });
});
