import { describe, expect, it } from 'vitest';
import { takeRows } from '../src/dataset.ts';
import { FERPLUS_CATEGORIES, readFerPlus, voteDistribution } from '../src/ferplus-csv.ts';
import { datasetOf, ferLikeRows, ferPlusLikeCsv, temporaryFile } from './helpers/fer-like.ts';

const ROWS = ferLikeRows({ rows: 10, size: 2 });
const CSV = ferPlusLikeCsv(ROWS);

function read(text: string, dataset = datasetOf(ROWS)) {
  return readFerPlus(temporaryFile('ferplus.csv', text), dataset);
}

describe('readFerPlus', () => {
  it('reads ten votes for each row, by the names of the columns', async () => {
    const votes = await read(CSV);
    expect(votes.length).toBe(100);
    // Row 3 is happy: neutral 1, happiness 8, unknown 1.
    expect([...votes.subarray(30, 40)]).toEqual([1, 8, 0, 0, 0, 0, 0, 0, 1, 0]);
    const backwards = CSV.split('\n').map((line) => line.split(',').reverse().join(','));
    expect(await read(backwards.join('\n'))).toEqual(votes);
  });

  it('follows the rows of a selection', async () => {
    const votes = await read(CSV, takeRows(datasetOf(ROWS), Uint32Array.of(9, 3)));
    expect([...votes.subarray(10)]).toEqual([1, 8, 0, 0, 0, 0, 0, 0, 1, 0]);
  });

  it('refuses a table that does not belong to the pictures', async () => {
    const lines = CSV.trimEnd().split('\n');
    const fault = (message: string) => ({ code: 'BAD_VOTES', message: expect.stringContaining(message) });
    await expect(read(lines.slice(0, -1).join('\n'))).rejects.toMatchObject(fault('has 9 rows, the pictures have 10'));
    await expect(read([...lines, lines[1]].join('\n'))).rejects.toMatchObject(fault('has 11 rows'));
    const swapped = [lines[0], lines[10], ...lines.slice(2, 10), lines[1]];
    await expect(read(swapped.join('\n'))).rejects.toMatchObject(fault('row 1: Usage is PrivateTest'));
    const broken = lines.with(4, lines[4]!.replace(',8,', ',x,'));
    await expect(read(broken.join('\n'))).rejects.toMatchObject(
      fault('row 4: the votes for happiness are not a number'),
    );
    await expect(read('a,b\n1,2\n')).rejects.toMatchObject({ code: 'BAD_HEADER' });
  });
});

describe('voteDistribution', () => {
  it('shares out the votes for expressions, and gives weight 0 where there are none', () => {
    const votes = Uint8Array.of(2, 0, 0, 1, 1, 0, 0, 0, 4, 2, 0, 0, 0, 0, 0, 0, 0, 0, 3, 7);
    const out = new Float32Array(9);
    expect(FERPLUS_CATEGORIES.length).toBe(10);
    expect(voteDistribution(votes, 0, out, 1)).toBe(1);
    expect([...out]).toEqual([0, 0.5, 0, 0, 0.25, 0.25, 0, 0, 0]);
    expect(voteDistribution(votes, 1, out, 1)).toBe(0);
    expect([...out]).toEqual(new Array(9).fill(0));
  });
});
