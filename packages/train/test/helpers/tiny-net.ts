import type { Model } from '@mememoji/graph/model';
import { float32, type TensorData } from '@mememoji/graph/tensor';
import { EXPRESSIONS } from '@mememoji/vision/expression';
import { expect } from 'vitest';
import { Random } from '../../src/random.ts';
import { numbersOf } from './tiny-run.ts';

export const BATCH = 6;
export const CLASSES = EXPRESSIONS.length;
/** A net whose tensors are all so small that the exported file keeps them as float32. */
export const CNN9 = { architecture: 'cnn9', widths: [4, 4, 5], depth: 2, dense: [6], dropout: 0.4 };

/** A batch of noise, 16x16. */
export function pictures(seed: number): TensorData {
  const random = new Random(seed);
  return float32(
    [BATCH, 1, 16, 16],
    Float32Array.from({ length: BATCH * 256 }, () => random.int(256)),
  );
}

export function targets(seed: number): TensorData {
  const random = new Random(seed);
  const labels = Array.from({ length: BATCH }, () => random.int(CLASSES));
  return float32(
    [BATCH, CLASSES],
    labels.flatMap((label) => EXPRESSIONS.map((_, i) => Number(i === label))),
  );
}

export function operatorsOf(model: Model): string[] {
  return model.graph.nodes.map(({ operator }) => operator);
}

/** Relative to the largest value of the tensor: errors grow from step to step. */
export function expectClose(actual: TensorData, expected: TensorData, name: string, tolerance = 1e-3): void {
  const largest = Math.max(...numbersOf(expected).map(Math.abs), 1e-3);
  const error = Math.max(...numbersOf(expected).map((value, i) => Math.abs(value - Number(actual.data[i]))));
  expect(error / largest, name).toBeLessThan(tolerance);
}
