import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RECIPE, writeFaces, writeJson } from './faces.ts';
import { BIN, type Outcome, run } from './run.ts';
import { makeFolder } from './stand-in.ts';

/** Milliseconds, for machines that have other things to do. */
const PATIENCE = 180_000;

describe('mememoji sweep', { timeout: PATIENCE }, () => {
  let folder: string;
  const args = (file: string, into: string, ...more: string[]): string[] => {
    return ['sweep', file, '--data', 'faces.csv', '--run', into, '--threads', '1', '--no-spinning', ...more];
  };
  const sweep = (...of: Parameters<typeof args>): Promise<Outcome> => run(args(...of), { cwd: folder });

  beforeAll(() => {
    ({ folder } = makeFolder());
    writeFaces(folder);
    writeJson(folder, 'recipe.json', RECIPE);
    const grid = { 'schedule.peak': [1e-6, 0.05, 1e30] };
    const halving = { firstEpochs: 1, factor: 2 };
    writeJson(folder, 'peaks.json', { name: 'peaks', base: 'recipe.json', epochs: 3, grid, halving });
    writeJson(folder, 'wild.json', { name: 'wild', base: 'recipe.json', grid: { 'schedule.peak': [1e30] } });
    writeJson(folder, 'long.json', { name: 'long', base: 'recipe.json', epochs: 30, grid: { seed: [1, 2] } });
    writeJson(folder, 'wrong.json', { name: 'wrong', base: 'recipe.json', grid: { 'model.width': [[8]] } });
    writeJson(folder, 'none.json', { name: 'none', base: 'gone.json', grid: {} });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('ends with a ranked table, and leaves it with a plot', async () => {
    const { code, stdout, stderr } = await sweep('peaks.json', 'peaks');
    expect(code).toBe(0);
    expect(stderr).toMatch(/^trial 001 to epoch 1: schedule\.peak 0\.000001\nepoch 1\/3: .*\ntrial 002 to epoch 1: /);
    expect(stderr).toMatch(/\ntrial 002 to epoch 3: schedule\.peak 0\.05\nepoch 3\/3: .*\n$/);
    const [head, ...rows] = stdout.trimEnd().split('\n');
    expect(head).toMatch(/^rank {2}trial {2}status +accuracy +epochs +parameters +minutes +schedule\.peak$/);
    expect(rows).toHaveLength(3);
    expect(rows[0]).toMatch(/^ +1 {2}002 +finished +\d+\.\d\d% +3 +5,\d{3} +\d\.\d +0\.05$/);
    expect(rows[1]).toMatch(/^ +2 {2}001 +stopped +\d+\.\d\d% +1 /);
    expect(rows[2]).toMatch(/^ +3 {2}003 +failed +- +0 .* (the loss became|the net no longer)/);
    const runs = ['trial-001', 'trial-002', 'trial-003'];
    const files = ['sweep.csv', 'sweep.json', 'sweep.png', 'sweep.svg'];
    expect(readdirSync(join(folder, 'peaks')).sort()).toEqual([...files, ...runs]);

    const again = await sweep('peaks.json', 'peaks');
    expect(again.stderr).toMatch(/^mememoji: peaks holds a sweep already\. Go on with it by --resume, .+\n$/);
    expect({ code: again.code, stdout: again.stdout }).toEqual({ code: 2, stdout: '' });

    const csv = await sweep('peaks.json', 'peaks', '--resume', '--format', 'csv', '--output', 'ranked.csv');
    expect(csv).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(readFileSync(join(folder, 'ranked.csv'), 'utf8')).toBe(
      readFileSync(join(folder, 'peaks/sweep.csv'), 'utf8'),
    );

    const json = JSON.parse((await sweep('peaks.json', 'peaks', '--resume', '--format', 'json')).stdout);
    expect(json).toMatchObject({ status: 'finished', name: 'peaks' });
    expect(json.trials[0]).toMatchObject({ rank: 1, trial: '002', changes: { 'schedule.peak': 0.05 }, error: null });
    expect(json.trials[0]).not.toHaveProperty('history');
  });

  it('stops on Ctrl-C and goes on with --resume', async () => {
    const child = spawn(process.execPath, ['--conditions=source', BIN, ...args('long.json', 'long')], { cwd: folder });
    const texts = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      texts.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      texts.stderr += text;
      if (/^epoch 2\/30/m.test(texts.stderr) && !child.killed) child.kill('SIGINT');
    });
    const [code] = await once(child, 'close');
    expect(texts.stderr).toMatch(/\nmememoji: stopped with checkpoints; go on with --resume\n$/);
    expect(texts.stdout).toMatch(/\n +1 {2}001 +under way .*\n +2 {2}002 +waiting +- +0 /);
    expect(code).toBe(130);
    const resumed = await sweep('long.json', 'long', '--resume');
    const first = Number(/^trial 001 to epoch 30: seed 1\nepoch (\d+)\/30: /.exec(resumed.stderr)?.[1]);
    expect(first).toBeGreaterThan(2);
    expect(resumed.stdout.match(/finished/g)).toHaveLength(2);
    expect(resumed.code).toBe(0);
  });

  it('fails where every trial fails', async () => {
    const { code, stdout, stderr } = await sweep('wild.json', 'wild');
    expect(stdout).toMatch(/\n +1 {2}001 +failed /);
    expect(stderr).toMatch(/\nmememoji: every trial failed\. See the last column of the table\n$/);
    expect(code).toBe(1);
  });

  const FAULTS: [string[], number, RegExp][] = [
    [['gone.json', 'x'], 1, /there is no file gone\.json/],
    [['none.json', 'x'], 1, /there is no file .*gone\.json/],
    [['recipe.json', 'x'], 2, /recipe\.json: base: /],
    [['wrong.json', 'x'], 2, /trial 001: model: .*"width"/],
    [['peaks.json', 'x', '--data', 'gone.csv'], 1, /gone\.csv/],
    [['peaks.json', 'x', '--format', 'xml'], 2, /'xml' is invalid/],
  ];
  it.each(FAULTS)('%j is told in one line', async ([file = '', into = '', ...more], expected, message) => {
    const { code, stdout, stderr } = await sweep(file, into, ...more);
    expect(stderr).toMatch(/^mememoji: .+\n$/);
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
  });
});
