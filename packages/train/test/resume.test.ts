import { spawn } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { readCheckpoint } from '../src/checkpoint.ts';
import type { RunReport } from '../src/run-report.ts';
import { type TrainOptions, train } from '../src/trainer.ts';
import { temporaryFolder } from './helpers/fer-like.ts';
import {
  engine,
  FULL_RECIPE,
  folderForAll,
  numbersOf,
  readTensors,
  readText,
  tinyDataset,
  tinyRecipe,
  withVotes,
} from './helpers/tiny-run.ts';

const DATASET = withVotes(tinyDataset());
/** Milliseconds, for machines that have other things to do. */
const PATIENCE = 180_000;
const CHILD = fileURLToPath(new URL('./helpers/train-child.ts', import.meta.url));

function run(folder: string, options: Partial<TrainOptions> = {}, recipe = FULL_RECIPE): Promise<RunReport> {
  return train(recipe, DATASET, { folder, createSession: engine, ...options });
}

/** Trains until so many batches of an epoch are done. */
function runUntil(
  epoch: number,
  batch: number,
  folder: string,
  options: Partial<TrainOptions> = {},
): Promise<RunReport> {
  const controller = new AbortController();
  return run(folder, {
    ...options,
    signal: controller.signal,
    onProgress: (progress) => {
      if (progress.epoch === epoch && progress.batch === batch) controller.abort();
    },
  });
}

async function readPosition(folder: string) {
  const checkpoint = await readCheckpoint(join(folder, 'checkpoint.onnx'));
  return checkpoint!.position;
}

/** Everything that a run ends with but the time it took, bit by bit. */
async function outcome(folder: string) {
  const { seconds, epochSeconds, history, ...position } = await readPosition(folder);
  return {
    position,
    history: history.map(({ seconds: _, imagesPerSecond, ...metrics }) => metrics),
    state: bits(join(folder, 'checkpoint.onnx')),
    model: bits(join(folder, 'model.onnx')),
  };
}

function bits(file: string): [string, string][] {
  return Object.entries(readTensors(file)).map(([name, { data }]) => {
    return [name, Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex')];
  });
}

describe('a run that was stopped and resumed ends as one that was not', { timeout: PATIENCE }, () => {
  const whole = folderForAll();
  let expected: Awaited<ReturnType<typeof outcome>>;

  beforeAll(async () => {
    await run(whole);
    expected = await outcome(whole);
    expect(expected.position).toMatchObject({ epoch: 3, batch: 0, steps: 21 });
    expect(expected.state.filter(([name]) => name.startsWith('average/'))).not.toHaveLength(0);
    expect(expected.state.filter(([name]) => name.startsWith('velocity/'))).not.toHaveLength(0);
  }, PATIENCE);

  it('when it is told to stop within an epoch', async () => {
    const folder = temporaryFolder();
    const report = await runUntil(2, 3, folder);
    expect(report).toMatchObject({ status: 'interrupted', epochs: 1 });
    expect(report).not.toHaveProperty('validation');
    expect(await readPosition(folder)).toMatchObject({ epoch: 1, batch: 3, steps: 10 });
    expect(readdirSync(folder)).not.toContain('model.onnx');
    const batches: number[] = [];
    const resumed = await run(folder, { resume: true, onProgress: ({ batch }) => batches.push(batch) });
    expect(batches).toEqual([4, 5, 6, 7, 1, 2, 3, 4, 5, 6, 7]);
    expect(resumed.status).toBe('finished');
    expect(await outcome(folder)).toEqual(expected);
    const log = readText(folder, 'train.log');
    expect(log).toMatch(/started\n.* epoch 1: .*\n.* interrupted in epoch 2\n.* resumed at epoch 2\n/);
  });

  it('when it is told to stop again and again: before the first batch, after the last, between epochs', async () => {
    const folder = temporaryFolder();
    const signal = AbortSignal.abort();
    expect(await run(folder, { signal })).toMatchObject({ status: 'interrupted', epochs: 0 });
    expect(await readPosition(folder)).toMatchObject({ epoch: 0, batch: 0, steps: 0 });
    await runUntil(1, 7, folder, { resume: true });
    expect(await readPosition(folder)).toMatchObject({ epoch: 1, batch: 0, steps: 7 });
    await run(folder, { resume: true, signal });
    const last = await runUntil(3, 7, folder, { resume: true });
    expect(last.status).toBe('finished');
    expect(await outcome(folder)).toEqual(expected);
  });

  it('when its process is killed within an epoch', async () => {
    const folder = temporaryFolder();
    const child = spawn(process.execPath, ['--conditions=source', CHILD, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise((resolve) => child.on('close', (_, signal) => resolve(signal)));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (text.includes('2.4\n')) child.kill('SIGKILL');
    });
    expect(await ended).toBe('SIGKILL');
    expect(await readPosition(folder)).toMatchObject({ epoch: 1, batch: 3, steps: 10 });
    await run(folder, { resume: true });
    expect(await outcome(folder)).toEqual(expected);
  });

  it('with another seed it would have been another', async () => {
    const folder = temporaryFolder();
    await run(folder, {}, { ...FULL_RECIPE, seed: 2 });
    const other = await outcome(folder);
    expect(other.state).not.toEqual(expected.state);
    expect(other.model).not.toEqual(expected.model);
  });
});

describe('a checkpoint', { timeout: PATIENCE }, () => {
  it('of a finished run gives the model again with other logits added', async () => {
    const folder = temporaryFolder();
    const recipe = tinyRecipe({ epochs: 1 });
    await run(folder, {}, recipe);
    const before = readTensors(join(folder, 'model.onnx'));
    await run(folder, { resume: true }, { ...recipe, logitAdjustment: { fear: 0.5, happy: -1 } });
    const after = readTensors(join(folder, 'model.onnx'));
    const [old, adjusted] = [before, after].map((tensors) => numbersOf(tensors['classifier.bias']!));
    const added = DATASET.labels.map((label) => ({ fear: 0.5, happy: -1 })[label as string] ?? 0);
    added.forEach((value, i) => {
      expect(adjusted![i]! - old![i]!).toBeCloseTo(value, 5);
    });
    expect(after).toEqual({ ...before, 'classifier.bias': after['classifier.bias'] });
  });

  it('of a finished run gives the model again in other arithmetic', async () => {
    const folder = temporaryFolder();
    const recipe = tinyRecipe({ model: { architecture: 'residual', stem: 16, widths: [16], blocks: 1 }, epochs: 1 });
    await run(folder, {}, recipe);
    await run(folder, { resume: true }, { ...recipe, arithmetic: 'int8' });
    const { 'stage1.0.conv1.weight:int8': kernel, 'stage1.0.conv1.weight:half': half } = readTensors(
      join(folder, 'model.onnx'),
    );
    expect(kernel).toMatchObject({ dtype: 'int8', shape: [16, 16, 3, 3] });
    expect(half).toBeUndefined();
  });

  it('keeps the best weights of a run that was stopped after them', async () => {
    const rough = { kind: 'constant', peak: 0.6 };
    const recipe = tinyRecipe({ epochs: 5, schedule: rough, keep: 'best' });
    const [whole, parts] = [temporaryFolder(), temporaryFolder()];
    const { best } = await run(whole, {}, recipe);
    expect(best.epoch).toBeLessThan(5);
    const controller = new AbortController();
    const onEpoch: TrainOptions['onEpoch'] = ({ epoch }) => {
      if (epoch === best.epoch) controller.abort();
    };
    expect(await run(parts, { signal: controller.signal, onEpoch }, recipe)).toMatchObject({
      status: 'interrupted',
      best,
    });
    await run(parts, { resume: true }, recipe);
    expect(await outcome(parts)).toEqual(await outcome(whole));
  });

  it('is not hindered by what a process left that was killed while it wrote', async () => {
    const folder = temporaryFolder();
    await run(folder, { signal: AbortSignal.abort() });
    writeFileSync(join(folder, 'checkpoint.onnx.0f8fad5b-d9cb-469f-a165-70867728950e.tmp'), 'half');
    writeFileSync(join(folder, 'notes.tmp'), 'mine');
    await run(folder, { resume: true, signal: AbortSignal.abort() });
    expect(readdirSync(folder).sort()).toEqual(['checkpoint.onnx', 'config.json', 'notes.tmp', 'train.log']);
  });
});
