import { GraphError } from './error.ts';
import type { Tensor } from './graph.ts';
import { add, mul, scale, sub } from './operators/arithmetic.ts';
import { reduceMean } from './operators/reduction.ts';
import { concat, reshape, slice, split } from './operators/shape.ts';

/**
 * Channels in mirrored pairs: of 2K channels, the second K hold of an image what the first K hold of its mirror image, itself
 * mirrored. A net whose layers keep to that gives an image and its mirror image the same answer, by construction instead of by
 * examples, and has half the parameters for the same operations (Cohen and Welling, Group equivariant convolutional networks, 2016,
 * for the group of left-right reflections).
 */

/**
 * The kernel [2K, C, R, S] of a convolution that keeps mirrored pairs, from its own half [K, C, R, S]: the other half is that one
 * mirrored, with the channels of each pair of its input exchanged.
 * @param input whether the input's channels are mirrored pairs already; those of a picture are not
 * @throws GraphError `BAD_SHAPE` where an odd number of channels should be pairs
 */
export function mirrorKernel(half: Tensor, input: 'picture' | 'pairs'): Tensor {
  const [k, c, r, s] = half.shape as [number, number, number, number];
  const members = input === 'pairs' ? 2 : 1;
  if (c % members !== 0) throw new GraphError('BAD_SHAPE', `${c} channels are no mirrored pairs`);
  const turned = backwards(reshape(half, [k, members, (c / members) * r, s]), [1, 3]);
  return concat([half, reshape(turned, [k, c, r, s])], 0);
}

function backwards(x: Tensor, axes: readonly number[]): Tensor {
  const ranges = axes.map((axis) => ({ axis, start: x.shape[axis]! - 1, end: -1, step: -1 }));
  return slice(
    x,
    ranges.filter(({ start }) => start > 0),
  );
}

/** One value for each pair [K] as one for each channel [2K]. */
export function perChannel(values: Tensor): Tensor {
  return concat([values, values], 0);
}

/** Mean and variance of pairs [K], from those of their channels [2K]. */
export function pairStatistics(mean: Tensor, variance: Tensor): { mean: Tensor; variance: Tensor } {
  const [first, second] = split(mean, 0, [mean.shape[0]! / 2, mean.shape[0]! / 2]) as [Tensor, Tensor];
  const apart = scale(sub(first, second), 0.5);
  return { mean: meanOfPairs(mean), variance: add(meanOfPairs(variance), mul(apart, apart)) };
}

function meanOfPairs(values: Tensor): Tensor {
  return reduceMean(reshape(values, [2, values.shape[0]! / 2]), [0]);
}

/** Means of pairs [N, K] of features in mirrored pairs [N, 2K], which do not change when the image is mirrored. */
export function joinPairs(features: Tensor): Tensor {
  const [n, c] = features.shape as [number, number];
  return reduceMean(reshape(features, [n, 2, c / 2]), [1]);
}
