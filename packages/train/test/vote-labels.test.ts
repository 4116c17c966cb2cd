import { EXPRESSIONS } from '@mememoji/vision/expression';
import { describe, expect, it } from 'vitest';
import type { Dataset } from '../src/dataset.ts';
import { allIndices } from '../src/dataset.ts';
import { FERPLUS_CATEGORIES } from '../src/ferplus-csv.ts';
import { labelsOfVotes } from '../src/vote-labels.ts';
import { datasetOf, ferLikeRows } from './helpers/fer-like.ts';

const LABELS = EXPRESSIONS.length;
const [HAPPY, SAD] = [EXPRESSIONS.indexOf('happy'), EXPRESSIONS.indexOf('sad')];

/** Pictures with these labels and votes. */
function voted(
  pictures: readonly { label: number; votes: Partial<Record<(typeof FERPLUS_CATEGORIES)[number], number>> }[],
) {
  const dataset: Dataset = datasetOf(ferLikeRows({ rows: pictures.length, size: 8 }));
  const votes = Uint8Array.from(
    pictures.flatMap((picture) => FERPLUS_CATEGORIES.map((category) => picture.votes[category] ?? 0)),
  );
  return { ...dataset, targets: Uint8Array.from(pictures, ({ label }) => label), votes };
}

/** Of a hundred pictures that all voters called happy 80 have that label, of those that were halved with sadness 40. */
const SMILES = Array.from({ length: 100 }, (_, i) => ({ label: i < 80 ? HAPPY : SAD, votes: { happiness: 10 } }));
const HALVES = Array.from({ length: 100 }, (_, i) => ({
  label: i < 40 ? HAPPY : SAD,
  votes: { happiness: 5, sadness: 5 },
}));

describe('labels of votes', () => {
  const dataset = voted([...SMILES, ...HALVES]);
  const labels = labelsOfVotes(dataset, allIndices(dataset));
  const of = (row: number, label: number) => labels[row * LABELS + label]!;

  it('are as frequent as among pictures with the same votes', () => {
    expect(labels).toHaveLength(200 * LABELS);
    expect(of(0, HAPPY)).toBeCloseTo(0.8, 2);
    expect(of(0, SAD)).toBeCloseTo(0.2, 2);
    expect(of(100, HAPPY)).toBeCloseTo(0.4, 2);
    expect(of(100, SAD)).toBeCloseTo(0.6, 2);
  });

  it('are the same for the same votes, whatever a picture is called, and sum to 1', () => {
    expect(labels.subarray(0, LABELS)).toEqual(labels.subarray(99 * LABELS, 100 * LABELS));
    for (let row = 0; row < 200; row++) {
      const sum = labels.subarray(row * LABELS, (row + 1) * LABELS).reduce((a, b) => a + b, 0);
      expect(sum).toBeCloseTo(1, 5);
    }
  });

  it('are fitted to the rows named alone, and given for all', () => {
    const fitted = allIndices(dataset).filter((row) => row < 150);
    const others = { ...dataset, targets: dataset.targets.map((target, row) => (row < 150 ? target : HAPPY)) };
    expect(labelsOfVotes(others, fitted)).toEqual(labelsOfVotes(dataset, fitted));
    expect(labelsOfVotes(dataset, fitted)[199 * LABELS + HAPPY]).toBeGreaterThan(0.7);
  });

  it('of votes that were never seen lie between those that were', () => {
    const between = voted([...SMILES, ...HALVES, { label: SAD, votes: { happiness: 8, sadness: 2 } }]);
    const rows = allIndices(between).filter((row) => row < 200);
    const happy = labelsOfVotes(between, rows)[200 * LABELS + HAPPY]!;
    expect(happy).toBeGreaterThan(0.4);
    expect(happy).toBeLessThan(0.8);
  });
});
