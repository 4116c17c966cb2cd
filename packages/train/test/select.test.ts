import { SIX_EXPRESSIONS } from '@mememoji/vision/expression';
import { describe, expect, it } from 'vitest';
import { allIndices, imageAt, parseSplit, splitIndices, takeRows } from '../src/dataset.ts';
import { cleanTraining, firstCopies, reportDuplicates, testRowsWithoutTrainingCopy } from '../src/duplicates.ts';
import { prepareDataset } from '../src/prepare.ts';
import {
  classCounts,
  holdOut,
  mergeClasses,
  repeatClasses,
  requireSplit,
  sampleFraction,
  selectClasses,
} from '../src/select.ts';
import { datasetOf, type FerRow, ferLikeRows } from './helpers/fer-like.ts';

const DATASET = datasetOf(ferLikeRows({ rows: 140, size: 3 }));

describe('dataset', () => {
  it('takes rows with all that belongs to them', () => {
    const votes = Uint8Array.from({ length: 1400 }, (_, i) => i % 251);
    const taken = takeRows({ ...DATASET, votes }, Uint32Array.of(100, 3));
    expect(taken.count).toBe(2);
    expect(imageAt(taken, 0)).toEqual(imageAt(DATASET, 100));
    expect([...taken.targets, ...taken.splits, ...taken.rows]).toEqual([100 % 7, 3, 1, 0, 100, 3]);
    expect([...taken.votes!]).toEqual([...votes.subarray(1000, 1010), ...votes.subarray(30, 40)]);
  });

  it('knows splits by the names of others', () => {
    expect(['TRAINING', 'train', 'val', 'publictest', 'test', 'rest'].map(parseSplit)).toEqual([
      'Training',
      'Training',
      'PublicTest',
      'PublicTest',
      'PrivateTest',
      undefined,
    ]);
  });
});

describe('classes', () => {
  it('merges disgust into angry, which gives the six of the original', () => {
    const six = mergeClasses(DATASET, { disgust: 'angry' });
    expect(six.labels).toEqual([...SIX_EXPRESSIONS]);
    expect([...six.targets.subarray(0, 7)]).toEqual([0, 0, 1, 2, 3, 4, 5]);
    expect(classCounts(six, allIndices(six))).toMatchObject({ angry: 40, fear: 20 });
  });

  it('keeps a subset in the order asked for', () => {
    const two = selectClasses(DATASET, ['happy', 'angry']);
    expect(two.labels).toEqual(['happy', 'angry']);
    expect(two.count).toBe(40);
    expect([...two.targets.subarray(0, 4)]).toEqual([1, 0, 1, 0]);
    expect([...two.rows.subarray(0, 4)]).toEqual([0, 3, 7, 10]);
    expect(imageAt(two, 1)).toEqual(imageAt(DATASET, 3));
  });

  it('repeats rare classes and leaves the others', () => {
    const rows = repeatClasses(DATASET, Uint32Array.of(0, 1, 2, 8), { disgust: 3 });
    expect([...rows]).toEqual([0, 1, 1, 1, 2, 8, 8, 8]);
    const unknown = () => repeatClasses(mergeClasses(DATASET, { disgust: 'angry' }), rows, { disgust: 2 });
    expect(unknown).toThrow(expect.objectContaining({ code: 'BAD_CLASSES' }));
  });

  it('refuses classes that are not there, stand twice, are alone, or are merged in circles', () => {
    const two = selectClasses(DATASET, ['happy', 'angry']);
    const bad = expect.objectContaining({ code: 'BAD_CLASSES' });
    expect(() => selectClasses(two, ['happy', 'sad'])).toThrow(bad);
    expect(() => selectClasses(two, ['happy', 'happy'])).toThrow(bad);
    expect(() => selectClasses(two, ['happy'])).toThrow(bad);
    expect(() => mergeClasses(two, { disgust: 'angry' })).toThrow(bad);
    expect(() => mergeClasses(DATASET, { disgust: 'angry', angry: 'disgust' })).toThrow(bad);
    expect(() => mergeClasses(DATASET, { angry: 'angry' })).toThrow(bad);
  });
});

describe('sampleFraction', () => {
  it('keeps the share of each class, the order, and gives the same for the same seed', () => {
    const training = splitIndices(DATASET, 'Training');
    const sample = sampleFraction(DATASET, training, 0.25, 5);
    expect(sample.length).toBe(21);
    expect(Object.values(classCounts(DATASET, sample))).toEqual(new Array(7).fill(3));
    expect([...sample]).toEqual([...sample].sort((a, b) => a - b));
    expect(sampleFraction(DATASET, training, 0.25, 5)).toEqual(sample);
    expect(sampleFraction(DATASET, training, 0.25, 6)).not.toEqual(sample);
    expect(sampleFraction(DATASET, training, 1, 5)).toEqual(training);
    expect(() => sampleFraction(DATASET, training, 0, 5)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }));
  });
});

/** One pixel pictures: value, label, split. */
function pictures(...rows: [number, number, FerRow['usage']][]) {
  return datasetOf(rows.map(([pixel, emotion, usage]) => ({ pixels: [pixel], emotion, usage })));
}

describe('duplicates', () => {
  const dataset = pictures(
    [10, 0, 'Training'],
    [20, 1, 'Training'], // stands in PublicTest
    [30, 3, 'Training'], // three copies, two of them 4
    [30, 4, 'Training'],
    [30, 4, 'Training'],
    [40, 5, 'Training'], // a tie
    [40, 6, 'Training'],
    [50, 2, 'Training'],
    [50, 2, 'Training'],
    [20, 0, 'PublicTest'],
    [60, 0, 'PublicTest'],
    [50, 0, 'PrivateTest'], // so that both 50 go
    [60, 0, 'PrivateTest'],
  );

  it('finds the first of equal pictures', () => {
    expect([...firstCopies(dataset)]).toEqual([0, 1, 2, 2, 2, 5, 5, 7, 7, 1, 10, 7, 10]);
  });

  it('cleans Training: no test picture, each picture once, with the label of the majority, none on a tie', () => {
    const { indices, ...counts } = cleanTraining(dataset);
    expect([...indices]).toEqual([0, 3]);
    expect(counts).toEqual({ testCopies: 3, repeated: 2, tied: 2 });
  });

  it('gives the test rows that no Training row equals', () => {
    expect([...testRowsWithoutTrainingCopy(dataset, 'PublicTest')]).toEqual([10]);
    expect([...testRowsWithoutTrainingCopy(dataset, 'PrivateTest')]).toEqual([12]);
  });

  it('reports them', () => {
    expect(reportDuplicates(dataset)).toEqual({
      distinct: { Training: 5, PublicTest: 2, PrivateTest: 2 },
      inTraining: { PublicTest: 1, PrivateTest: 1 },
      repeatedPictures: 5,
      disagreeing: 4,
      clean: { rows: 2, testCopies: 3, repeated: 2, tied: 2 },
    });
  });

  it('holds out copies together', () => {
    const held = holdOut(
      pictures([1, 0, 'Training'], [1, 0, 'Training'], [2, 0, 'Training'], [2, 0, 'Training']),
      0.25,
      3,
    );
    expect([
      [1, 1, 0, 0],
      [0, 0, 1, 1],
    ]).toContainEqual([...held.splits]);
    expect(() => holdOut(dataset, 1, 0)).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }));
  });
});

describe('prepareDataset', () => {
  it('merges, chooses, cleans and samples', () => {
    const twice = takeRows(DATASET, Uint32Array.from([...allIndices(DATASET), ...splitIndices(DATASET, 'Training')]));
    const prepared = prepareDataset(twice, {
      merge: { disgust: 'angry' },
      classes: ['angry', 'happy'],
      dropDuplicates: true,
      fraction: 0.5,
      seed: 2,
    });
    expect(prepared.labels).toEqual(['angry', 'happy']);
    expect(classCounts(prepared, splitIndices(prepared, 'Training'))).toEqual({ angry: 12, happy: 6 });
    expect(classCounts(prepared, splitIndices(prepared, 'PrivateTest'))).toEqual({ angry: 4, happy: 2 });
    expect(new Set(firstCopies(prepared)).size).toBe(prepared.count);
  });

  it('changes nothing without options', () => {
    expect(prepareDataset(DATASET, {})).toEqual(DATASET);
  });
});

describe('requireSplit', () => {
  it('refuses a split without rows', () => {
    const training = takeRows(DATASET, splitIndices(DATASET, 'Training'));
    expect(requireSplit(training, 'Training').length).toBe(84);
    expect(() => requireSplit(training, 'PublicTest')).toThrow(expect.objectContaining({ code: 'EMPTY_SELECTION' }));
  });
});
