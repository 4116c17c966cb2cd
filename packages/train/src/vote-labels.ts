import type { Dataset } from './dataset.ts';
import { FERPLUS_CATEGORIES } from './ferplus-csv.ts';

/**
 * What the FER+ votes on a picture tell of its label. Ten people who looked at the picture know more of its expression than one label that
 * came from a search for a word does, but the label is what a net is measured by: of PublicTest's labels the votes alone find 67%, and
 * with a net that has 70% they find 71%. So they make a teacher's answer better, without ever being shown to the net.
 */

/** Shares of the votes and their square roots, which set one vote apart from none, and 1. */
const INPUTS = 2 * FERPLUS_CATEGORIES.length + 1;
const STEPS = 400;
const RATE = 0.05;
/** Keeps weights of inputs that hardly occur small. */
const DECAY = 1e-5;

/** Pictures with the same votes. */
interface Pattern {
  inputs: Float64Array;
  /** How many of them have each label. */
  counts: Float64Array;
  /** How many there are. */
  seen: number;
}

/**
 * Probabilities of each label given the votes [count, classes], by a multinomial logistic regression.
 * @param dataset with votes
 * @param rows to fit on; the answer is for all rows
 */
export function labelsOfVotes(dataset: Dataset, rows: Uint32Array): Float32Array {
  const classes = dataset.labels.length;
  const weights = fit([...patternsOf(dataset, rows).values()], classes);
  const labels = new Float32Array(dataset.count * classes);
  const known = new Map<string, Float64Array>();
  for (let row = 0; row < dataset.count; row++) {
    const key = keyOf(dataset, row);
    const answer = known.get(key) ?? probabilities(weights, inputsOf(dataset, row), classes);
    known.set(key, answer);
    labels.set(answer, row * classes);
  }
  return labels;
}

function votesOf({ votes }: Dataset, row: number): Uint8Array {
  return votes!.subarray(row * FERPLUS_CATEGORIES.length, (row + 1) * FERPLUS_CATEGORIES.length);
}

function keyOf(dataset: Dataset, row: number): string {
  return votesOf(dataset, row).join();
}

function inputsOf(dataset: Dataset, row: number): Float64Array {
  const votes = votesOf(dataset, row);
  const total = Math.max(
    1,
    votes.reduce((sum, count) => sum + count, 0),
  );
  const shares = Array.from(votes, (count) => count / total);
  return Float64Array.from([...shares, ...shares.map(Math.sqrt), 1]);
}

function patternsOf(dataset: Dataset, rows: Uint32Array): Map<string, Pattern> {
  const patterns = new Map<string, Pattern>();
  for (const row of rows) {
    const key = keyOf(dataset, row);
    const pattern = patterns.get(key) ?? {
      inputs: inputsOf(dataset, row),
      counts: new Float64Array(dataset.labels.length),
      seen: 0,
    };
    pattern.counts[dataset.targets[row]!]! += 1;
    pattern.seen++;
    patterns.set(key, pattern);
  }
  return patterns;
}

/** Weights [classes, INPUTS] of the least cross-entropy, by Adam over all patterns at once (Kingma and Ba, 2015). */
function fit(patterns: readonly Pattern[], classes: number): Float64Array {
  const total = patterns.reduce((sum, { seen }) => sum + seen, 0);
  const weights = new Float64Array(classes * INPUTS);
  const [first, second] = [new Float64Array(weights.length), new Float64Array(weights.length)];
  for (let step = 1; step <= STEPS; step++) {
    const gradient = gradientOf(patterns, weights, classes, total);
    for (let i = 0; i < weights.length; i++) {
      first[i] = 0.9 * first[i]! + 0.1 * gradient[i]!;
      second[i] = 0.999 * second[i]! + 0.001 * gradient[i]! ** 2;
      const deviation = Math.sqrt(second[i]! / (1 - 0.999 ** step)) + 1e-8;
      weights[i]! -= (RATE * (first[i]! / (1 - 0.9 ** step))) / deviation;
    }
  }
  return weights;
}

function gradientOf(patterns: readonly Pattern[], weights: Float64Array, classes: number, total: number): Float64Array {
  const gradient = weights.map((weight) => 2 * DECAY * weight);
  for (const { inputs, counts, seen } of patterns) {
    const expected = probabilities(weights, inputs, classes);
    for (let label = 0; label < classes; label++) {
      const error = (seen * expected[label]! - counts[label]!) / total;
      for (let i = 0; i < INPUTS; i++) gradient[label * INPUTS + i]! += error * inputs[i]!;
    }
  }
  return gradient;
}

function probabilities(weights: Float64Array, inputs: Float64Array, classes: number): Float64Array {
  const powers = new Float64Array(classes);
  let largest = Number.NEGATIVE_INFINITY;
  for (let label = 0; label < classes; label++) {
    let logit = 0;
    for (let i = 0; i < INPUTS; i++) logit += inputs[i]! * weights[label * INPUTS + i]!;
    powers[label] = logit;
    largest = Math.max(largest, logit);
  }
  let sum = 0;
  for (let label = 0; label < classes; label++) sum += powers[label] = Math.exp(powers[label]! - largest);
  for (let label = 0; label < classes; label++) powers[label]! /= sum;
  return powers;
}
