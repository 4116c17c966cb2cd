import { apply, type GraphNode, noSecondGradient, type Operator, reject, type Tensor } from '../graph.ts';
import { type Lowering, NCHWC_DOMAIN } from '../lowering.ts';
import type { AttributeValue } from '../model.ts';
import { isShape, type Shape, type TensorType } from '../tensor.ts';
import {
  lowerAverageGradient,
  lowerMaxGradient,
  lowerShare,
  type PoolAttributes,
  poolAttributes,
} from './pooling-gradient.ts';

/** Pooling over windows of an image [N, C, H, W]. */

export const MaxPool: Operator<PoolAttributes> = {
  name: 'MaxPool',
  infer: (inputs, attributes) => [pooled('MaxPool', inputs, attributes)],
  gradient: (node, [gradient]) => [
    apply(MaxPoolGradient, [node.inputs[0]!, node.outputs[0]!, gradient!], node.attributes),
  ],
  lower: (node, lowering) => lowerPool(node, lowering, 'MaxPool', poolAttributes(node.attributes)),
};

/** (x, pooled, gradient) -> gradient of x: to the largest element of each window, in equal shares where several are largest. */
export const MaxPoolGradient: Operator<PoolAttributes> = {
  name: 'MaxPoolGradient',
  infer: ([x]) => [x!],
  gradient: noSecondGradient,
  lower: lowerMaxGradient,
};

export function isMaxPoolGradient(node: GraphNode): node is GraphNode<PoolAttributes> {
  return node.operator === MaxPoolGradient;
}

export const AveragePool: Operator<PoolAttributes> = {
  name: 'AveragePool',
  infer: (inputs, attributes) => [pooled('AveragePool', inputs, attributes)],
  gradient: (node, [gradient]) => [
    apply(AveragePoolGradient, [gradient!], { ...node.attributes, inputShape: node.inputs[0]!.shape }),
  ],
  lower: (node, lowering) =>
    lowerPool(node, lowering, 'AveragePool', {
      ...poolAttributes(node.attributes),
      count_include_pad: { type: 'int', value: 0 },
    }),
};

export const AveragePoolGradient: Operator<PoolAttributes & { inputShape: Shape }> = {
  name: 'AveragePoolGradient',
  infer: ([gradient], { inputShape }) => [{ dtype: gradient!.dtype, shape: inputShape }],
  gradient: noSecondGradient,
  lower: lowerAverageGradient,
};

/** Mean over height and width: [N, C, H, W] -> [N, C, 1, 1]. */
export const GlobalAveragePool: Operator<undefined> = {
  name: 'GlobalAveragePool',
  infer(inputs) {
    const [x] = inputs as [TensorType];
    if (x.shape.length !== 4) reject('GlobalAveragePool', inputs, 'an image has four axes');
    return [{ dtype: x.dtype, shape: [x.shape[0]!, x.shape[1]!, 1, 1] }];
  },
  gradient: (node, [gradient]) => [
    apply(GlobalAveragePoolGradient, [gradient!], { inputShape: node.inputs[0]!.shape }),
  ],
  lower: (node, lowering) => lowerPool(node, lowering, 'GlobalAveragePool', {}),
};

export const GlobalAveragePoolGradient: Operator<{ inputShape: Shape }> = {
  name: 'GlobalAveragePoolGradient',
  infer: ([gradient], { inputShape }) => [{ dtype: gradient!.dtype, shape: inputShape }],
  gradient: noSecondGradient,
  lower: (node, lowering) => lowerShare(node, lowering, node.attributes.inputShape[2]!, node.attributes.inputShape[3]!),
};

export interface PoolOptions {
  /** Default: the window's side. */
  stride?: number;
  /** Default 0. */
  padding?: number;
}

export function maxPool(x: Tensor, kernel: number, { stride = kernel, padding = 0 }: PoolOptions = {}): Tensor {
  return apply(MaxPool, [x], { kernel, stride, padding });
}

export function averagePool(x: Tensor, kernel: number, { stride = kernel, padding = 0 }: PoolOptions = {}): Tensor {
  return apply(AveragePool, [x], { kernel, stride, padding });
}

export const globalAveragePool = (x: Tensor): Tensor => apply(GlobalAveragePool, [x], undefined);

function pooled(name: string, inputs: readonly TensorType[], { kernel, stride, padding }: PoolAttributes): TensorType {
  const [x] = inputs as [TensorType];
  if (x.shape.length !== 4) reject(name, inputs, 'an image has four axes');
  if (!isShape([kernel, stride]) || !Number.isInteger(padding) || padding < 0) {
    reject(name, inputs, 'window and stride are whole numbers from 1, padding from 0', 'BAD_ATTRIBUTE');
  }
  if (padding >= kernel) reject(name, inputs, `a window of ${kernel} could lie wholly in a padding of ${padding}`);
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const along = (size: number) => Math.floor((size + 2 * padding - kernel) / stride) + 1;
  if (along(h) < 1 || along(w) < 1) reject(name, inputs, `a window of ${kernel} is larger than the image`);
  return { dtype: x.dtype, shape: [n, c, along(h), along(w)] };
}

function lowerPool(
  node: GraphNode,
  lowering: Lowering,
  operator: string,
  attributes: Record<string, AttributeValue>,
): void {
  const layout = lowering.isBlocked(node.inputs[0]!) ? 'blocked' : 'plain';
  const domain = layout === 'blocked' ? NCHWC_DOMAIN : '';
  const name = lowering.emit(operator, [lowering.value(node.inputs[0]!, layout)], attributes, domain);
  lowering.define(node.outputs[0]!, name, layout);
}
