import { describe, expect, it } from 'vitest';
import { type Dataset, imageAt, SPLITS, splitIndices } from '../src/dataset.ts';
import { FERPLUS_CATEGORIES } from '../src/ferplus-csv.ts';
import { selectTrainingData } from '../src/training-data.ts';
import { tinyDataset, tinyRecipe, withVotes } from './helpers/tiny-run.ts';

const DATASET = tinyDataset(105);

/** Row `to` becomes a copy of row `from`. */
function withCopy(dataset: Dataset, from: number, to: number): Dataset {
  const pixels = dataset.pixels.slice();
  pixels.set(imageAt(dataset, from), to * 400);
  return { ...dataset, pixels };
}

function labelCounts({ dataset }: { dataset: Dataset }, rows: Uint32Array): number[] {
  return dataset.labels.map((_, label) => rows.filter((row) => dataset.targets[row] === label).length);
}

describe('selectTrainingData', () => {
  it('fits on Training, chooses by PublicTest and leaves PrivateTest alone', () => {
    const { dataset, training, validation } = selectTrainingData(DATASET, tinyRecipe());
    expect(dataset.labels).toEqual(DATASET.labels);
    expect([...training]).toEqual([...splitIndices(DATASET, 'Training')]);
    expect([...validation]).toEqual([...splitIndices(DATASET, 'PublicTest')]);
    expect([training.length, validation.length]).toEqual([63, 21]);
  });

  it('leaves copies of test pictures out, unless it is told not to', () => {
    const copied = withCopy(withCopy(DATASET, 70, 3), 90, 4);
    const recipe = tinyRecipe();
    const kept = [...splitIndices(DATASET, 'Training')].filter((row) => row !== 3 && row !== 4);
    expect([...selectTrainingData(copied, recipe).training]).toEqual(kept);
    const all = tinyRecipe({ data: { dropCopies: false } });
    expect(selectTrainingData(copied, all).training).toHaveLength(63);
  });

  it('leaves out what most voters found to be no face, unless it is told not to', () => {
    const voted = withVotes(DATASET);
    const votes = voted.votes!.slice();
    const width = FERPLUS_CATEGORIES.length;
    votes.fill(0, 5 * width, 7 * width);
    votes.set([4, 0, 0, 0, 0, 0, 0, 0, 0, 6], 5 * width);
    votes.set([5, 0, 0, 0, 0, 0, 0, 0, 0, 5], 6 * width);
    const { training } = selectTrainingData({ ...voted, votes }, tinyRecipe());
    expect([...training]).toEqual([...splitIndices(DATASET, 'Training')].filter((row) => row !== 5));
    const all = tinyRecipe({ data: { dropNonFaces: false } });
    expect(selectTrainingData({ ...voted, votes }, all).training).toHaveLength(63);
  });

  it('holds a tenth of each class out where the data has no PublicTest', () => {
    const dataset = { ...DATASET, splits: DATASET.splits.map(() => SPLITS.indexOf('Training')) };
    const data = selectTrainingData(dataset, tinyRecipe());
    expect(labelCounts(data, data.validation)).toEqual(Array(7).fill(2));
    expect(labelCounts(data, data.training)).toEqual(Array(7).fill(13));
    const rows = [...data.training, ...data.validation].sort((a, b) => a - b);
    expect(rows).toEqual(Array.from({ length: 105 }, (_, row) => row));
    const other = selectTrainingData(dataset, tinyRecipe({ seed: 2 }));
    expect(other.validation).not.toEqual(data.validation);
  });

  it('takes the classes and the share that the recipe names', () => {
    const data = { classes: ['happy', 'angry'], merge: { disgust: 'angry' }, fraction: 0.5 };
    const selected = selectTrainingData(DATASET, tinyRecipe({ data }));
    expect(selected.dataset.labels).toEqual(['happy', 'angry']);
    expect(labelCounts(selected, selected.training)).toEqual([5, 9]);
    expect(labelCounts(selected, selected.validation)).toEqual([3, 6]);
  });
});
