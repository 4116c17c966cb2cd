import { GraphError } from './error.ts';
import { gradients } from './gradient.ts';
import { type Tensor, topologicalOrder } from './graph.ts';
import { add, div, mul } from './operators/arithmetic.ts';
import { normOf } from './optimizer.ts';

/**
 * Sharpness-aware minimisation (Foret et al., Sharpness-aware minimization for efficiently improving generalization, 2021): the
 * gradients are those a short way uphill, so that parameters settle where the loss is low all around. A step computes the net twice.
 */

/**
 * Gradients of the loss with respect to `values`, taken where it is highest in their neighbourhood, to first order.
 * @param radius Euclidean distance of that place, over all values together
 * @throws GraphError `BAD_ATTRIBUTE` where the radius is not above zero
 */
export function sharpnessAwareGradients(loss: Tensor, values: readonly Tensor[], radius: number): Tensor[] {
  if (!(radius > 0)) throw new GraphError('BAD_ATTRIBUTE', `gradients cannot be taken at a distance of ${radius}`);
  const here = gradients(loss, values);
  const norm = normOf(here);
  // A loss without any slope stays where it is.
  const factor = div(norm.graph.scalar(radius), add(norm, norm.graph.scalar(TINY)));
  const uphill = values.map((value, i) => add(value, mul(here[i]!, factor)));
  const replaced = substitute(loss, new Map(values.map((value, i) => [value, uphill[i]!])));
  return gradients(replaced, uphill);
}

const TINY = 1e-12;

/**
 * The tensor as it would be if others had been in the place of some that it depends on. What does not depend on those is shared with
 * the original.
 * @param replacements of the shapes of what they replace
 */
export function substitute(root: Tensor, replacements: ReadonlyMap<Tensor, Tensor>): Tensor {
  const known = new Map(replacements);
  for (const { operator, inputs, outputs, attributes } of topologicalOrder([root])) {
    if (!inputs.some((input) => known.has(input))) continue;
    const again = root.graph.apply(
      operator,
      inputs.map((input) => known.get(input) ?? input),
      attributes,
    );
    for (const [i, output] of outputs.entries()) known.set(output, again[i]!);
  }
  return known.get(root) ?? root;
}
