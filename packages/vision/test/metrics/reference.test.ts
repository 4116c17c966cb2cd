/**
 * Metrics against scikit-learn, SciPy and NumPy on the same 250 samples; ../fixtures/metrics.py made the numbers. The
 * probabilities here are float32, there float64: hence 1e-6.
 */
import { expect, test } from 'vitest';
import {
  brierScore,
  expectedCalibrationError,
  fitTemperature,
  negativeLogLikelihood,
} from '../../src/metrics/calibration.ts';
import { accuracy, classReports, confusionMatrix, macroF1, topKAccuracy } from '../../src/metrics/confusion.ts';
import { mcNemarTest } from '../../src/metrics/mcnemar.ts';
import { softmax } from '../../src/metrics/predictions.ts';
import reference from '../fixtures/metrics.json' with { type: 'json' };

const { classes, expected } = reference;
const targets = Uint8Array.from(reference.targets);
const logits = { scores: Float32Array.from(reference.logits), targets, classes };
const probabilities = { scores: softmax(logits.scores, classes), targets, classes };

test('confusion, accuracy and top-k are those of scikit-learn', () => {
  expect(confusionMatrix(probabilities)).toEqual(expected.confusion);
  expect(confusionMatrix(logits)).toEqual(expected.confusion);
  expect(accuracy(probabilities)).toBe(expected.accuracy);
  expect(expected.topK.map((_, i) => topKAccuracy(probabilities, i + 1))).toEqual(expected.topK);
});

test('precision, recall and F1 are those of scikit-learn, with a class that never occurs', () => {
  const reports = classReports(confusionMatrix(probabilities));
  for (const key of ['precision', 'recall', 'f1', 'support'] as const) {
    expect(reports.map((report) => report[key])).toEqual(expected[key].map((value) => expect.closeTo(value, 12)));
  }
  expect(macroF1(confusionMatrix(probabilities))).toBeCloseTo(expected.macroF1, 12);
});

test('likelihood, Brier score and calibration error are those of scikit-learn and NumPy', () => {
  expect(negativeLogLikelihood(probabilities)).toBeCloseTo(expected.negativeLogLikelihood, 6);
  expect(brierScore(probabilities)).toBeCloseTo(expected.brier, 6);
  expect(expectedCalibrationError(probabilities)).toBeCloseTo(expected.calibrationError, 6);
});

test('the temperature is the one that SciPy finds', () => {
  const temperature = fitTemperature(logits);
  expect(temperature).toBeCloseTo(expected.temperature, 6);
  const cooled = { scores: softmax(logits.scores, classes, temperature), targets, classes };
  expect(negativeLogLikelihood(cooled)).toBeCloseTo(expected.negativeLogLikelihoodAtTemperature, 6);
  expect(expectedCalibrationError(cooled)).toBeCloseTo(expected.calibrationErrorAtTemperature, 6);
});

test.each(reference.mcnemar)('McNemar with %d and %d disagreements', (onlyFirst, onlySecond, p) => {
  const first = [...Array(onlyFirst).fill(1), ...Array(onlySecond).fill(0), 1, 0];
  const second = [...Array(onlyFirst).fill(0), ...Array(onlySecond).fill(1), 1, 0];
  const result = mcNemarTest(first, second);
  expect(result).toMatchObject({ onlyFirst, onlySecond });
  expect(result.p / p!).toBeCloseTo(1, 6);
  expect(result.method).toBe(onlyFirst! + onlySecond! < 25 ? 'exact' : 'chi-squared');
});
