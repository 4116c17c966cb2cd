import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { decodeModel } from '@mememoji/graph/codec';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RECIPE, writeFaces, writeJson } from './faces.ts';
import { type Outcome, run } from './run.ts';
import { makeFolder } from './stand-in.ts';

/** Milliseconds, for machines that have other things to do. */
const PATIENCE = 180_000;
const MEMBERS = ['narrow/model.onnx', 'wide/model.onnx'];

function operatorsOf(path: string): string[] {
  return decodeModel(readFileSync(path)).graph.nodes.map(({ operator }) => operator);
}

describe('mememoji models join', { timeout: PATIENCE }, () => {
  let folder: string;
  const mememoji = (...args: string[]): Promise<Outcome> => run(args, { cwd: folder });
  const joinInto = (place: string, models: readonly string[], ...more: string[]): Promise<Outcome> =>
    mememoji('models', 'join', ...models, '--data', 'faces.csv', '--run', place, ...more);

  beforeAll(async () => {
    ({ folder } = makeFolder());
    writeFaces(folder);
    const nets = { narrow: RECIPE.model, wide: { ...RECIPE.model, dense: [24] } };
    for (const [name, model] of Object.entries(nets)) {
      writeJson(folder, `${name}.json`, { ...RECIPE, name, model, epochs: 2 });
      const options = ['--recipe', `${name}.json`, '--run', name, '--threads', '1', '--no-spinning'];
      expect((await mememoji('train', '--data', 'faces.csv', ...options)).code).toBe(0);
    }
  }, PATIENCE);
  afterAll(() => rmSync(folder, { recursive: true }));

  it('leaves a model of the name, which evaluate and compare read, and tells of both', async () => {
    const { code, stdout } = await joinInto('both', MEMBERS, '--name', 'pair');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^joined narrow 1, wide 1; [\d,]+ parameters\nvalidation accuracy \d+\.\d\d%, temperature \d+\.\d\d\nmodel: both\/model\.onnx\n$/,
    );
    const report = JSON.parse(readFileSync(join(folder, 'both/report.json'), 'utf8'));
    expect(report).toMatchObject({ status: 'joined', name: 'pair' });
    expect(report.members.map(({ name }: { name: string }) => name)).toEqual(['narrow', 'wide']);
    const options = ['--data', 'faces.csv', '--model', 'both/model.onnx', '--split', 'PublicTest', '--format', 'json'];
    const evaluation = JSON.parse((await mememoji('evaluate', ...options)).stdout);
    expect(evaluation.accuracy).toBeCloseTo(report.validation.accuracy, 3);
    const compared = await mememoji('compare', 'both/model.onnx', 'wide/model.onnx', '--data', 'faces.csv');
    expect(compared.code).toBe(0);
    expect(compared.stdout).toContain('pair');
  });

  it('trains it on as one net, by the recipe that it left', async () => {
    await joinInto('once', MEMBERS, '--format', 'json');
    const options = ['--recipe', 'once/config.json', '--from', 'once/model.onnx', '--run', 'on', '--epochs', '1'];
    const { code, stderr } = await mememoji('train', '--data', 'faces.csv', ...options, '--threads', '1');
    expect(stderr).toMatch(/^begins with (\d+) of its \1 variables from the model\nepoch 1\/1/);
    expect(code).toBe(0);
  });

  it('adds to logits what is asked for, and says so in the recipe that it leaves', async () => {
    await joinInto('even', MEMBERS);
    expect((await joinInto('happy', MEMBERS, '--adjust', 'happy=50,sad=-1')).code).toBe(0);
    expect(JSON.parse(readFileSync(join(folder, 'happy/config.json'), 'utf8')).logitAdjustment).toEqual({
      happy: 50,
      sad: -1,
    });
    const recallOf = async (place: string): Promise<Record<string, number>> => {
      const options = ['--model', `${place}/model.onnx`, '--split', 'PublicTest', '--format', 'json'];
      return JSON.parse((await mememoji('evaluate', '--data', 'faces.csv', ...options)).stdout).recall;
    };
    const [even, happy] = [await recallOf('even'), await recallOf('happy')];
    expect(happy.happy).toBe(1);
    expect(even.sad).toBeGreaterThan(0);
    expect(happy.sad).toBe(0);
    for (const wrong of ['happy', 'happy=', 'happy=x', 'glee=1', 'happy=1=2'])
      expect((await joinInto('wrong', MEMBERS, '--adjust', wrong)).code, wrong).toBe(2);
  });

  it('counts a joint model as the nets that it is made of, and computes in 8 bits where that is asked for', async () => {
    await joinInto('pair', MEMBERS, '--adjust', 'happy=9');
    const [narrow, wide] = MEMBERS as [string, string];
    await joinInto('nested', ['pair/model.onnx', narrow]);
    await joinInto('flat', [narrow, wide, narrow]);
    await joinInto('small', [narrow, wide, narrow], '--arithmetic', 'int8');
    const [nested, flat, small] = ['nested', 'flat', 'small'].map((place) => ({
      report: JSON.parse(readFileSync(join(folder, place, 'report.json'), 'utf8')),
      operators: operatorsOf(join(folder, place, 'model.onnx')),
    }));
    expect(flat!.report.members.map(({ name }: { name: string }) => name)).toEqual(['narrow', 'wide', 'narrow']);
    expect(nested!.report.members).toEqual(flat!.report.members);
    expect(nested!.report.validation.loss).toBeCloseTo(flat!.report.validation.loss, 2);
    expect(small!.report.validation.loss).toBeCloseTo(flat!.report.validation.loss, 2);
    expect(flat!.operators).not.toContain('QuantizeLinear');
    expect(small!.operators).toContain('QuantizeLinear');
    expect((await joinInto('wrong', MEMBERS, '--arithmetic', 'int4')).code).toBe(2);
  });

  it('refuses one model, an unknown one, and a folder that holds a run', async () => {
    expect(await joinInto('one', MEMBERS.slice(1))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('one classifier cannot be joined'),
    });
    const unknown = await joinInto('unknown', ['nobody', ...MEMBERS]);
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining("no model is named 'nobody'") });
    for (const [i, name] of ['angry', 'happy', 'angry', 'happy'].entries()) {
      const picture = sharp({ create: { width: 48, height: 48, channels: 3, background: { r: 60 * i, g: 0, b: 9 } } });
      mkdirSync(join(folder, 'few', name), { recursive: true });
      await picture.png().toFile(join(folder, 'few', name, `${i}.png`));
    }
    const few = await mememoji('models', 'join', ...MEMBERS, '--data', 'few', '--run', 'few-run');
    expect(few).toMatchObject({ code: 2, stderr: expect.stringContaining('the data has angry, happy, the models') });
    const before = readFileSync(join(folder, 'wide/model.onnx'));
    expect(await joinInto('wide', MEMBERS)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('wide holds a run already'),
    });
    expect(readFileSync(join(folder, 'wide/model.onnx'))).toEqual(before);
  });
});
