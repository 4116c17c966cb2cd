import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findTrainingRun, parseMetrics } from '../../src/report/training-run.ts';
import { writeMetrics } from '../../src/run-folder.ts';
import { temporaryFolder } from '../helpers/fer-like.ts';

const EPOCH = {
  epoch: 1,
  learningRate: 0.05,
  loss: 2.1,
  validationLoss: 1.4,
  validationAccuracy: 0.46,
  seconds: 30,
  imagesPerSecond: 894.9,
};
const spec = { training: { run: 'f00d', seed: 1, epochs: 1, recipe: '', dataHash: '', date: '' } };

async function runFolder(fingerprint?: string): Promise<string> {
  const folder = temporaryFolder();
  await writeMetrics(join(folder, 'metrics.csv'), [EPOCH, { ...EPOCH, epoch: 2, validationAccuracy: 0.5 }]);
  const report = { fingerprint, status: 'finished', seconds: 60, trainingSamples: 26784, name: 'x' };
  if (fingerprint !== undefined) writeFileSync(join(folder, 'report.json'), JSON.stringify(report));
  return folder;
}

const coded = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

describe('findTrainingRun', () => {
  it('reads the run beside the model, as the trainer wrote it', async () => {
    const folder = await runFolder('f00dfeed');
    const run = await findTrainingRun(join(folder, 'model.onnx'), spec, undefined);
    expect(run).toMatchObject({ status: 'finished', seconds: 60, trainingSamples: 26784 });
    expect(run?.epochs).toEqual([EPOCH, { ...EPOCH, epoch: 2, validationAccuracy: 0.5 }]);
  });

  it('reads the run of a folder that is named, also one without a report', async () => {
    const folder = await runFolder();
    expect(await findTrainingRun('elsewhere/model.onnx', spec, folder)).toMatchObject({ status: null, seconds: null });
  });

  it('leaves the run of another model alone, or refuses it where it is named', async () => {
    const folder = await runFolder('beef');
    expect(await findTrainingRun(join(folder, 'model.onnx'), spec, undefined)).toBeNull();
    await expect(findTrainingRun('model.onnx', spec, folder)).rejects.toEqual(
      coded('BAD_OPTION', /not the one that made the model/),
    );
  });

  it('finds none where there is none, and says so where one is named', async () => {
    const folder = temporaryFolder();
    expect(await findTrainingRun(join(folder, 'model.onnx'), spec, undefined)).toBeNull();
    await expect(findTrainingRun('model.onnx', spec, folder)).rejects.toEqual(
      coded('FILE_NOT_FOUND', /no metrics\.csv/),
    );
  });
});

describe('parseMetrics', () => {
  it('goes by the names of the columns', () => {
    const text =
      'note,imagesPerSecond,seconds,validationAccuracy,validationLoss,loss,learningRate,epoch\nx,7,6,0.5,4,3,2,1\n';
    expect(parseMetrics(text, 'm')).toEqual([
      {
        epoch: 1,
        learningRate: 2,
        loss: 3,
        validationLoss: 4,
        validationAccuracy: 0.5,
        seconds: 6,
        imagesPerSecond: 7,
      },
    ]);
  });

  it('refuses what is no such table', () => {
    expect(() => parseMetrics('epoch,loss\n1,2\n', 'm.csv')).toThrow(
      coded('UNREADABLE_FILE', /m\.csv has no column 'learningRate'/),
    );
    const head = 'epoch,learningRate,loss,validationLoss,validationAccuracy,seconds,imagesPerSecond';
    expect(() => parseMetrics(`${head}\n1,2,3,4,5,6,7\n2,x,3,4,5,6,7\n`, 'm')).toThrow(
      coded('UNREADABLE_FILE', /row 2 of m is wrong: learningRate/),
    );
    expect(() => parseMetrics(`${head}\n1,2,3,,5,6,7\n`, 'm')).toThrow(coded('UNREADABLE_FILE', /row 1/));
  });
});
