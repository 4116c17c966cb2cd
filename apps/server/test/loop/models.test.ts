import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseClassifierSpec } from '@mememoji/vision/classifier-spec';
import { readOnnxMetadata } from '@mememoji/vision/onnx-metadata';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startAnalyzers } from '../../src/analysis/pool.ts';
import { chooseModel, followModels } from '../../src/loop/follow-models.ts';
import {
  addModel,
  currentModel,
  currentName,
  installModel,
  listInstalled,
  rollbackModel,
  useModel,
} from '../../src/loop/model-folder.ts';
import { hasChoice, modelsFolder } from '../../src/loop/models-place.ts';
import { picture } from '../fakes.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { someModel } from './some-model.ts';

describe('modelsFolder', () => {
  it('follows MEMEMOJI_MODELS, then XDG_DATA_HOME, then the home', () => {
    expect(modelsFolder({ MEMEMOJI_MODELS: '/m', XDG_DATA_HOME: '/x' })).toBe('/m');
    expect(modelsFolder({ XDG_DATA_HOME: '/x' })).toBe('/x/mememoji/models');
    expect(modelsFolder({})).toMatch(/\/\.local\/share\/mememoji\/models$/);
  });
});

describe('the folder of installed models', () => {
  it('has the shipped model in use until another is installed', async () => {
    const folder = join(temporaryFolder(), 'none');
    expect(hasChoice(folder)).toBe(false);
    expect(await currentModel(folder)).toBeUndefined();
    expect(await listInstalled(folder)).toEqual([]);
    await expect(rollbackModel(folder)).rejects.toMatchObject({ code: 'UNKNOWN_MODEL' });
  });

  it('numbers models of a name, uses the newest, and goes back step by step', async () => {
    const folder = temporaryFolder();
    const [first, second] = [
      await installModel(folder, someModel(), 'mine'),
      await installModel(folder, someModel(), 'mine'),
    ];
    expect([first.name, second.name]).toEqual(['mine-1', 'mine-2']);
    expect(second.spec).toMatchObject({ name: 'mine', version: '2' });
    expect(parseClassifierSpec(readOnnxMetadata(someModel())).name).toBe('some');
    expect((await currentModel(folder))?.file).toBe(second.file);
    await useModel(folder, 'shipped');
    expect(await currentModel(folder)).toBeUndefined();
    expect([await rollbackModel(folder), await rollbackModel(folder), await rollbackModel(folder)]).toEqual([
      'mine-2',
      'mine-1',
      'shipped',
    ]);
    await expect(rollbackModel(folder)).rejects.toMatchObject({ code: 'UNKNOWN_MODEL' });
    expect(readdirSync(folder).sort()).toEqual(['current.json', 'mine-1.onnx', 'mine-2.onnx']);
  });

  it('keeps each of the models that are added at once', async () => {
    const folder = temporaryFolder();
    const added = await Promise.all(Array.from({ length: 5 }, () => addModel(folder, someModel(), 'mine')));
    expect(added.map(({ name }) => name).sort()).toEqual(['mine-1', 'mine-2', 'mine-3', 'mine-4', 'mine-5']);
    expect(await currentName(folder)).toBe('shipped');
  });

  it('refuses names that it does not have, and tells of a broken pointer', async () => {
    const folder = temporaryFolder();
    const { file } = await addModel(folder, someModel());
    expect(file).toBe(join(folder, 'some-1.onnx'));
    await expect(useModel(folder, '../some-1')).rejects.toMatchObject({ code: 'UNKNOWN_MODEL' });
    await useModel(folder, 'some-1');
    rmSync(file);
    await expect(currentModel(folder)).rejects.toMatchObject({ code: 'BAD_MODELS_FOLDER' });
    writeFileSync(join(folder, 'current.json'), '{');
    await expect(currentName(folder)).rejects.toMatchObject({ code: 'BAD_MODELS_FOLDER' });
  });
});

describe('an analyzer that follows the folder', () => {
  it('takes another model while it works, drops nothing, and keeps the old one where the new one is broken', {
    timeout: 240_000,
  }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mememoji-follow-'));
    const env = { MEMEMOJI_MODELS: folder };
    await installModel(folder, someModel(), 'mine');
    const choice = await chooseModel(undefined, env);
    const analyzer = await startAnalyzers({ analyzers: 2, model: await choice.file(), maxPixels: 1e7 });
    const [changes, errors]: [string[], unknown[]] = [[], []];
    const follower = choice.follow(analyzer, {
      onChange: (name) => changes.push(name),
      onError: (error) => errors.push(error),
    });
    onTestFinished(async () => {
      await follower.close();
      await analyzer.close();
      rmSync(folder, { recursive: true });
    });
    expect(analyzer.spec.version).toBe('1');

    const image = await picture(0);
    let working = true;
    const answers: string[] = [];
    const load = Array.from({ length: 4 }, async () => {
      while (working) answers.push((await analyzer.analyze(new Uint8Array(image))).model);
    });
    while (answers.length < 5) await new Promise((resolve) => setTimeout(resolve, 20));
    await installModel(folder, someModel(), 'mine');
    await follower.look();
    expect(analyzer.spec.version).toBe('2');
    const after = answers.length;
    while (answers.length < after + 10) await new Promise((resolve) => setTimeout(resolve, 20));
    working = false;
    await Promise.all(load); // each call was answered: one that was refused would be thrown here
    expect(new Set(answers)).toEqual(new Set(['mine 1', 'mine 2']));
    expect(answers.slice(after + 4).every((model) => model === 'mine 2')).toBe(true);

    const { file } = await addModel(folder, someModel(), 'mine');
    writeFileSync(file, Buffer.from(someModel()).subarray(0, 400));
    writeFileSync(join(folder, 'current.json'), JSON.stringify({ current: 'mine-3', before: ['mine-2'] }));
    await follower.look();
    expect(errors).toHaveLength(1);
    expect((await analyzer.analyze(new Uint8Array(image))).model).toBe('mine 2');
    await useModel(folder, 'mine-1'); // a broken model beside it does not matter
    await follower.look();
    expect((await analyzer.analyze(new Uint8Array(image))).model).toBe('mine 1');
    expect(changes.at(-1)).toBe('mine-1');
  });

  it('looks by itself, and stays with a model that the configuration names', async () => {
    const folder = temporaryFolder();
    const replaced: (string | undefined)[] = [];
    const analyzer = { replaceModel: async (model: string | undefined) => void replaced.push(model) };
    const follower = followModels(analyzer, { folder, started: 'shipped', every: 20 });
    const { file } = await installModel(folder, someModel(), 'mine');
    while (replaced.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await follower.close();
    await useModel(folder, 'shipped');
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(replaced).toEqual([file]);

    const fixed = await chooseModel('my.onnx', { MEMEMOJI_MODELS: folder });
    expect(await fixed.file()).toBe('my.onnx');
    await fixed.follow(analyzer, {}).look();
    expect(replaced).toHaveLength(1);
  });
});
