import { apply, type Operator, reject, type Tensor } from '../graph.ts';
import { float32 } from '../tensor.ts';
import { add, div, mul, sqrt, sub } from './arithmetic.ts';
import { reduceMean } from './reduction.ts';

/**
 * x [N, C, H, W] -> (x - mean) / sqrt(variance + epsilon), with the mean and the biased variance of each image's channel by itself
 * (Ulyanov et al., Instance normalization, 2016). One node of ONNX in place of seven: on small images calling them takes longer than
 * what they compute.
 */
export const InstanceNorm: Operator<{ epsilon: number }> = {
  name: 'InstanceNorm',
  infer(inputs) {
    const [x] = inputs;
    if (x!.shape.length !== 4) reject('InstanceNorm', inputs, 'the input needs four axes');
    return [x!];
  },
  gradient(node, [gradient]) {
    const x = node.inputs[0]!;
    const y = node.outputs[0]!;
    const mean = (value: Tensor) => reduceMean(value, [2, 3], true);
    const centred = sub(x, mean(x));
    const deviation = sqrt(add(mean(mul(centred, centred)), x.graph.scalar(node.attributes.epsilon)));
    const withoutMean = sub(gradient!, mean(gradient!));
    return [div(sub(withoutMean, mul(y, mean(mul(gradient!, y)))), deviation)];
  },
  lower(node, lowering) {
    const x = node.inputs[0]!;
    const channels = x.shape[1]!;
    const scale = lowering.constant(float32([channels], new Float32Array(channels).fill(1)));
    const bias = lowering.constant(float32([channels], new Float32Array(channels)));
    const epsilon = { type: 'float', value: node.attributes.epsilon } as const;
    const name = lowering.emit('InstanceNormalization', [lowering.value(x), scale, bias], { epsilon });
    lowering.define(node.outputs[0]!, name);
  },
};

/** Normalises each channel of each image [N, C, H, W] by its own mean and variance. */
export const instanceNorm = (x: Tensor, epsilon = 1e-5): Tensor => apply(InstanceNorm, [x], { epsilon });
