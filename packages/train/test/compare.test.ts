import { describe, expect, it } from 'vitest';
import { compareModels } from '../src/compare.ts';
import { folderForAll } from './helpers/tiny-run.ts';
import { datasetOf, FACES, writeRowReader } from './report/row-reader.ts';

const folder = folderForAll();
const dataset = datasetOf(FACES);
const seven = writeRowReader(folder, 'seven.onnx', { name: 'seven' });
const cool = writeRowReader(folder, 'cool.onnx', { name: 'cool', temperature: 0.5 });
const six = writeRowReader(folder, 'six.onnx', {
  name: 'six',
  labels: ['neutral', 'surprise', 'sad', 'happy', 'fear', 'angry'],
});

describe('compareModels', () => {
  it('measures both models and their files', async () => {
    const result = await compareModels([seven, cool], dataset, { split: 'PublicTest' });
    expect(result).toMatchObject({
      split: 'PublicTest',
      view: 'single',
      samples: 10,
      dataHash: 'da7a',
      bothRight: 6,
      bothWrong: 4,
      agreement: 1,
    });
    const [first, second] = result.models;
    expect(first).toMatchObject({ model: 'seven 1', file: seven, accuracy: 0.6, parameters: 455, multiplyAdds: 448 });
    expect(second).toMatchObject({ model: 'cool 1', accuracy: 0.6, macroF1: first.macroF1 });
    expect(second.nll).toBeGreaterThan(first.nll); // surer, and no more often right
    for (const { latency } of result.models) expect(latency.map(({ batch }) => batch)).toEqual([1, 32]);
  });

  it('compares a model of seven classes with one of six by counting disgust as angry', async () => {
    const result = await compareModels([seven, six], dataset, { split: 'PublicTest', six: true });
    const [first, second] = result.models;
    // The model of six never hears of disgust: it reads the angry face from angry 2, and the disgusted one from angry 4.
    expect([first.accuracy, second.accuracy]).toEqual([0.8, 0.8]);
    expect(result.classes.angry).toMatchObject({ samples: 2, recall: [1, 1] });
    expect(result.classes).not.toHaveProperty('disgust');
  });

  it('refuses what cannot be compared', async () => {
    const coded = (code: string, message: RegExp) =>
      expect.objectContaining({ code, message: expect.stringMatching(message) });
    await expect(compareModels([seven, six], dataset, { split: 'PublicTest' })).rejects.toEqual(
      coded('BAD_CLASSES', /'disgust'/),
    );
    await expect(compareModels([seven, 'gone.onnx'], dataset, { split: 'PublicTest' })).rejects.toEqual(
      coded('FILE_NOT_FOUND', /gone\.onnx/),
    );
    const training = datasetOf(FACES.slice(0, 2));
    await expect(compareModels([seven, six], training, { split: 'PublicTest' })).rejects.toEqual(
      coded('EMPTY_SELECTION', /PublicTest/),
    );
  });

  it('counts the progress of both', async () => {
    const seen: [number, number][] = [];
    const onProgress = (done: number, total: number) => seen.push([done, total]);
    await compareModels([seven, cool], dataset, { split: 'PublicTest', view: 'flip', onProgress });
    expect(seen).toEqual([10, 20, 30, 40].map((done) => [done, 40]));
  });
});
