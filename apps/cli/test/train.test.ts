import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RECIPE, writeFaces, writeJson } from './faces.ts';
import { BIN, type Outcome, run } from './run.ts';
import { makeFolder } from './stand-in.ts';

/** Milliseconds, for machines that have other things to do. */
const PATIENCE = 180_000;

describe('mememoji train', { timeout: PATIENCE }, () => {
  let folder: string;
  const args = (recipe: string, into: string, ...more: string[]): string[] => {
    const options = ['--data', 'faces.csv', '--recipe', recipe, '--run', into, '--threads', '1', '--no-spinning'];
    return ['train', ...options, ...more];
  };
  const train = (...of: Parameters<typeof args>): Promise<Outcome> => run(args(...of), { cwd: folder });

  beforeAll(() => {
    ({ folder } = makeFolder());
    writeFaces(folder);
    writeJson(folder, 'recipe.json', RECIPE);
    writeJson(folder, 'long.json', { ...RECIPE, epochs: 40 });
    writeJson(folder, 'wrong.json', { ...RECIPE, schedule: { kind: 'cosine', peak: -1 } });
    writeJson(folder, 'large.json', { ...RECIPE, inputSize: 64 });
    writeJson(folder, 'wild.json', { ...RECIPE, schedule: { kind: 'constant', peak: 1e30 } });
    writeFileSync(join(folder, 'text.json'), 'epochs = 3');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('trains, tells each epoch and leaves a model that evaluate reads', async () => {
    const { code, stdout, stderr } = await train('recipe.json', 'plain');
    expect(stderr).toMatch(
      /^(epoch [123]\/3: loss \d+\.\d{4}, validation \d+\.\d\d% \(loss [\d.]+\), \d+ images\/s, \d:\d\d\n){3}$/,
    );
    expect(stdout).toMatch(
      /^finished after 3 epochs, \d+\.\d minutes; [\d,]+ parameters\nvalidation accuracy \d+\.\d\d%, temperature \d+\.\d\d\nmodel: plain\/model\.onnx\n$/,
    );
    expect(code).toBe(0);
    const accuracy = Number(/accuracy ([\d.]+)%/.exec(stdout)?.[1]);
    expect(accuracy).toBeGreaterThan(90);
    const options = ['--data', 'faces.csv', '--model', 'plain/model.onnx', '--split', 'PublicTest', '--format', 'json'];
    const evaluation = JSON.parse((await run(['evaluate', ...options], { cwd: folder })).stdout);
    expect(100 * evaluation.accuracy).toBeCloseTo(accuracy, 1);
  });

  it('tells how much of a net begins with the weights of --from', async () => {
    writeJson(folder, 'wider.json', { ...RECIPE, model: { ...RECIPE.model, dense: [17] }, epochs: 1 });
    const from = ['--from', 'plain/model.onnx'];
    const same = await train('recipe.json', 'from-same', '--epochs', '1', ...from);
    expect(same.stderr).toMatch(/^begins with (\d+) of its \1 variables from the model\nepoch 1/);
    const wider = await train('wider.json', 'from-other', ...from);
    expect(wider.stderr).toMatch(
      /^begins with \d+ of its \d+ variables from the model; drawn: dense1\.weight, dense1\.bias, classifier\.weight\nepoch 1/,
    );
  });

  it('prints the whole report as JSON, with seed and epochs of the command line', async () => {
    const { code, stdout } = await train('recipe.json', 'json', '--format', 'json', '--seed', '7', '--epochs', '1');
    expect(code).toBe(0);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ status: 'finished', name: 'bars', seed: 7, epochs: 1, trainingSamples: 84 });
    expect(JSON.parse(readFileSync(join(folder, 'json/report.json'), 'utf8'))).toEqual(report);
    expect(JSON.parse(readFileSync(join(folder, 'json/config.json'), 'utf8'))).toMatchObject({ seed: 7, epochs: 1 });
  });

  it('stops on Ctrl-C with a checkpoint, refuses to begin anew, and goes on with --resume', async () => {
    const child = spawn(process.execPath, ['--conditions=source', BIN, ...args('long.json', 'stopped')], {
      cwd: folder,
    });
    const texts = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      texts.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      texts.stderr += text;
      if (/^epoch 2\/40/m.test(texts.stderr) && !child.killed) child.kill('SIGINT');
    });
    const [code] = await once(child, 'close');
    expect(texts.stderr).toMatch(/\nmememoji: stopped with a checkpoint; go on with --resume\n$/);
    expect(texts.stdout).toMatch(/^interrupted after \d+ epochs, [^\n]+\n$/);
    expect(code).toBe(130);
    const done = Number(/after (\d+) epochs/.exec(texts.stdout)?.[1]);
    expect(done).toBeGreaterThanOrEqual(2);
    expect(done).toBeLessThan(40);
    expect(readdirSync(join(folder, 'stopped')).sort()).toEqual([
      'checkpoint.onnx',
      'config.json',
      'metrics.csv',
      'train.log',
    ]);

    const again = await train('long.json', 'stopped');
    expect(again.stderr).toBe(
      'mememoji: stopped holds a run already. Resume it with --resume, or choose another folder\n',
    );
    expect(again.code).toBe(2);

    const resumed = await train('long.json', 'stopped', '--resume');
    expect(resumed.stderr).toMatch(new RegExp(`^epoch ${done + 1}/40: `));
    expect(resumed.stdout).toMatch(/^finished after 40 epochs, /);
    expect(resumed.code).toBe(0);
    expect(existsSync(join(folder, 'stopped/model.onnx'))).toBe(true);

    const other = await train('recipe.json', 'stopped', '--resume');
    expect(other.stderr).toMatch(/^mememoji: the run in stopped was started with another recipe or other data\. .+\n$/);
    expect(other.code).toBe(1);
  });

  const FAULTS: [string[], number, RegExp][] = [
    [['gone.json', 'x'], 1, /there is no recipe gone\.json/],
    [['text.json', 'x'], 2, /text\.json is not JSON/],
    [['wrong.json', 'x'], 2, /wrong\.json: schedule\.peak: /],
    [['large.json', 'x'], 2, /inputSize: 64 is more than the data's pictures of 48x48/],
    [['recipe.json', 'x', '--epochs', '0'], 2, /'0' is invalid/],
    [['recipe.json', 'x', '--format', 'csv'], 2, /'csv' is invalid\. Allowed choices are table, json\./],
    [['recipe.json', 'x', '--data', 'gone.csv'], 1, /gone\.csv/],
    [['recipe.json', 'faces.csv/x'], 1, /faces\.csv\/x/],
    [['wild.json', 'wild'], 1, /(the loss became|no longer gives finite numbers).*Lower the learning rate/],
  ];
  it.each(FAULTS)('%j is told in one line', async ([recipe = '', into = '', ...more], expected, message) => {
    const { code, stdout, stderr } = await train(recipe, into, ...more);
    expect(stderr).toMatch(/^mememoji: .+\n$/);
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
  });
});
