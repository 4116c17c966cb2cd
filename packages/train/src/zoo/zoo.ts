import { z } from 'zod';
import { type Cnn9Options, cnn9, cnn9Options } from './cnn9.ts';
import { joint, jointOptions, memberPrefix } from './joint.ts';
import type { Net } from './net.ts';
import { type ResidualOptions, residual, residualOptions } from './residual.ts';

/** Architectures by name, each with its options and their defaults. */
export const modelOptions = z.discriminatedUnion('architecture', [residualOptions, cnn9Options, jointOptions]);

export type ModelOptions = z.infer<typeof modelOptions>;

/** @param prefix what the names of its variables begin with */
export function createNet(options: ModelOptions, prefix = ''): Net {
  switch (options.architecture) {
    case 'residual':
      return residual(options, prefix);
    case 'cnn9':
      return cnn9(options, prefix);
    case 'joint':
      return joint(options.members.map((member, i) => createNet(member, prefix + memberPrefix(i))));
  }
}

/** The single nets of a model: those of a joint one, or it alone. */
export function singleNets(options: ModelOptions): readonly (ResidualOptions | Cnn9Options)[] {
  return options.architecture === 'joint' ? options.members : [options];
}
