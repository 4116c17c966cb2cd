import { globSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseSweep, readSweep, type Sweep } from '../src/sweep-file.ts';
import { expandTrials, type Trial } from '../src/sweep-trials.ts';
import { temporaryFile, temporaryFolder } from './helpers/fer-like.ts';

const BASE = { name: 'base', model: { architecture: 'residual' }, epochs: 10 };
const GRID = { name: 'try', base: BASE, grid: { 'schedule.peak': [0.1, 0.2] } };
const EXAMPLES = join(import.meta.dirname, '../../../examples/sweeps');

function sweepOf(changes: Record<string, unknown>): Sweep {
  const { grid, ...rest } = GRID;
  return parseSweep({ ...rest, ...(changes.random === undefined && { grid }), ...changes });
}

function recipeOf({ recipe }: Trial) {
  if (recipe instanceof Error) throw recipe;
  return recipe;
}

describe('parseSweep', () => {
  it('fills in the defaults', () => {
    expect(parseSweep({ ...GRID, halving: { firstEpochs: 2 } })).toEqual({
      ...GRID,
      description: '',
      halving: { firstEpochs: 2, factor: 3 },
    });
    expect(sweepOf({ random: { count: 3, space: {} } }).random).toEqual({ count: 3, seed: 1, space: {} });
  });

  const BAD: [Record<string, unknown>, RegExp][] = [
    [{ name: 'two words' }, /^the sweep: name: /],
    [{ base: 3 }, /: base: /],
    [{ base: 'recipe.json' }, /: base: a path/],
    [{ grid: undefined, random: undefined }, /: sweep: it must have one of grid and random/],
    [{ random: { count: 1, space: {} }, grid: {} }, /: sweep: it must have one of grid and random/],
    [{ grid: { 'schedule.peak': [] } }, /: grid\.schedule\.peak: /],
    [{ grid: { 'schedule.peak': 0.1 } }, /: grid\.schedule\.peak: /],
    [{ grid: { 'model.__proto__': [1] } }, /: grid\.model\.__proto__: /],
    [{ grid: { '': [1] } }, /: grid\.: /],
    [{ random: { count: 0, space: {} } }, /: random\.count: /],
    [{ random: { count: 1, space: { seed: 3 } } }, /: random\.space\.seed: it must be one of uniform/],
    [{ random: { count: 1, space: { seed: { choice: [] } } } }, /: random\.space\.seed/],
    [{ random: { count: 1, space: { seed: { integer: [0.5, 2] } } } }, /: random\.space\.seed/],
    [{ random: { count: 1, space: { seed: { uniform: [2, 1] } } } }, /: random\.space\.seed/],
    [{ random: { count: 1, space: { seed: { log: [0, 1] } } } }, /: random\.space\.seed/],
    [{ random: { count: 1, space: { seed: { log: [1, 2], uniform: [1, 2] } } } }, /: random\.space\.seed/],
    [{ epochs: 0 }, /: epochs: /],
    [{ halving: { firstEpochs: 0 } }, /: halving\.firstEpochs: /],
    [{ halving: { firstEpochs: 1, factor: 1 } }, /: halving\.factor: /],
    [{ trials: 3 }, /: sweep: .*"trials"/],
  ];
  it.each(BAD)('refuses %j and names the entry', (changes, message) => {
    expect(() => sweepOf(changes)).toThrow(
      expect.objectContaining({ name: 'TrainError', code: 'BAD_SWEEP', message: expect.stringMatching(message) }),
    );
  });
});

describe('readSweep', () => {
  it('finds the recipe from the folder of the sweep', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'sweeps'));
    writeFileSync(join(folder, 'recipe.json'), JSON.stringify(BASE));
    writeFileSync(join(folder, 'sweeps/s.json'), JSON.stringify({ ...GRID, base: '../recipe.json' }));
    expect((await readSweep(join(folder, 'sweeps/s.json'))).base).toEqual(BASE);
  });

  it.each([
    ['a file that is not there', () => '/nowhere/s.json', 'FILE_NOT_FOUND', /there is no file .*s\.json/],
    ['a folder', () => temporaryFolder(), 'UNREADABLE_FILE', /cannot read/],
    ['a file that is no JSON', () => temporaryFile('s.json', 'x'), 'BAD_SWEEP', /s\.json is not JSON/],
    [
      'a base that is not there',
      () => temporaryFile('s.json', '{"name":"s","base":"r.json","grid":{}}'),
      'FILE_NOT_FOUND',
      /no file .*r\.json/,
    ],
    ['a wrong entry', () => temporaryFile('s.json', '{"name": 3}'), 'BAD_SWEEP', /s\.json: name: /],
  ])('tells of %s', async (_, path, code, message) => {
    await expect(readSweep(path())).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  const examples = globSync('*.json', { cwd: EXAMPLES });
  it.each(examples)('reads examples/sweeps/%s, whose every trial is a recipe', async (file) => {
    const sweep = await readSweep(join(EXAMPLES, file));
    expect(`${sweep.name}.json`).toBe(file);
    const trials = expandTrials(sweep);
    expect(trials.length).toBeGreaterThanOrEqual(20);
    for (const trial of trials) expect(recipeOf(trial).name).toBe(`${sweep.name}-${trial.id}`);
  });

  it('finds the example that mirrors the original', () => expect(examples).toContain('original.json'));
});

describe('expandTrials', () => {
  it('makes every combination, the last entry changing first', () => {
    const grid = { 'model.widths': [[16], [16, 32]], 'schedule.peak': [0.1, 0.2], seed: [7] };
    const trials = expandTrials(sweepOf({ grid, epochs: 4 }));
    expect(trials.map(({ id, changes }) => [id, ...Object.values(changes)])).toEqual([
      ['001', [16], 0.1, 7],
      ['002', [16], 0.2, 7],
      ['003', [16, 32], 0.1, 7],
      ['004', [16, 32], 0.2, 7],
    ]);
    const [, , third] = trials.map(recipeOf);
    expect(third).toMatchObject({ name: 'try-003', seed: 7, epochs: 4 });
    expect(third!.model).toEqual({
      ...BASE.model,
      stem: 32,
      stemBlocks: 0,
      widths: [16, 32],
      blocks: 2,
      mirror: false,
      gates: 0,
      places: 0,
      dropout: 0,
    });
    expect(third!.schedule).toEqual({ kind: 'cosine', peak: 0.1, warmupEpochs: 1 });
  });

  it('makes what is missing on the way, and changes whole parts', () => {
    const nets = [{ architecture: 'cnn9', depth: 1 }, { architecture: 'residual' }];
    const trials = expandTrials(sweepOf({ grid: { model: nets, 'mixup.alpha': [0.2] } })).map(recipeOf);
    expect(trials.map(({ model }) => model.architecture)).toEqual(['cnn9', 'residual']);
    expect(trials.map(({ mixup }) => mixup)).toEqual([
      { alpha: 0.2, probability: 1 },
      { alpha: 0.2, probability: 1 },
    ]);
  });

  it('leaves the base as it is', () => {
    const base = structuredClone(BASE);
    expandTrials(sweepOf({ base, grid: { 'model.blocks': [1, 3] } }));
    expect(base).toEqual(BASE);
  });

  it('keeps a combination that makes no recipe, as one that fails', () => {
    const trials = expandTrials(sweepOf({ grid: { 'model.dropout': [0.5, 2] } }));
    expect(recipeOf(trials[0]!).model).toMatchObject({ dropout: 0.5 });
    expect(trials[1]!.recipe).toMatchObject({
      code: 'BAD_RECIPE',
      message: expect.stringMatching(/^trial 002: model\.dropout: /),
    });
  });

  it('refuses a sweep of which no combination makes a recipe', () => {
    expect(() => expandTrials(sweepOf({ grid: { 'model.width': [[16], [32]] } }))).toThrow(
      expect.objectContaining({ code: 'BAD_SWEEP', message: expect.stringMatching(/^trial 001: model: .*"width"/) }),
    );
  });

  const space = {
    'schedule.peak': { log: [0.001, 1] },
    'model.dropout': { uniform: [0.2, 0.6] },
    'model.blocks': { integer: [1, 3] },
    augmentation: { choice: ['none', 'light'] },
  };
  const changesOf = (count: number, seed = 1) =>
    expandTrials(sweepOf({ random: { count, seed, space } })).map(({ changes }) => changes);

  it('draws from the space, by seed, and more where more are wanted', () => {
    const draws = changesOf(400);
    const column = (entry: string) => draws.map((changes) => changes[entry] as number);
    const share = (entry: string, holds: (value: number) => boolean) => column(entry).filter(holds).length / 400;
    expect(Math.min(...column('schedule.peak'))).toBeGreaterThanOrEqual(0.001);
    expect(Math.max(...column('schedule.peak'))).toBeLessThanOrEqual(1);
    // A third of the logarithms lies in each decade.
    expect(share('schedule.peak', (peak) => peak < 0.01)).toBeCloseTo(1 / 3, 1);
    expect(share('schedule.peak', (peak) => peak > 0.1)).toBeCloseTo(1 / 3, 1);
    expect(Math.min(...column('model.dropout'))).toBeGreaterThanOrEqual(0.2);
    expect(Math.max(...column('model.dropout'))).toBeLessThanOrEqual(0.6);
    expect(share('model.dropout', (rate) => rate < 0.3)).toBeCloseTo(0.25, 1);
    expect(new Set(column('model.blocks'))).toEqual(new Set([1, 2, 3]));
    expect(share('model.blocks', (blocks) => blocks === 3)).toBeCloseTo(1 / 3, 1);
    expect(new Set(draws.map(({ augmentation }) => augmentation))).toEqual(new Set(['none', 'light']));
    for (const peak of column('schedule.peak')) expect(String(peak)).toBe(String(Number(peak.toPrecision(4))));
    expect(changesOf(5)).toEqual(draws.slice(0, 5));
    expect(changesOf(5, 2)).not.toEqual(changesOf(5));
  });

  it('numbers many trials so that they sort', () => {
    const ids = expandTrials(sweepOf({ random: { count: 1000, space: {} } })).map(({ id }) => id);
    expect([ids[0], ids[999]]).toEqual(['0001', '1000']);
  });
});
