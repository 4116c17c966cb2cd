import { describe, expect, test } from 'vitest';
import { Graph, type Tensor } from '../src/graph.ts';
import { joinPairs, mirrorKernel, pairStatistics, perChannel } from '../src/mirror.ts';
import { conv } from '../src/operators/convolution.ts';
import { float32, type Shape, type TensorData } from '../src/tensor.ts';
import { numbersOf, relativeError, runGraph, wave } from './run-graph.ts';

const coded = (code: string) => expect.objectContaining({ name: 'GraphError', code });

/** An image [N, C, H, W] with its columns in reverse. */
function mirrored(image: TensorData): TensorData {
  const width = image.shape[3]!;
  return rearranged(image, (i) => i - (i % width) + width - 1 - (i % width));
}

/** The first half of the channels where the second was, and the other way round. */
function exchanged(image: TensorData): TensorData {
  const half = (image.shape[1]! / 2) * image.shape[2]! * image.shape[3]!;
  return rearranged(image, (i) => i - (i % (2 * half)) + ((i + half) % (2 * half)));
}

function rearranged(image: TensorData, from: (i: number) => number): TensorData {
  const numbers = numbersOf(image);
  return float32(
    image.shape,
    numbers.map((_, i) => numbers[from(i)]!),
  );
}

async function run(shape: Shape, x: TensorData, layer: (x: Tensor) => Tensor): Promise<TensorData> {
  const graph = new Graph();
  graph.output('y', layer(graph.input('x', shape)));
  return (await runGraph(graph, { x })).y!;
}

describe('a convolution with a mirrored kernel', () => {
  const convolve = (input: 'picture' | 'pairs', side: number, channels: number, x: TensorData) =>
    run(x.shape, x, (tensor) => {
      const half = tensor.graph.constant(wave([3, channels, side, side], 4));
      return conv(tensor, mirrorKernel(half, input));
    });

  test('makes mirrored pairs of a picture', async () => {
    const x = wave([2, 1, 4, 5]);
    const [straight, turned] = [await convolve('picture', 3, 1, x), await convolve('picture', 3, 1, mirrored(x))];
    expect(straight.shape).toEqual([2, 6, 4, 5]);
    expect(relativeError(mirrored(exchanged(turned)), straight)).toBeLessThan(1e-6);
    expect(relativeError(mirrored(turned), straight)).toBeGreaterThan(0.1);
  });

  // Mirroring the picture mirrors pairs and exchanges them: that is what the next layer is given then.
  test.each([1, 3, 5])('of side %d keeps mirrored pairs', async (side) => {
    const x = wave([2, 4, 4, 6]);
    const seen = mirrored(exchanged(x));
    const [straight, turned] = [await convolve('pairs', side, 4, x), await convolve('pairs', side, 4, seen)];
    expect(relativeError(mirrored(exchanged(turned)), straight)).toBeLessThan(1e-6);
  });

  test('keeps its own half as it is', async () => {
    const half = wave([2, 2, 1, 3]);
    const kernel = await run(half.shape, half, (tensor) => mirrorKernel(tensor, 'pairs'));
    const [a, b, c, d, e, f, ...rest] = numbersOf(half);
    const [g, h, i, j, k, l] = rest;
    const own = [a, b, c, d, e, f, g, h, i, j, k, l];
    expect(numbersOf(kernel)).toEqual([...own, f, e, d, c, b, a, l, k, j, i, h, g]);
    const single = await run([2, 1, 1, 1], wave([2, 1, 1, 1]), (tensor) => mirrorKernel(tensor, 'picture'));
    expect(numbersOf(single)).toEqual([...numbersOf(wave([2, 1, 1, 1])), ...numbersOf(wave([2, 1, 1, 1]))]);
  });

  test('refuses pairs of an odd number of channels', () => {
    const half = new Graph().input('half', [4, 3, 3, 3]);
    expect(() => mirrorKernel(half, 'pairs')).toThrow(coded('BAD_SHAPE'));
  });
});

test('statistics of pairs are those of both channels together', async () => {
  const [first, second] = [
    [1, 4, 7, 2],
    [3, 3, 9, -5],
  ];
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = (values: number[]) => mean(values.map((value) => (value - mean(values)) ** 2));
  const graph = new Graph();
  const given = (name: string) => graph.input(name, [4]);
  const seen = pairStatistics(given('mean'), given('variance'));
  graph.output('means', seen.mean);
  graph.output('variances', seen.variance);
  const channels = [first, [0, 1, 0, 1], second, [8, 8, 8, 8]] as number[][];
  const { means, variances } = await runGraph(graph, {
    mean: float32([4], channels.map(mean)),
    variance: float32([4], channels.map(variance)),
  });
  for (const pair of [0, 1]) {
    const both = [...channels[pair]!, ...channels[pair + 2]!];
    expect(numbersOf(means)[pair]).toBeCloseTo(mean(both), 5);
    expect(numbersOf(variances)[pair]).toBeCloseTo(variance(both), 5);
  }
});

test('values of pairs are those of both channels', async () => {
  expect(numbersOf(await run([2], float32([2], [5, 7]), perChannel))).toEqual([5, 7, 5, 7]);
});

test('joined pairs are the means of both channels', async () => {
  const features = float32([2, 4], [1, 2, 3, 4, 10, 20, 30, 60]);
  expect(numbersOf(await run([2, 4], features, joinPairs))).toEqual([2, 3, 20, 40]);
});
