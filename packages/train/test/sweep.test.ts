import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SessionFactory } from '@mememoji/graph/session';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { runSweep, type SweepOptions, type SweepReport } from '../src/sweep.ts';
import { parseSweep, type Sweep } from '../src/sweep-file.ts';
import { temporaryFolder } from './helpers/fer-like.ts';
import { engine, folderForAll, readTensors, readText, tinyDataset } from './helpers/tiny-run.ts';

/** Milliseconds, for machines that have other things to do. */
const PATIENCE = 180_000;
/** 126 pictures to train on: three batches an epoch. */
const DATASET = tinyDataset(210);
const BASE = {
  model: { architecture: 'cnn9', widths: [8], depth: 1, dense: [16], dropout: 0.2 },
  inputSize: 20,
  batchSize: 42,
  epochs: 3,
  schedule: { kind: 'constant', peak: 0.1 },
  augmentation: 'none',
  averageDecay: 0.5,
};
/** Learns nothing, learns, diverges; each also with a net that cannot be. */
const GRID = { 'schedule.peak': [1e-6, 0.1, 1e30], 'model.dense': [[16], [0]] };
const SWEEP = parseSweep({ name: 'rates', base: BASE, grid: GRID, halving: { firstEpochs: 1, factor: 2 } });

function run(folder: string, options: Partial<SweepOptions> = {}, sweep: Sweep = SWEEP): Promise<SweepReport> {
  return runSweep(sweep, DATASET, { folder, createSession: engine, ...options });
}

/** What does not depend on the time that things took. */
function timeless({ trials, ...report }: SweepReport) {
  return {
    ...report,
    trials: trials.map(({ seconds: _, history, ...trial }) => ({
      ...trial,
      history: history.map(({ seconds, imagesPerSecond, ...metrics }) => metrics),
    })),
  };
}

describe('a sweep with successive halving', { timeout: PATIENCE }, () => {
  const folder = folderForAll();
  const begun: [string, number][] = [];
  const epochs: number[] = [];
  let report: SweepReport;

  beforeAll(async () => {
    report = await run(folder, {
      onBegin: ({ id }, until) => begun.push([id, until]),
      onEpoch: ({ epoch }) => epochs.push(epoch),
    });
  }, PATIENCE);

  it('trains what is promising to its end, and nothing else', () => {
    expect(report).toMatchObject({ status: 'finished', name: 'rates' });
    expect(report.trials.map(({ trial, status, epochs: done }) => [trial, status, done])).toEqual([
      ['003', 'finished', 3],
      ['001', 'stopped', 2],
      ['005', 'failed', 0],
      ['002', 'failed', 0],
      ['004', 'failed', 0],
      ['006', 'failed', 0],
    ]);
    expect(begun).toEqual([
      ['001', 1],
      ['003', 1],
      ['005', 1],
      ['001', 2],
      ['003', 2],
      ['003', 3],
    ]);
    expect(epochs).toEqual([1, 1, 2, 2, 3]);
  });

  it('tells how good each is, and why one failed', () => {
    const [best, stopped, diverged, impossible] = report.trials;
    expect(best!.accuracy).toBeGreaterThan(0.8);
    expect(best!.accuracy).toBe(JSON.parse(readText(join(folder, 'trial-003'), 'report.json')).validation.accuracy);
    expect(best!.changes).toEqual({ 'schedule.peak': 0.1, 'model.dense': [16] });
    expect(best!.parameters).toBe(8 * 9 + 8 + (800 * 16 + 16) + (16 * 7 + 7));
    expect(best!.seconds).toBeGreaterThan(0);
    expect(stopped!.accuracy).toBe(Math.max(...stopped!.history.map(({ validationAccuracy }) => validationAccuracy)));
    expect(diverged!.error).toMatchObject({ code: 'DIVERGED' });
    expect(impossible).toMatchObject({
      error: { code: 'BAD_RECIPE', message: expect.stringMatching(/model\.dense\.0/) },
      parameters: null,
    });
  });

  it('leaves a table, a plot and the run folders', () => {
    const runs = ['trial-001', 'trial-003', 'trial-005'];
    expect(readdirSync(folder).sort()).toEqual(['sweep.csv', 'sweep.json', 'sweep.png', 'sweep.svg', ...runs]);
    const [head, ...rows] = readText(folder, 'sweep.csv').trimEnd().split('\n');
    expect(head).toBe('rank,trial,status,accuracy,loss,epochs,parameters,seconds,schedule.peak,model.dense,error');
    const [best] = report.trials;
    const { accuracy, loss, parameters, seconds } = best!;
    expect(rows[0]).toBe(`1,003,finished,${accuracy},${loss},3,${parameters},${seconds},0.1,[16],`);
    expect(rows).toHaveLength(6);
    expect(rows[3]).toMatch(/^4,002,failed,,,0,,0,0\.000001,\[0\],.*model\.dense\.0/);
    expect(readdirSync(join(folder, 'trial-001'))).not.toContain('model.onnx');
    expect(readdirSync(join(folder, 'trial-003'))).toContain('model.onnx');
  });

  it('draws the plot as SVG and PNG', async () => {
    const svg = readText(folder, 'sweep.svg');
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(svg).toContain('>Sweep rates</text>');
    expect(svg).toContain('6 trials: 1 finished, 1 stopped, 4 failed');
    for (const label of ['validation accuracy', 'epoch', 'parameters', 'minutes of training'])
      expect(svg).toContain(label);
    const { format, width = 0, height = 0 } = await sharp(join(folder, 'sweep.png')).metadata();
    expect(format).toBe('png');
    const [, svgWidth, svgHeight] = /width="(\d+)" height="(\d+)"/.exec(svg)!;
    expect([width, height]).toEqual([2 * Number(svgWidth), 2 * Number(svgHeight)]);
  });

  it('is not begun again by mistake, nor gone on with as another', async () => {
    await expect(run(folder)).rejects.toMatchObject({ code: 'RUN_EXISTS', hint: expect.stringMatching(/--resume/) });
    const other = parseSweep({ ...SWEEP, grid: { seed: [1] } });
    await expect(run(folder, { resume: true }, other)).rejects.toMatchObject({ code: 'BAD_CHECKPOINT' });
    const data = { ...DATASET, source: { path: 'memory', sha256: '01' } };
    const moved = runSweep(SWEEP, data, { folder, createSession: engine, resume: true });
    await expect(moved).rejects.toMatchObject({ code: 'BAD_CHECKPOINT' });
  });

  it('has nothing left to do when it is resumed after its end', async () => {
    const again = await run(folder, { resume: true, onBegin: () => expect.unreachable('trained on') });
    expect(again).toEqual(report);
  });

  it('ends the same when it was stopped in the middle and resumed', async () => {
    const parts = temporaryFolder();
    const controller = new AbortController();
    let trial = '';
    const stopped = await run(parts, {
      signal: controller.signal,
      onBegin: ({ id }) => {
        trial = id;
      },
      onProgress: ({ epoch, batch }) => {
        if (trial === '003' && epoch === 2 && batch === 2) controller.abort();
      },
    });
    expect(stopped.status).toBe('interrupted');
    expect(stopped.trials.map(({ trial, status, epochs: done }) => [trial, status, done]).slice(0, 3)).toEqual([
      ['001', 'under way', 2],
      ['003', 'under way', 1],
      ['005', 'failed', 0],
    ]);
    const again: [string, number][] = [];
    const resumed = await run(parts, { resume: true, onBegin: ({ id }, until) => again.push([id, until]) });
    expect(again).toEqual([
      ['003', 2],
      ['003', 3],
    ]);
    expect(timeless(resumed)).toEqual(timeless(report));
    for (const file of ['checkpoint.onnx', 'model.onnx']) {
      expect(readTensors(join(parts, 'trial-003', file))).toEqual(readTensors(join(folder, 'trial-003', file)));
    }
  });
});

describe('a sweep without halving', { timeout: PATIENCE }, () => {
  const sweep = parseSweep({ name: 'seeds', base: { ...BASE, epochs: 1 }, grid: { seed: [1, 2, 3] } });
  /** An engine that gives up at the second trial, as one that has no memory left. */
  const failing: SessionFactory = (model) =>
    Buffer.from(model).includes('seeds-002') ? Promise.reject(new Error('bad allocation')) : engine(model);

  it('goes on where a trial fails for a reason of the machine, and tries that again when it is resumed', async () => {
    const folder = temporaryFolder();
    const report = await run(folder, { createSession: failing }, sweep);
    expect(report.status).toBe('finished');
    const failed = report.trials.at(-1)!;
    expect(failed).toMatchObject({
      trial: '002',
      status: 'failed',
      error: { code: 'UNEXPECTED', message: 'bad allocation' },
    });
    const begun: string[] = [];
    const again = await run(folder, { resume: true, onBegin: ({ id }) => begun.push(id) }, sweep);
    expect(begun).toEqual(['002']);
    expect(again.trials.map(({ status }) => status)).toEqual(['finished', 'finished', 'finished']);
  });

  it('begins no trial once it was told to stop', async () => {
    const folder = temporaryFolder();
    const report = await run(
      folder,
      { signal: AbortSignal.abort(), onBegin: () => expect.unreachable('began') },
      sweep,
    );
    expect(report.status).toBe('interrupted');
    expect(report.trials.map(({ status }) => status)).toEqual(['waiting', 'waiting', 'waiting']);
    expect(readText(folder, 'sweep.svg')).toContain('3 trials: 3 waiting');
  });

  it('ends where no trial could go on: the disk, a broken checkpoint', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'trial-001'), 'a file where the folder should be');
    await expect(run(folder, {}, sweep)).rejects.toMatchObject({ code: 'ENOTDIR' });
    rmSync(join(folder, 'trial-001'));
    mkdirSync(join(folder, 'trial-001'));
    writeFileSync(join(folder, 'trial-001/checkpoint.onnx'), 'broken');
    await expect(run(folder, { resume: true }, sweep)).rejects.toMatchObject({ code: 'BAD_CHECKPOINT' });
  });
});
