import { apply, type Operator, reject, type Tensor } from '../graph.ts';
import { sameShape } from '../tensor.ts';
import { add, div, mul, sqrt, sub } from './arithmetic.ts';
import { reduceSum } from './reduction.ts';
import { reshape } from './shape.ts';

/**
 * (x [N, C, ...], scale [C], bias [C], mean [C], variance [C]) -> (x - mean) / sqrt(variance + epsilon) * scale + bias: batch
 * normalisation after training. Kept as ONNX's own operator, since ONNX Runtime folds it into the convolution before it while
 * the file keeps every variable by its name. The statistics are data: no gradient flows to them.
 */
export const BatchNormInference: Operator<{ epsilon: number }> = {
  name: 'BatchNormInference',
  infer(inputs) {
    const [x, ...perChannel] = inputs;
    const channels = [x!.shape[1] ?? 0];
    if (perChannel.length !== 4 || !perChannel.every(({ shape }) => sameShape(shape, channels))) {
      reject('BatchNormInference', inputs, `scale, bias, mean and variance need the shape [${channels}]`);
    }
    return [x!];
  },
  gradient(node, [gradient]) {
    const [x, scale, , mean, variance] = node.inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
    const others = x.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
    const spread = (value: Tensor) =>
      reshape(
        value,
        x.shape.map((size, axis) => (axis === 1 ? size : 1)),
      );
    const deviation = sqrt(add(variance, x.graph.scalar(node.attributes.epsilon)));
    const normalised = div(sub(x, spread(mean)), spread(deviation));
    return [
      mul(gradient!, spread(div(scale, deviation))),
      reduceSum(mul(gradient!, normalised), others),
      reduceSum(gradient!, others),
      undefined,
      undefined,
    ];
  },
  lower(node, lowering) {
    const inputs = node.inputs.map((input) => lowering.value(input));
    const epsilon = { type: 'float', value: node.attributes.epsilon } as const;
    lowering.define(node.outputs[0]!, lowering.emit('BatchNormalization', inputs, { epsilon }));
  },
};

/** Normalises x [N, C, ...] with fixed statistics [C], as after training. */
export function batchNormInference(
  x: Tensor,
  scale: Tensor,
  bias: Tensor,
  mean: Tensor,
  variance: Tensor,
  epsilon = 1e-5,
): Tensor {
  return apply(BatchNormInference, [x, scale, bias, mean, variance], { epsilon });
}
