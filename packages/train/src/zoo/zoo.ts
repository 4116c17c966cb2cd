import { z } from 'zod';
import { cnn9, cnn9Options } from './cnn9.ts';
import type { Net } from './net.ts';
import { residual, residualOptions } from './residual.ts';

/** Architectures by name, each with its options and their defaults. */
export const modelOptions = z.discriminatedUnion('architecture', [residualOptions, cnn9Options]);

export type ModelOptions = z.infer<typeof modelOptions>;

export function createNet(options: ModelOptions): Net {
  switch (options.architecture) {
    case 'residual':
      return residual(options);
    case 'cnn9':
      return cnn9(options);
  }
}
