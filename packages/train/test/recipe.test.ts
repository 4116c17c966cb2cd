import { globSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LIGHT_AUGMENTATION, SHADED_AUGMENTATION, STANDARD_AUGMENTATION } from '../src/augment.ts';
import { augmentationAt, parseRecipe, readRecipe } from '../src/recipe.ts';
import { temporaryFile, temporaryFolder } from './helpers/fer-like.ts';

const LEAST = { name: 'least', model: { architecture: 'residual' }, epochs: 10 };
const EXAMPLES = join(import.meta.dirname, '../../../examples/recipes');

describe('parseRecipe', () => {
  it('fills in every default', () => {
    expect(parseRecipe(LEAST)).toEqual({
      name: 'least',
      description: '',
      seed: 1,
      data: { merge: {}, dropCopies: true, dropNonFaces: true, fraction: 1, repeat: {} },
      model: {
        architecture: 'residual',
        stem: 32,
        mirror: false,
        stemBlocks: 0,
        widths: [48, 96, 192],
        blocks: 2,
        gates: 0,
        places: 0,
        dropout: 0,
      },
      inputSize: 40,
      batchSize: 64,
      epochs: 10,
      optimizer: { kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 5e-4 },
      schedule: { kind: 'cosine', peak: 0.05, warmupEpochs: 1 },
      augmentation: 'standard',
      lightEpochs: 0,
      labelSmoothing: 0,
      voteWeight: 0,
      logitAdjustment: {},
      arithmetic: 'float32',
      keep: 'last',
    });
    const { model } = parseRecipe({ ...LEAST, model: { architecture: 'cnn9' } });
    const cnn9 = {
      architecture: 'cnn9',
      widths: [32, 64, 128],
      depth: 3,
      dense: [64, 64],
      dropout: 0.5,
      batchNorm: false,
    };
    expect(model).toEqual(cnn9);
  });

  it('gives the same again from what it gave', () => {
    const recipe = parseRecipe({ ...LEAST, mixup: { alpha: 0.2 }, optimizer: { kind: 'adamw' }, patience: 3 });
    expect(parseRecipe(JSON.parse(JSON.stringify(recipe)))).toEqual(recipe);
    expect(JSON.stringify(parseRecipe({ ...recipe, seed: 1 }))).toBe(JSON.stringify(recipe));
  });

  const BAD: [Record<string, unknown>, RegExp][] = [
    [{ name: undefined }, /^the recipe: name: /],
    [{ name: 'two words' }, /: name: /],
    [{ name: '../up' }, /: name: /],
    [{ epochs: undefined }, /: epochs: /],
    [{ epochs: 0 }, /: epochs: /],
    [{ epochs: '10' }, /: epochs: /],
    [{ seed: -1 }, /: seed: /],
    [{ seed: 1.5 }, /: seed: /],
    [{ model: undefined }, /: model: /],
    [{ distillation: { consistent: true } }, /: distillation\.view: consistent teachers/],
    [{ model: { architecture: 'vgg' } }, /: model\.architecture: /],
    [{ model: { architecture: 'residual', widths: [] } }, /: model\.widths: /],
    [{ model: { architecture: 'residual', widths: [48, 0] } }, /: model\.widths\.1: /],
    [{ model: { architecture: 'residual', dropout: 1 } }, /: model\.dropout: /],
    [{ model: { architecture: 'residual', blocks: [2, 0, 1] } }, /: model\.blocks\.1: /],
    [{ model: { architecture: 'residual', widths: [8, 16], blocks: [1] } }, /: model\.blocks: as many numbers as/],
    [{ model: { architecture: 'residual', stem: 7, mirror: true } }, /: model\.mirror: an odd number/],
    [{ model: { architecture: 'residual', widths: [8, 9], mirror: true } }, /: model\.mirror: an odd number/],
    [{ model: { architecture: 'residual', gates: 8, mirror: true } }, /: model\.mirror: gates and places do not keep/],
    [{ model: { architecture: 'residual', places: 8, mirror: true } }, /: model\.mirror: gates and places do not keep/],
    [{ model: { architecture: 'residual', gates: -1 } }, /: model\.gates: /],
    [{ model: { architecture: 'residual', places: 0.5 } }, /: model\.places: /],
    [{ distillation: { votes: -1 } }, /: distillation\.votes: /],
    [{ model: { architecture: 'cnn9', stem: 8 } }, /: model: .*"stem"/],
    [{ model: { architecture: 'cnn9', depth: 0 } }, /: model\.depth: /],
    [{ inputSize: 7 }, /: inputSize: /],
    [{ model: { architecture: 'cnn9' }, inputSize: 40, evaluationSize: 48 }, /: evaluationSize: .*cnn9/],
    [{ model: { architecture: 'residual', places: 8 }, evaluationSize: 48 }, /: evaluationSize: .*places/],
    [{ batchSize: 1 }, /: batchSize: /],
    [{ data: { classes: ['happy'] } }, /: data\.classes: /],
    [{ data: { classes: ['happy', 'bored'] } }, /: data\.classes\.1: /],
    [{ data: { merge: { disgust: 'bored' } } }, /: data\.merge\.disgust: /],
    [{ data: { merge: { bored: 'sad' } } }, /: data\.merge: /],
    [{ data: { fraction: 0 } }, /: data\.fraction: /],
    [{ data: { split: 'PrivateTest' } }, /: data: .*"split"/],
    [{ optimizer: { kind: 'lion' } }, /: optimizer\.kind: /],
    [{ optimizer: { kind: 'sgd', momentum: 1 } }, /: optimizer\.momentum: /],
    [{ optimizer: { kind: 'adam', momentum: 0.9 } }, /: optimizer: .*"momentum"/],
    [{ schedule: { kind: 'cosine' } }, /: schedule\.peak: /],
    [{ schedule: { kind: 'cosine', peak: 0 } }, /: schedule\.peak: /],
    [{ schedule: { kind: 'steps', peak: 0.1 } }, /: schedule\.at: /],
    [{ schedule: { kind: 'steps', peak: 0.1, at: [3], factor: 1 } }, /: schedule\.factor: /],
    [{ augmentation: 'heavy' }, /: augmentation: /],
    [{ lightEpochs: -1 }, /: lightEpochs: /],
    [{ mixup: {} }, /: mixup\.alpha: /],
    [{ mixup: { alpha: 0.2, probability: 2 } }, /: mixup\.probability: /],
    [{ cutmix: { alpha: 0 } }, /: cutmix\.alpha: /],
    [{ labelSmoothing: 1 }, /: labelSmoothing: /],
    [{ voteWeight: -0.1 }, /: voteWeight: /],
    [{ clipNorm: 0 }, /: clipNorm: /],
    [{ sharpness: 0 }, /: sharpness: /],
    [{ averageDecay: 1 }, /: averageDecay: /],
    [{ keep: 'first' }, /: keep: /],
    [{ patience: 0 }, /: patience: /],
    [{ lerningRate: 0.1 }, /: recipe: .*"lerningRate"/],
  ];
  it.each(BAD)('refuses %j and names the entry', (changes, message) => {
    expect(() => parseRecipe({ ...LEAST, ...changes })).toThrow(
      expect.objectContaining({ name: 'TrainError', code: 'BAD_RECIPE', message: expect.stringMatching(message) }),
    );
  });

  it.each([[null], ['text'], [[LEAST]]])('refuses %j', (value) => {
    expect(() => parseRecipe(value, 'x.json')).toThrow(
      expect.objectContaining({ code: 'BAD_RECIPE', message: expect.stringMatching(/^x\.json: recipe: /) }),
    );
  });
});

describe('readRecipe', () => {
  const examples = globSync('*.json', { cwd: EXAMPLES });

  it.each(examples)('reads examples/recipes/%s, which says what it is for', async (file) => {
    expect((await readRecipe(join(EXAMPLES, file))).description).toMatch(/^[A-Z].+\.$/);
  });

  it('finds examples', () => expect(examples).toContain('quick.json'));

  it.each([
    ['a file that is not there', () => '/nowhere/x.json', 'FILE_NOT_FOUND', /there is no recipe .*x\.json/],
    ['a folder', () => temporaryFolder(), 'UNREADABLE_FILE', /cannot read/],
    ['a file that is no JSON', () => temporaryFile('x.json', '{'), 'BAD_RECIPE', /x\.json is not JSON/],
    ['a wrong entry', () => temporaryFile('x.json', '{"name": 3}'), 'BAD_RECIPE', /x\.json: name: /],
  ])('tells of %s', async (_, path, code, message) => {
    await expect(readRecipe(path())).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });
});

describe('augmentationAt', () => {
  const at = (augmentation: string, lightEpochs = 0) => {
    const recipe = parseRecipe({ ...LEAST, augmentation, lightEpochs });
    return (epoch: number) => augmentationAt(recipe, epoch);
  };

  it('is that of the recipe, and light in the last epochs', () => {
    expect(at('none', 2)(9)).toEqual({});
    expect(at('light')(0)).toBe(LIGHT_AUGMENTATION);
    expect(at('standard')(9)).toBe(STANDARD_AUGMENTATION);
    expect([0, 9].map(at('shaded', 1))).toEqual([SHADED_AUGMENTATION, LIGHT_AUGMENTATION]);
    expect([0, 7, 8, 9].map(at('standard', 2))).toEqual([
      STANDARD_AUGMENTATION,
      STANDARD_AUGMENTATION,
      LIGHT_AUGMENTATION,
      LIGHT_AUGMENTATION,
    ]);
  });
});
