import { apply, type GraphNode, noSecondGradient, type Operator, reject, type Tensor } from '../graph.ts';
import { sameShape } from '../tensor.ts';
import { add, elementwiseLayout, mul, scale, step, sub, unary } from './arithmetic.ts';
import { isMaxPoolGradient, MaxPoolGradient } from './pooling.ts';
import type { PoolAttributes } from './pooling-gradient.ts';

/** Activations. ONNX's own operators forwards; gradients from their results where that is cheaper. */

export const Relu = unary('Relu', (_, gradient, result) => reluGradient(gradient, result));
export const Sigmoid = unary('Sigmoid', (_, gradient, result) =>
  mul(gradient, mul(result, sub(result.graph.scalar(1), result))),
);
export const Tanh = unary('Tanh', (_, gradient, result) =>
  mul(gradient, sub(result.graph.scalar(1), mul(result, result))),
);
/** x * clip(x / 6 + 1 / 2, 0, 1) (Howard et al., Searching for MobileNetV3, 2019). */
export const HardSwish = unary('HardSwish', (x, gradient) => {
  const above = step(sub(x, x.graph.scalar(3)));
  const between = sub(step(add(x, x.graph.scalar(3))), above);
  const slope = add(scale(x, 1 / 3), x.graph.scalar(0.5));
  return mul(gradient, add(mul(between, slope), above));
});

export const LeakyRelu: Operator<{ alpha: number }> = {
  name: 'LeakyRelu',
  infer: ([x]) => [x!],
  gradient(node, [gradient]) {
    const { alpha } = node.attributes;
    const slope = add(scale(step(node.inputs[0]!), 1 - alpha), gradient!.graph.scalar(alpha));
    return [mul(gradient!, slope)];
  },
  lower(node, lowering) {
    const layout = elementwiseLayout(node, lowering);
    const input = lowering.value(node.inputs[0]!, layout);
    lowering.define(
      node.outputs[0]!,
      lowering.emit('LeakyRelu', [input], { alpha: { type: 'float', value: node.attributes.alpha } }),
      layout,
    );
  },
};

/** (gradient, result of Relu) -> gradient where the result is above zero, else 0. */
export const ReluGradient: Operator<undefined> = {
  name: 'ReluGradient',
  infer(inputs) {
    const [gradient, result] = inputs;
    if (!sameShape(gradient!.shape, result!.shape)) reject('ReluGradient', inputs, 'the shapes differ');
    return [gradient!];
  },
  gradient: noSecondGradient,
  lower(node, lowering) {
    const layout = elementwiseLayout(node, lowering);
    const [gradient, result] = node.inputs.map((input) => lowering.value(input, layout)) as [string, string];
    const mask = lowering.emit('HardSigmoid', [result], POSITIVE);
    lowering.define(node.outputs[0]!, lowering.emit('Mul', [gradient, mask]), layout);
  },
};

/**
 * The mask of a result of Relu, which is never negative: clip(1e30 * result, 0, 1). ONNX Runtime runs it vectorised on all
 * threads, and on WebGPU; Sign, like Greater and Cast, runs on one thread, and for WebGPU there is none.
 */
const POSITIVE = { alpha: { type: 'float', value: 1e30 }, beta: { type: 'float', value: 0 } } as const;

export const relu = (x: Tensor): Tensor => apply(Relu, [x], undefined);
export const leakyRelu = (x: Tensor, alpha = 0.01): Tensor => apply(LeakyRelu, [x], { alpha });
export const sigmoid = (x: Tensor): Tensor => apply(Sigmoid, [x], undefined);
export const tanh = (x: Tensor): Tensor => apply(Tanh, [x], undefined);
export const hardSwish = (x: Tensor): Tensor => apply(HardSwish, [x], undefined);
/** x * sigmoid(x) (Elfwing et al., 2017). */
export const silu = (x: Tensor): Tensor => mul(x, sigmoid(x));

/**
 * The gradient of Relu. Where it comes through a max-pooling, the mask is taken behind the pooling, where there are fewer
 * pixels: the largest of a window is above zero exactly if those that passed it on are.
 */
export function reluGradient(gradient: Tensor, result: Tensor): Tensor {
  const pooling = poolingOf(gradient, result);
  if (pooling === undefined) return apply(ReluGradient, [gradient, result], undefined);
  const [, pooled, ofPooled] = pooling.inputs as [Tensor, Tensor, Tensor];
  return apply(MaxPoolGradient, [result, pooled, reluGradient(ofPooled, pooled)], pooling.attributes);
}

/** The node by which a gradient came from a max-pooling of `result`, and from nothing else. */
function poolingOf({ source }: Tensor, result: Tensor): GraphNode<PoolAttributes> | undefined {
  if (source.kind !== 'node' || source.node.inputs[0] !== result) return undefined;
  return isMaxPoolGradient(source.node) ? source.node : undefined;
}
