/** Metrics on cases small enough to be worked out by hand. */
import { describe, expect, test } from 'vitest';
import { VisionError } from '../../src/error.ts';
import { chooseThreshold, coverageCurve } from '../../src/metrics/abstention.ts';
import { bootstrapInterval, bootstrapMean } from '../../src/metrics/bootstrap.ts';
import {
  brierScore,
  expectedCalibrationError,
  fitTemperature,
  negativeLogLikelihood,
  reliabilityBins,
  TEMPERATURE_RANGE,
} from '../../src/metrics/calibration.ts';
import {
  accuracy,
  classReports,
  confusionMatrix,
  macroF1,
  rankCounts,
  topKAccuracy,
} from '../../src/metrics/confusion.ts';
import { mcNemarTest } from '../../src/metrics/mcnemar.ts';
import { mergeClasses, type Predictions, selectSamples, softmax } from '../../src/metrics/predictions.ts';

function predictions(rows: readonly (readonly number[])[], targets: readonly number[]): Predictions {
  return { scores: Float32Array.from(rows.flat()), targets: Uint8Array.from(targets), classes: rows[0]?.length ?? 2 };
}

/** Four samples of three classes: right, right, second place, last place. */
const four = predictions(
  [
    [0.5, 0.25, 0.25],
    [0.25, 0.625, 0.125],
    [0.5, 0.375, 0.125],
    [0.125, 0.125, 0.75],
  ],
  [0, 1, 1, 0],
);

describe('confusion', () => {
  test('rows are truth, columns are predictions', () => {
    expect(confusionMatrix(four)).toEqual([
      [1, 0, 1],
      [1, 1, 0],
      [0, 0, 0],
    ]);
    expect(accuracy(four)).toBe(0.5);
  });

  test('precision, recall and F1 by hand', () => {
    const [first, second, third] = classReports(confusionMatrix(four));
    expect(first).toEqual({ precision: 1 / 2, recall: 1 / 2, f1: 1 / 2, support: 2 });
    expect(second).toEqual({ precision: 1, recall: 1 / 2, f1: 2 / 3, support: 2 });
    expect(third).toEqual({ precision: 0, recall: 0, f1: 0, support: 0 });
  });

  test('macro F1 counts a class that is only predicted and leaves out one that never occurs', () => {
    expect(macroF1(confusionMatrix(four))).toBeCloseTo((1 / 2 + 2 / 3 + 0) / 3, 12);
    expect(
      macroF1([
        [1, 0, 0],
        [0, 2, 0],
        [0, 0, 0],
      ]),
    ).toBe(1);
  });

  test('ranks: the truth is first twice, second once; of equals the smaller class stands first', () => {
    expect(rankCounts(four)).toEqual([2, 2, 0]);
    expect(rankCounts(predictions([[0.5, 0.5]], [0]))).toEqual([1, 0]);
    expect(rankCounts(predictions([[0.5, 0.5]], [1]))).toEqual([0, 1]);
    expect([1, 2, 3].map((k) => topKAccuracy(four, k))).toEqual([0.5, 1, 1]);
  });
});

describe('calibration', () => {
  test('softmax survives large logits and heeds the temperature', () => {
    expect([...softmax(Float32Array.of(1000, 1000, 0, Math.log(3)), 2)]).toEqual([0.5, 0.5, 0.25, 0.75]);
    const [cold, hot] = softmax(Float32Array.of(0, 2 * Math.log(3)), 2, 2);
    expect([cold, hot]).toEqual([expect.closeTo(0.25, 6), expect.closeTo(0.75, 6)]);
  });

  test('negative log-likelihood and Brier score by hand', () => {
    const hand = -Math.log(0.5 * 0.625 * 0.375 * 0.125) / 4;
    expect(negativeLogLikelihood(four)).toBeCloseTo(hand, 12);
    const squares = [0.375, 0.21875, 0.65625, 1.34375];
    expect(brierScore(four)).toBeCloseTo(squares.reduce((a, b) => a + b) / 4, 12);
  });

  test('an impossible truth costs a finite likelihood', () => {
    expect(negativeLogLikelihood(predictions([[1, 0]], [1]))).toBeCloseTo(-Math.log(1e-12), 9);
  });

  test('bins are closed above, so that a confidence of 1 has one', () => {
    const bins = reliabilityBins(
      predictions(
        [
          [0.5, 0.5],
          [0.75, 0.25],
          [1, 0],
          [0.25, 0.75],
        ],
        [0, 0, 0, 0],
      ),
      4,
    );
    expect(bins.map(({ count }) => count)).toEqual([0, 1, 2, 1]);
    expect(bins[2]).toEqual({ from: 0.5, to: 0.75, count: 2, confidence: 0.75, accuracy: 0.5 });
    expect(
      expectedCalibrationError(
        predictions(
          [
            [0.75, 0.25],
            [0.25, 0.75],
          ],
          [0, 0],
        ),
        4,
      ),
    ).toBe(0.25);
    expect(
      expectedCalibrationError(
        predictions(
          [
            [1, 0],
            [0, 1],
          ],
          [0, 1],
        ),
      ),
    ).toBe(0);
  });

  test('the temperature undoes a scaling of calibrated logits', () => {
    // Right three times in four with odds of 3 to 1: calibrated at log 3, six times too sure at 6 log 3.
    const sure = 6 * Math.log(3);
    const scaled = predictions(
      [
        [sure, 0],
        [sure, 0],
        [sure, 0],
        [sure, 0],
      ],
      [0, 0, 0, 1],
    );
    expect(fitTemperature(scaled)).toBeCloseTo(6, 5);
  });

  test('logits that are always right or always wrong get the ends of the range', () => {
    expect(fitTemperature(predictions([[1, 0]], [0]))).toBeCloseTo(TEMPERATURE_RANGE[0], 9);
    expect(fitTemperature(predictions([[1, 0]], [1]))).toBeCloseTo(TEMPERATURE_RANGE[1], 9);
  });
});

describe('abstention', () => {
  const five = predictions(
    [
      [0.9375, 0.0625],
      [0.875, 0.125],
      [0.75, 0.25],
      [0.75, 0.25],
      [0.625, 0.375],
    ],
    [0, 1, 0, 0, 1],
  );

  test('accuracy against coverage has one point per confidence', () => {
    expect(coverageCurve(five)).toEqual([
      { threshold: 0.9375, coverage: 0.2, accuracy: 1 },
      { threshold: 0.875, coverage: 0.4, accuracy: 0.5 },
      { threshold: 0.75, coverage: 0.8, accuracy: 0.75 },
      { threshold: 0.625, coverage: 1, accuracy: 0.6 },
    ]);
  });

  test('the smallest threshold that reaches the target, else the largest allowed', () => {
    expect(chooseThreshold(five, { targetAccuracy: 0.7, minimumCoverage: 0.5 })).toEqual({
      threshold: 0.75,
      coverage: 0.8,
      accuracy: 0.75,
      reachesTarget: true,
    });
    expect(chooseThreshold(five, { targetAccuracy: 0.9, minimumCoverage: 0.1 }).threshold).toBe(0.9375);
    expect(chooseThreshold(five, { targetAccuracy: 0.9, minimumCoverage: 0.5 })).toMatchObject({
      threshold: 0.75,
      reachesTarget: false,
    });
    expect(chooseThreshold(five, { targetAccuracy: 0.5, minimumCoverage: 0 }).coverage).toBe(1);
  });
});

describe('bootstrap', () => {
  /** 650 of 1000 right: the normal interval is 0.65 +- 1.96 * sqrt(0.65 * 0.35 / 1000) = +-0.0296. */
  const values = Uint8Array.from({ length: 1000 }, (_, i) => (i < 650 ? 1 : 0));

  test('the interval of an accuracy is near the normal one', () => {
    const [low, high] = bootstrapMean(values);
    expect(Math.abs(low - 0.6204)).toBeLessThan(0.003);
    expect(Math.abs(high - 0.6796)).toBeLessThan(0.003);
  });

  test('the same seed gives the same interval, another seed another, a lower level a narrower one', () => {
    expect(bootstrapMean(values, { seed: 3 })).toEqual(bootstrapMean(values, { seed: 3 }));
    expect(bootstrapMean(values, { seed: 3 })).not.toEqual(bootstrapMean(values, { seed: 4 }));
    const [low, high] = bootstrapMean(values, { level: 0.5 });
    // Half of a normal distribution lies within 0.674 deviations of 0.0151.
    expect(high - low).toBeGreaterThan(0.017);
    expect(high - low).toBeLessThan(0.024);
  });

  test('any statistic of the resampled indices; all samples are drawn', () => {
    const seen = new Set<number>();
    const interval = bootstrapInterval(5, (sample) => {
      for (const index of sample) seen.add(index);
      return 7;
    });
    expect(interval).toEqual([7, 7]);
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4]);
  });
});

test('merging classes adds probabilities and renames targets', () => {
  const merged = mergeClasses(four, [0, 0, 1]);
  expect(merged.classes).toBe(2);
  expect([...merged.scores]).toEqual([0.75, 0.25, 0.875, 0.125, 0.875, 0.125, 0.25, 0.75]);
  expect([...merged.targets]).toEqual([0, 0, 0, 0]);
});

test('selecting samples keeps whole rows', () => {
  const odd = selectSamples(four, (sample) => sample % 2 === 1);
  expect([...odd.scores]).toEqual([0.25, 0.625, 0.125, 0.125, 0.125, 0.75]);
  expect([...odd.targets]).toEqual([1, 0]);
});

describe('input that cannot be measured is refused', () => {
  const faults: [string, () => unknown, RegExp][] = [
    ['no samples', () => accuracy(predictions([], [])), /no samples/],
    ['wrong length', () => accuracy({ ...four, targets: Uint8Array.of(0) }), /12 scores do not make 1 samples/],
    ['one class', () => accuracy({ ...four, classes: 1 }), /1 classes/],
    ['a foreign target', () => accuracy(predictions([[1, 0]], [2])), /target 2 of sample 0/],
    [
      'NaN',
      () =>
        confusionMatrix(
          predictions(
            [
              [0, 1],
              [Number.NaN, 0],
            ],
            [0, 1],
          ),
        ),
      /score NaN of sample 1/,
    ],
    ['logits as probabilities', () => negativeLogLikelihood(predictions([[3, -1]], [0])), /not probabilities/],
    ['negative probabilities', () => brierScore(predictions([[1.5, -0.5]], [0])), /not probabilities/],
    ['no bins', () => reliabilityBins(four, 0), /0 bins/],
    ['top-4 of 3', () => topKAccuracy(four, 4), /top-4 of 3/],
    ['a gap in groups', () => mergeClasses(four, [0, 0, 2]), /without gaps/],
    ['too few groups', () => mergeClasses(four, [0, 1]), /do not number 3 classes/],
    ['no values', () => bootstrapMean([]), /0 samples/],
    ['a level of 95', () => bootstrapMean([1], { level: 95 }), /level 95/],
    ['no rounds', () => bootstrapMean([1], { rounds: 0 }), /0 bootstrap rounds/],
    ['unpaired results', () => mcNemarTest([1], [1, 0]), /cannot be paired/],
    ['a target accuracy of 75', () => chooseThreshold(four, { targetAccuracy: 75, minimumCoverage: 0 }), /75/],
    ['a coverage of -1', () => chooseThreshold(four, { targetAccuracy: 0, minimumCoverage: -1 }), /-1/],
  ];

  test.each(faults)('%s', (_name, run, message) => {
    expect(run).toThrow(VisionError);
    expect(run).toThrow(
      expect.objectContaining({ code: 'BAD_METRICS_INPUT', message: expect.stringMatching(message) }),
    );
  });
});
