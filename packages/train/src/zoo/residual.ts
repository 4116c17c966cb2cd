import type { Tensor } from '@mememoji/graph/graph';
import { type ConvNormOptions, channelGates, convNorm, dropoutLayer, type Scope } from '@mememoji/graph/layers';
import { joinPairs } from '@mememoji/graph/mirror';
import { gate } from '@mememoji/graph/operators/gate';
import { globalAveragePool, maxPool } from '@mememoji/graph/operators/pooling';
import { concat, flatten } from '@mememoji/graph/operators/shape';
import { z } from 'zod';
import type { Net } from './net.ts';

export const residualOptions = z.strictObject({
  architecture: z.literal('residual'),
  /** Channels of the first convolution. */
  stem: z.int().min(1).default(32),
  /** Residual blocks of as many channels behind it, before the picture is first halved: dear, since the picture is largest there. */
  stemBlocks: z.int().min(0).default(0),
  /** Channels of each stage; before each stage the picture is halved. */
  widths: z.array(z.int().min(1)).min(1).default([48, 96, 192]),
  /** Residual blocks of a stage: one number for all, or one for each. */
  blocks: z.union([z.int().min(1), z.array(z.int().min(1)).min(1)]).default(2),
  /**
   * Channels in mirrored pairs (see `@mememoji/graph/mirror`): a picture and its mirror image get the same answer, and the net has
   * half the parameters for the same operations. Stem and widths are even then.
   */
  mirror: z.boolean().default(false),
  /** Hidden units of each block's channel gates (squeeze-and-excitation); 0 for none. */
  gates: z.int().min(0).default(0),
  /** Features that see each place of the last maps by itself, beside the means over all places; 0 for none. */
  places: z.int().min(0).default(0),
  /** Share of the features that is dropped before the classifier in training. */
  dropout: z.number().min(0).max(0.9).default(0),
});

export type ResidualOptions = z.infer<typeof residualOptions>;

/**
 * A small residual net (He et al., Deep residual learning, 2016). With its defaults and pictures of 40x40 it is the net "M3" on
 * which training speed is measured: 1.56 M parameters, 181 MFLOP forwards.
 * @param prefix what the names of its variables begin with
 */
export function residual(
  { stem, stemBlocks, widths, blocks, mirror, gates, places, dropout }: ResidualOptions,
  prefix = '',
): Net {
  const blockOptions = { gates, ...(mirror && ({ mirror: 'pairs' } as const)) };
  return (scope, pictures) => {
    const lifted = mirror ? ({ mirror: 'picture' } as const) : {};
    let y = convNorm(scope, `${prefix}stem`, pictures, { kernel: 3, channels: stem, ...lifted });
    for (let block = 0; block < stemBlocks; block++)
      y = residualBlock(scope, `${prefix}stem.${block}`, y, stem, blockOptions);
    const stages = new Map([['stem', y]]);
    widths.forEach((channels, stage) => {
      y = maxPool(y, 2);
      const count = typeof blocks === 'number' ? blocks : blocks[stage]!;
      for (let block = 0; block < count; block++) {
        y = residualBlock(scope, `${prefix}stage${stage + 1}.${block}`, y, channels, blockOptions);
      }
      stages.set(`stage${stage + 1}`, y);
    });
    const pooled = flatten(globalAveragePool(y));
    let features = mirror ? joinPairs(pooled) : pooled;
    if (places > 0) {
      const byPlace = convNorm(scope, `${prefix}places`, y, { kernel: y.shape[2]!, channels: places, padding: 0 });
      features = concat([features, flatten(byPlace)], 1);
    }
    return { features: dropoutLayer(scope, `${prefix}dropout`, features, dropout), stages };
  };
}

/** Two 3x3 convolutions and a shortcut, which is a 1x1 convolution where the width changes. */
function residualBlock(
  scope: Scope,
  name: string,
  x: Tensor,
  channels: number,
  { gates, ...pairs }: Pick<ConvNormOptions, 'mirror'> & { gates: number },
): Tensor {
  const shortcut =
    x.shape[1] === channels
      ? x
      : convNorm(scope, `${name}.shortcut`, x, { kernel: 1, channels, relu: false, ...pairs });
  const inner = convNorm(scope, `${name}.conv1`, x, { kernel: 3, channels, ...pairs });
  if (gates === 0)
    return convNorm(scope, `${name}.conv2`, inner, { kernel: 3, channels, residual: shortcut, ...pairs });
  const branch = convNorm(scope, `${name}.conv2`, inner, { kernel: 3, channels, relu: false, ...pairs });
  return gate(branch, channelGates(scope, `${name}.gates`, branch, gates), { residual: shortcut, relu: true });
}
