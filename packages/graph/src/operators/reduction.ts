import { apply, type Operator, reject, type Tensor } from '../graph.ts';
import { type Shape, sizeOf, type TensorType } from '../tensor.ts';
import { scale } from './arithmetic.ts';
import { expand, reshape } from './shape.ts';

/** Sums and means along axes. Axes that are reduced stay, with size 1, if `keepDims`. */

export interface ReduceAttributes {
  axes: readonly number[];
  keepDims: boolean;
}

export const ReduceSum: Operator<ReduceAttributes> = reduction('ReduceSum', (gradient) => gradient);
export const ReduceMean: Operator<ReduceAttributes> = reduction('ReduceMean', (gradient, from, to) =>
  scale(gradient, sizeOf(to) / sizeOf(from)),
);

/** Sum along axes, counted from 0 (all of them by default). */
export function reduceSum(x: Tensor, axes: readonly number[] = allAxes(x), keepDims = false): Tensor {
  return axes.length === 0 ? x : apply(ReduceSum, [x], { axes, keepDims });
}

/** Mean along axes, counted from 0 (all of them by default). */
export function reduceMean(x: Tensor, axes: readonly number[] = allAxes(x), keepDims = false): Tensor {
  return axes.length === 0 ? x : apply(ReduceMean, [x], { axes, keepDims });
}

function allAxes(x: Tensor): number[] {
  return x.shape.map((_, axis) => axis);
}

function reduction(
  name: 'ReduceSum' | 'ReduceMean',
  scaled: (gradient: Tensor, from: Shape, to: Shape) => Tensor,
): Operator<ReduceAttributes> {
  return {
    name,
    infer(inputs, { axes, keepDims }) {
      const [x] = inputs as [TensorType];
      const wrong = axes.find((axis, i) => x.shape[axis] === undefined || axes.indexOf(axis) !== i);
      if (wrong !== undefined) reject(name, inputs, `axis ${wrong} is not there or named twice`);
      const dropped = x.shape.filter((_, axis) => !axes.includes(axis));
      return [{ dtype: x.dtype, shape: keepDims ? keptShape(x.shape, axes) : dropped }];
    },
    gradient(node, [gradient]) {
      const x = node.inputs[0]!;
      const share = scaled(gradient!, x.shape, node.outputs[0]!.shape);
      return [expand(reshape(share, keptShape(x.shape, node.attributes.axes)), x.shape)];
    },
    lower(node, lowering) {
      const { axes, keepDims } = node.attributes;
      const keepdims = { type: 'int', value: keepDims ? 1 : 0 } as const;
      const input = lowering.value(node.inputs[0]!);
      // Operator set 17 takes the axes of ReduceSum as an input and those of ReduceMean as an attribute.
      const reduced =
        name === 'ReduceSum'
          ? lowering.emit(name, [input, lowering.ints(axes)], { keepdims })
          : lowering.emit(name, [input], { keepdims, axes: { type: 'ints', value: axes } });
      lowering.define(node.outputs[0]!, reduced);
    },
  };
}

/** Sizes with 1 for the axes that are reduced. */
function keptShape(shape: Shape, axes: readonly number[]): Shape {
  return shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
}
