import type { Tensor } from '../src/graph.ts';
import { add } from '../src/operators/arithmetic.ts';
import { conv } from '../src/operators/convolution.ts';
import type { Shape } from '../src/tensor.ts';

/**
 * How an input is filled.
 * - `any`: -1..1
 * - `positive`: 0.5..1.5
 * - `spaced`: all elements different, 1/8 apart, none nearer to a whole number than 1/16
 * - `far`: 4 and -4 in turn
 * - `shares`: positive, rows sum to 1
 */
export type Fill = 'any' | 'positive' | 'spaced' | 'far' | 'shares';

export interface GradientCase {
  name: string;
  inputs: readonly (readonly [Shape, Fill?])[];
  build: (...inputs: [Tensor, Tensor, Tensor, Tensor]) => Tensor;
  /** Linear in each input by itself: differences are then exact at any distance. */
  linear?: boolean;
  /** Input without a gradient, by number: targets, masks. */
  fixed?: readonly number[];
}

/** By the name of the operator; a net may use others beside it. */
export type GradientCases = Readonly<Record<string, readonly GradientCase[]>>;

/** An image that fills a block of 16 channels, for the blocked layout. */
export const wide: Shape = [2, 16, 6, 6];

/** The same image in blocks: a 1x1 convolution that changes nothing. Its weights are computed, as constant ones are left to ONNX Runtime. */
export function inBlocks(x: Tensor): Tensor {
  const channels = x.shape[1]!;
  const data = Float32Array.from({ length: channels * channels }, (_, i) => (i % (channels + 1) === 0 ? 1 : 0));
  const identity = x.graph.constant({ dtype: 'float32', shape: [channels, channels, 1, 1], data });
  return conv(x, add(identity, x.graph.scalar(0)));
}
