import { concat } from '@mememoji/graph/operators/shape';
import { z } from 'zod';
import { cnn9Options } from './cnn9.ts';
import type { Net } from './net.ts';
import { residualOptions } from './residual.ts';

export const jointOptions = z.strictObject({
  architecture: z.literal('joint'),
  /** The nets that stand side by side. */
  members: z.array(z.discriminatedUnion('architecture', [residualOptions, cnn9Options])).min(2),
});

export type JointOptions = z.infer<typeof jointOptions>;

/** What the names of the variables of a member begin with. @param index from 0 */
export function memberPrefix(index: number): string {
  return `net${index + 1}.`;
}

/**
 * Nets side by side, all of which see the picture: their features one after the other, for one classifier. Nets that were trained
 * apart err apart, so that what they say together may be right more often than any of them (see `../join-classifiers.ts`).
 * @param members each with variables under its own {@link memberPrefix}
 */
export function joint(members: readonly Net[]): Net {
  return (scope, pictures) => {
    const outputs = members.map((member) => member(scope, pictures));
    const [first, ...others] = outputs.map(({ features }) => features);
    const stages = outputs.flatMap((output, i) =>
      [...output.stages].map(([name, maps]) => [memberPrefix(i) + name, maps] as const),
    );
    return { features: concat([first!, ...others], 1), stages: new Map(stages) };
  };
}
