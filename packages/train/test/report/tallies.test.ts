import { EXPRESSIONS } from '@mememoji/vision/expression';
import { type Predictions, softmax } from '@mememoji/vision/metrics/predictions';
import { describe, expect, it } from 'vitest';
import { accuracyRows, classShares, coverageOf, rankRows } from '../../src/report/tallies.ts';
import { datasetOf, FACES } from './row-reader.ts';

const TEST = FACES.filter(({ split }) => split === 'PublicTest');
const isDuplicate = TEST.map((_, i) => i === 0);

const predictions: Predictions = {
  scores: softmax(Float32Array.from(TEST.flatMap(({ logits }) => EXPRESSIONS.map((name) => logits[name] ?? 0))), 7),
  targets: Uint8Array.from(TEST, ({ truth }) => EXPRESSIONS.indexOf(truth)),
  classes: 7,
};

describe('accuracyRows', () => {
  it('counts seven and six classes, all faces and those that are no copies', () => {
    const rows = accuracyRows('flip', predictions, EXPRESSIONS, isDuplicate, 1);
    expect(rows.map(({ classes, faces, samples, accuracy }) => [classes, faces, samples, accuracy])).toEqual([
      [7, 'all', 10, 6 / 10],
      [7, 'without duplicates', 9, 5 / 9],
      [6, 'all', 10, 8 / 10],
      [6, 'without duplicates', 9, 7 / 9],
    ]);
    for (const { view, accuracy, low, high } of rows) {
      expect(view).toBe('flip');
      expect(low).toBeLessThan(accuracy);
      expect(high).toBeGreaterThan(accuracy);
    }
  });

  it('has no rows that say the same twice, or nothing', () => {
    expect(accuracyRows('single', predictions, EXPRESSIONS, undefined, 1)).toHaveLength(2);
    const two = { scores: Float32Array.of(0.9, 0.1), targets: Uint8Array.of(0), classes: 2 };
    expect(accuracyRows('single', two, ['happy', 'sad'], [true], 1)).toHaveLength(1);
  });
});

describe('rankRows', () => {
  it('tells where the truth stood, of all and by class', () => {
    const rows = rankRows(predictions, EXPRESSIONS);
    expect(rows[0]).toEqual({ class: 'all', samples: 10, counts: [6, 2, 1, 1, 0, 0, 0] });
    expect(rows.find((row) => row.class === 'sad')?.counts).toEqual([1, 0, 0, 1, 0, 0, 0]);
    expect(rows.map((row) => row.class)).not.toContain('fear'); // none is in the split
  });
});

describe('coverageOf', () => {
  it('marks what the threshold keeps', () => {
    // Of the ten, e^2.5 / (e^2.5 + 6) = 0.67, e^2 / (e^2 + e + 5) = 0.49 and e^3 / (e^3 + e^2 + 5) = 0.62 fall below 0.7.
    const { curve, threshold } = coverageOf(predictions, 0.7);
    expect(threshold).toEqual({ threshold: 0.7, coverage: 7 / 10, accuracy: 4 / 7 });
    expect(curve.at(-1)).toMatchObject({ coverage: 1, accuracy: 6 / 10 });
    expect(curve[0]).toMatchObject({ coverage: 1 / 10, accuracy: 0 }); // the surest is a mistake
  });

  it('marks nothing where all are uncertain', () => expect(coverageOf(predictions, 1).threshold).toBeNull());

  it('thins long curves out and keeps their end', () => {
    const many = 5000;
    const scores = Float32Array.from({ length: 2 * many }, (_, i) => {
      const sure = 0.5 + (Math.floor(i / 2) + 1) / (2 * many + 2);
      return i % 2 === 0 ? sure : 1 - sure;
    });
    const { curve } = coverageOf({ scores, targets: new Uint8Array(many), classes: 2 }, 0.5);
    expect(curve.length).toBeGreaterThan(300);
    expect(curve.length).toBeLessThan(420);
    expect(curve.at(-1)?.coverage).toBe(1);
  });
});

describe('classShares', () => {
  it('compares Training, the split and the answers', () => {
    const shares = classShares(datasetOf(FACES), predictions, EXPRESSIONS);
    expect(shares.find((row) => row.class === 'happy')).toEqual({
      class: 'happy',
      training: 0.5,
      truth: 0.4,
      predicted: 0.3,
    });
    expect(shares.find((row) => row.class === 'fear')).toEqual({ class: 'fear', training: 0, truth: 0, predicted: 0 });
    const alone = classShares(datasetOf(TEST), predictions, EXPRESSIONS);
    expect(alone[0]).toEqual({ class: 'angry', training: null, truth: 0.1, predicted: 0.1 });
  });
});
