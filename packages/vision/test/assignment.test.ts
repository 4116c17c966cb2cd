import { assignRows } from '@mememoji/vision/assignment';
import { describe, expect, it } from 'vitest';
import { randomNumbers } from './faces.ts';

/** The least sum over all ways to give the rows columns of their own, by trying all of them. */
function leastByTrying(costs: readonly (readonly number[])[], taken: readonly number[] = []): number {
  const row = costs[taken.length];
  if (row === undefined) return 0;
  return Math.min(
    ...row.map((cost, column) =>
      taken.includes(column) ? Number.POSITIVE_INFINITY : cost + leastByTrying(costs, [...taken, column]),
    ),
  );
}

describe('assignRows', () => {
  it('finds the cheapest way, as trying all of them does', () => {
    const random = randomNumbers(7);
    for (let trial = 0; trial < 200; trial++) {
      const rows = 1 + Math.floor(5 * random());
      const columns = rows + Math.floor(3 * random());
      const costs = Array.from({ length: rows }, () =>
        Array.from({ length: columns }, () => (random() < 0.2 ? 1e6 : Math.floor(10 * random()))),
      );
      const assigned = assignRows(costs);
      expect(new Set(assigned).size).toBe(rows);
      const sum = assigned.reduce((total, column, row) => total + costs[row]![column]!, 0);
      expect(sum).toBe(leastByTrying(costs));
    }
  });

  it('does not take for each row the nearest that is left', () => {
    expect(
      assignRows([
        [1, 2],
        [2, 100],
      ]),
    ).toEqual([1, 0]);
  });

  it('takes no rows', () => {
    expect(assignRows([])).toEqual([]);
  });
});
