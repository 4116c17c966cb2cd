import type { Tensor } from '@mememoji/graph/graph';
import { convLayer, convNorm, denseLayer, dropoutLayer, type Scope } from '@mememoji/graph/layers';
import { relu } from '@mememoji/graph/operators/activation';
import { maxPool } from '@mememoji/graph/operators/pooling';
import { flatten } from '@mememoji/graph/operators/shape';
import { z } from 'zod';
import type { Net } from './net.ts';

export const cnn9Options = z.strictObject({
  architecture: z.literal('cnn9'),
  /** Channels of the convolutions of each block. */
  widths: z.array(z.int().min(1)).min(1).default([32, 64, 128]),
  /** 3x3 convolutions of each block. */
  depth: z.int().min(1).default(3),
  /** Units of the dense layers behind the blocks. */
  dense: z.array(z.int().min(1)).default([64, 64]),
  /** Dropout behind each dense layer. */
  dropout: z.number().min(0).max(0.9).default(0.5),
  /** Batch normalisation, which the original of 2016 had not. */
  batchNorm: z.boolean().default(false),
});

export type Cnn9Options = z.infer<typeof cnn9Options>;

/**
 * The net of the original Mememoji: blocks of three 3x3 convolutions with max-pooling, dense layers with dropout.
 * @param prefix what the names of its variables begin with
 */
export function cnn9({ widths, depth, dense, dropout, batchNorm }: Cnn9Options, prefix = ''): Net {
  return (scope, pictures) => {
    let y = pictures;
    const stages = new Map<string, Tensor>();
    widths.forEach((channels, block) => {
      for (let i = 0; i < depth; i++)
        y = convolution(scope, `${prefix}block${block + 1}.conv${i + 1}`, y, channels, batchNorm);
      y = maxPool(y, 2);
      stages.set(`pool${block + 1}`, y);
    });
    let features = flatten(y);
    dense.forEach((units, i) => {
      features = relu(denseLayer(scope, `${prefix}dense${i + 1}`, features, units));
      features = dropoutLayer(scope, `${prefix}dropout${i + 1}`, features, dropout);
    });
    return { features, stages };
  };
}

function convolution(scope: Scope, name: string, x: Tensor, channels: number, batchNorm: boolean): Tensor {
  if (batchNorm) return convNorm(scope, name, x, { kernel: 3, channels });
  return relu(convLayer(scope, name, x, { kernel: 3, channels }));
}
