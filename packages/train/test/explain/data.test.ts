import { expect, it } from 'vitest';
import { describeExplanation, inlineValues } from '../../src/explain/data.ts';
import type { Explanation } from '../../src/explain/explanation.ts';

const explanation: Explanation = {
  model: 'tiny 1',
  expression: 'sad',
  probabilities: { happy: 0.25, sad: 0.75 },
  picture: { width: 2, height: 1, data: Float32Array.of(0.1, 255) },
  features: [{ layer: 'Relu_1', channels: 2, width: 1, height: 1, data: Float32Array.of(1, 2) }],
  occlusion: { patch: 1, stride: 1, width: 2, height: 1, data: Float32Array.of(-0.5, 0) },
  integratedGradients: { steps: 4, sum: 1, difference: 1.5, width: 2, height: 1, data: Float32Array.of(1, 0) },
};

it('an explanation is described with shapes and values, without what was not asked for', () => {
  expect(describeExplanation(explanation, inlineValues)).toEqual({
    model: 'tiny 1',
    expression: 'sad',
    probabilities: { happy: 0.25, sad: 0.75 },
    input: { shape: [1, 2], values: [0.1, 255] },
    features: [{ layer: 'Relu_1', shape: [2, 1, 1], values: [1, 2] }],
    occlusion: { patch: 1, stride: 1, shape: [1, 2], values: [-0.5, 0] },
    integratedGradients: { steps: 4, sum: 1, difference: 1.5, shape: [1, 2], values: [1, 0] },
  });
});

it('its values may be put elsewhere', () => {
  const stored: [string, readonly number[], number[]][] = [];
  const description = describeExplanation(explanation, (name, shape, data) => {
    stored.push([name, shape, [...data]]);
    return { file: `${name}.npy` };
  });
  expect(stored.map(([name, shape]) => [name, shape])).toEqual([
    ['input', [1, 2]],
    ['features-1', [2, 1, 1]],
    ['occlusion', [1, 2]],
    ['integrated-gradients', [1, 2]],
  ]);
  expect(description).toMatchObject({ features: [{ layer: 'Relu_1', shape: [2, 1, 1], file: 'features-1.npy' }] });
});
