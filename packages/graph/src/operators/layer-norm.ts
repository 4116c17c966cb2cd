import { reject, type Tensor } from '../graph.ts';
import { sameShape } from '../tensor.ts';
import { add, div, mul, sqrt, sub } from './arithmetic.ts';
import { reduceMean } from './reduction.ts';

/**
 * Layer normalisation over the last axis (Ba et al., 2016).
 * @param scale [size of the last axis], as is `bias`
 */
export function layerNorm(x: Tensor, scale: Tensor, bias: Tensor, epsilon = 1e-5): Tensor {
  const last = x.shape.length - 1;
  const row = x.shape.slice(-1);
  if (row.length === 0 || !sameShape(scale.shape, row) || !sameShape(bias.shape, row)) {
    reject('layerNorm', [x, scale, bias], 'scale and bias need the size of the last axis');
  }
  const centred = sub(x, reduceMean(x, [last], true));
  const variance = reduceMean(mul(centred, centred), [last], true);
  return add(mul(div(centred, sqrt(add(variance, x.graph.scalar(epsilon)))), scale), bias);
}
