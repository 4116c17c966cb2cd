import type { Predictions } from '@mememoji/vision/metrics/predictions';
import { describe, expect, it } from 'vitest';
import { compareAnswers, scoreAnswers } from '../../src/report/paired.ts';

/** Answers with a probability of 0.8 for `said`, by name; `truths` likewise. */
function answers(labels: string[], truths: string, said: string): { labels: string[]; predictions: Predictions } {
  const index = (letter: string) => labels.findIndex((label) => label.startsWith(letter));
  const scores = [...said].flatMap((letter) =>
    labels.map((_, i) => (i === index(letter) ? 0.8 : 0.2 / (labels.length - 1))),
  );
  return {
    labels,
    predictions: {
      scores: Float32Array.from(scores),
      targets: Uint8Array.from([...truths].map(index)),
      classes: labels.length,
    },
  };
}

//              both right   only the first  only the second  both wrong, alike and not
const TRUTHS = 'hhhh' + 'hsss' + 's' + 'hn';
const FIRST = 'hhhh' + 'hsss' + 'h' + 'ss';
const SECOND = 'hhhh' + 'shhn' + 's' + 'sh';

describe('compareAnswers', () => {
  const first = answers(['happy', 'sad', 'neutral'], TRUTHS, FIRST);
  // The other has its classes in another order and one more.
  const second = answers(['neutral', 'happy', 'fear', 'sad'], TRUTHS, SECOND);
  const result = compareAnswers(first, second, 1);

  it('counts who is right', () => {
    expect(result).toMatchObject({
      bothRight: 4,
      bothWrong: 2,
      mcnemar: { onlyFirst: 4, onlySecond: 1, method: 'exact' },
    });
    // Of five heads and tails of a fair coin one side comes up at most once: 2 (1 + 5) / 32.
    expect(result.mcnemar.p).toBeCloseTo(12 / 32, 12);
  });

  it('counts what both read alike by the names of the classes', () => expect(result.agreement).toBe(5 / 11));

  it('has the difference of the accuracies, with an interval around it', () => {
    expect(result.difference.accuracy).toBeCloseTo(-3 / 11, 12);
    const [low, high] = result.difference.interval;
    expect(low).toBeLessThan(-3 / 11);
    expect(high).toBeGreaterThan(-3 / 11);
    expect(high - low).toBeGreaterThan(0.3);
  });

  it('compares the classes that the data has', () => {
    expect(Object.keys(result.classes)).toEqual(['happy', 'sad', 'neutral']);
    expect(result.classes.happy).toMatchObject({ samples: 6, onlyFirst: 1, onlySecond: 0, recall: [5 / 6, 4 / 6] });
    expect(result.classes.sad).toMatchObject({ samples: 4, onlyFirst: 3, onlySecond: 1, difference: -0.5 });
  });

  it('finds no difference between a model and itself', () => {
    expect(compareAnswers(first, first, 1)).toMatchObject({
      difference: { accuracy: 0, interval: [0, 0] },
      mcnemar: { onlyFirst: 0, onlySecond: 0, p: 1 },
      agreement: 1,
    });
  });
});

describe('scoreAnswers', () => {
  it('measures one model by itself', () => {
    const scores = scoreAnswers(answers(['happy', 'sad', 'neutral'], TRUTHS, FIRST), 1);
    expect(scores.accuracy).toBe(8 / 11);
    expect(scores.ece).toBeCloseTo(Math.abs(8 / 11 - 0.8), 6);
    expect(scores.nll).toBeCloseTo(-(8 * Math.log(0.8) + 3 * Math.log(0.1)) / 11, 6);
  });
});
