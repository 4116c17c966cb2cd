import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { allIndices } from '../src/dataset.ts';
import { describeDataset } from '../src/describe.ts';
import { testRowsWithoutTrainingCopy } from '../src/duplicates.ts';
import { voteDistribution } from '../src/ferplus-csv.ts';
import { openDataset } from '../src/open-dataset.ts';

/** The challenge's data, where a person has them; the product does not bring them. */
const FOLDER = fileURLToPath(new URL('../../../../shared/data/fer2013', import.meta.url));

describe.runIf(existsSync(FOLDER))('FER2013 itself', () => {
  it('has the counts, copies and votes that it is known for', async () => {
    const dataset = await openDataset(FOLDER);
    const { splits, duplicates, votes } = describeDataset(dataset);
    expect(Object.values(splits.Training!.classes)).toEqual([3995, 436, 4097, 7215, 4830, 3171, 4965]);
    expect(Object.values(splits.PublicTest!.classes)).toEqual([467, 56, 496, 895, 653, 415, 607]);
    expect(Object.values(splits.PrivateTest!.classes)).toEqual([491, 55, 528, 879, 594, 416, 626]);
    expect(duplicates.distinct.Training).toBe(27_475);
    expect(duplicates.inTraining).toEqual({ PublicTest: 280, PrivateTest: 288 });
    expect(testRowsWithoutTrainingCopy(dataset, 'PrivateTest').length).toBe(3301);
    expect(duplicates.clean).toEqual({ rows: 26_923, testCopies: 703, repeated: 1041, tied: 42 });
    expect(votes?.agreement).toBeCloseTo(0.63, 2);
    const silent = allIndices(dataset).filter(
      (row) => voteDistribution(dataset.votes!, row, new Float32Array(8), 0) === 0,
    );
    expect(silent.length).toBeGreaterThan(100);
  });
});
