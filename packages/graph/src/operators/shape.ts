import { apply, type Operator, reject, type Tensor } from '../graph.ts';
import { isShape, type Shape, sameShape, sizeOf, type TensorType } from '../tensor.ts';
import { sumTo } from './arithmetic.ts';

/** Operators that move elements and change none. */

export const Reshape: Operator<{ shape: Shape }> = {
  name: 'Reshape',
  infer([x], { shape }) {
    if (!isShape(shape) || sizeOf(x!.shape) !== sizeOf(shape)) {
      reject('Reshape', [x!, { dtype: x!.dtype, shape }], 'the number of elements differs');
    }
    return [{ dtype: x!.dtype, shape }];
  },
  gradient: (node, [gradient]) => [reshape(gradient!, node.inputs[0]!.shape)],
  lower(node, lowering) {
    const x = node.inputs[0]!;
    lowering.define(node.outputs[0]!, lowering.reshape(lowering.value(x), x.shape, node.attributes.shape));
  },
};

export const Transpose: Operator<{ permutation: readonly number[] }> = {
  name: 'Transpose',
  infer([x], { permutation }) {
    const isPermutation =
      permutation.length === x!.shape.length && x!.shape.every((_, axis) => permutation.includes(axis));
    if (!isPermutation) reject('Transpose', [x!], `[${permutation}] does not permute its axes`);
    return [{ dtype: x!.dtype, shape: permutation.map((axis) => x!.shape[axis]!) }];
  },
  gradient({ attributes: { permutation } }, [gradient]) {
    const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
    return [transpose(gradient!, inverse)];
  },
  lower(node, lowering) {
    lowering.define(node.outputs[0]!, lowering.transpose(lowering.value(node.inputs[0]!), node.attributes.permutation));
  },
};

export const Concat: Operator<{ axis: number }> = {
  name: 'Concat',
  infer(inputs, { axis }) {
    const [first] = inputs as [Tensor, ...Tensor[]];
    if (first.shape[axis] === undefined) reject('Concat', inputs, `there is no axis ${axis}`);
    const fits = ({ shape }: { shape: Shape }) =>
      shape.length === first.shape.length && shape.every((size, i) => i === axis || size === first.shape[i]);
    if (!inputs.every(fits)) reject('Concat', inputs, `they may differ along axis ${axis} only`);
    const total = inputs.reduce((sum, { shape }) => sum + shape[axis]!, 0);
    return [{ dtype: first.dtype, shape: first.shape.map((size, i) => (i === axis ? total : size)) }];
  },
  gradient({ inputs, attributes: { axis } }, [gradient]) {
    return split(
      gradient!,
      axis,
      inputs.map(({ shape }) => shape[axis]!),
    );
  },
  lower(node, lowering) {
    const inputs = node.inputs.map((input) => lowering.value(input));
    const axis = { type: 'int', value: node.attributes.axis } as const;
    lowering.define(node.outputs[0]!, lowering.emit('Concat', inputs, { axis }));
  },
};

/** The parts that a value consists of along an axis, of these sizes. */
export const Split: Operator<{ axis: number; sizes: readonly number[] }> = {
  name: 'Split',
  infer(inputs, { axis, sizes }) {
    const [{ dtype, shape }] = inputs as [TensorType];
    if (sizes.length === 0 || sizes.reduce((sum, size) => sum + size, 0) !== shape[axis]) {
      reject('Split', inputs, `the sizes ${sizes.join(', ')} do not fill axis ${axis}`);
    }
    return sizes.map((size) => ({ dtype, shape: shape.map((whole, i) => (i === axis ? size : whole)) }));
  },
  gradient({ outputs, attributes: { axis } }, gradients) {
    const parts = outputs.map((output, i) => gradients[i] ?? expand(output.graph.scalar(0), output.shape));
    return [concat(parts as [Tensor, ...Tensor[]], axis)];
  },
  lower({ inputs, outputs, attributes: { axis, sizes } }, lowering) {
    const x = lowering.value(inputs[0]!);
    const names = lowering.emitParts('Split', [x, lowering.ints(sizes)], sizes.length, {
      axis: { type: 'int', value: axis },
    });
    for (const [i, name] of names.entries()) lowering.define(outputs[i]!, name);
  },
};

/** Elements start, start + step, ... below end (above it for a negative step) along one axis. */
export interface AxisRange {
  axis: number;
  start: number;
  end: number;
  step?: number;
}

export const Slice: Operator<{ ranges: readonly AxisRange[] }> = {
  name: 'Slice',
  infer(inputs, { ranges }) {
    const [x] = inputs as [TensorType];
    const shape = [...x.shape];
    for (const [i, { axis, start, end, step = 1 }] of ranges.entries()) {
      const count = Math.ceil((end - start) / step);
      const within = (index: number) => Number.isInteger(index) && x.shape[axis]! > index && index >= 0;
      if (!(count > 0 && within(start) && within(start + (count - 1) * step))) {
        reject('Slice', inputs, `axis ${axis} has no range ${start}:${end}:${step}`);
      }
      if (ranges.findIndex((range) => range.axis === axis) !== i) reject('Slice', inputs, `axis ${axis} is cut twice`);
      shape[axis] = count;
    }
    return [{ dtype: x.dtype, shape }];
  },
  gradient(node, [gradient]) {
    return [node.attributes.ranges.reduceRight((g, range) => scatterRange(g, range, node.inputs[0]!.shape), gradient!)];
  },
  lower(node, lowering) {
    const { ranges } = node.attributes;
    // A range that goes down to index 0 ends at -1, which ONNX would count from the end; any number below -size is meant.
    const ends = ranges.map(({ end, step = 1 }) => (step < 0 && end < 0 ? -(2 ** 31) : end));
    const parts = [
      ranges.map((range) => range.start),
      ends,
      ranges.map((range) => range.axis),
      ranges.map((range) => range.step ?? 1),
    ];
    const inputs = [lowering.value(node.inputs[0]!), ...parts.map((part) => lowering.ints(part))];
    lowering.define(node.outputs[0]!, lowering.emit('Slice', inputs));
  },
};

/** Puts the gradient of a slice back to where the elements came from, zeros elsewhere. */
function scatterRange(gradient: Tensor, { axis, start, step = 1 }: AxisRange, from: Shape): Tensor {
  const size = from[axis]!;
  const count = gradient.shape[axis]!;
  const ordered = step > 0 ? gradient : slice(gradient, [{ axis, start: count - 1, end: -1, step: -1 }]);
  const first = step > 0 ? start : start + (count - 1) * step;
  const spread = Math.abs(step) === 1 ? ordered : insertZeros(ordered, axis, Math.abs(step));
  const before = first;
  const after = size - first - spread.shape[axis]!;
  const low = spread.shape.map((_, i) => (i === axis ? before : 0));
  const high = spread.shape.map((_, i) => (i === axis ? Math.max(after, 0) : 0));
  const padded = pad(spread, low, high);
  return after >= 0 ? padded : slice(padded, [{ axis, start: 0, end: size }]);
}

/** Puts step - 1 zeros behind every element along an axis. */
export function insertZeros(x: Tensor, axis: number, step: number): Tensor {
  const split = [...x.shape.slice(0, axis + 1), 1, ...x.shape.slice(axis + 1)];
  const zeros = split.map(() => 0);
  const padded = pad(
    reshape(x, split),
    zeros,
    zeros.map((_, i) => (i === axis + 1 ? step - 1 : 0)),
  );
  return reshape(
    padded,
    x.shape.map((size, i) => (i === axis ? size * step : size)),
  );
}

export const Pad: Operator<{ before: readonly number[]; after: readonly number[]; value: number }> = {
  name: 'Pad',
  infer(inputs, { before, after }) {
    const [x] = inputs as [TensorType];
    if (before.length !== x.shape.length || after.length !== x.shape.length) {
      reject('Pad', inputs, 'one number per axis is needed');
    }
    if (![...before, ...after].every((count) => Number.isInteger(count) && count >= 0)) {
      reject('Pad', inputs, 'padding is a whole number from 0', 'BAD_ATTRIBUTE');
    }
    return [{ dtype: x.dtype, shape: x.shape.map((size, i) => size + before[i]! + after[i]!) }];
  },
  gradient(node, [gradient]) {
    const { before } = node.attributes;
    const { shape } = node.inputs[0]!;
    const inside = shape.map((size, axis) => ({ axis, start: before[axis]!, end: before[axis]! + size }));
    return [slice(gradient!, inside)];
  },
  lower(node, lowering) {
    const { before, after, value } = node.attributes;
    const inputs = [lowering.value(node.inputs[0]!), lowering.ints([...before, ...after]), lowering.float(value)];
    lowering.define(node.outputs[0]!, lowering.emit('Pad', inputs));
  },
};

/** Repeats a value along axes of size 1, as broadcasting does. */
export const Expand: Operator<{ shape: Shape }> = {
  name: 'Expand',
  infer([x], { shape }) {
    const lead = shape.length - x!.shape.length;
    const fits = lead >= 0 && x!.shape.every((size, i) => size === 1 || size === shape[lead + i]);
    if (!fits) reject('Expand', [x!, { dtype: x!.dtype, shape }], 'only sizes of 1 can grow');
    return [{ dtype: x!.dtype, shape }];
  },
  gradient: (node, [gradient]) => [sumTo(gradient!, node.inputs[0]!.shape)],
  lower(node, lowering) {
    lowering.define(
      node.outputs[0]!,
      lowering.emit('Expand', [lowering.value(node.inputs[0]!), lowering.ints(node.attributes.shape)]),
    );
  },
};

export function reshape(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : apply(Reshape, [x], { shape });
}

/** [N, ...] to [N, rest]. */
export function flatten(x: Tensor): Tensor {
  return reshape(x, [x.shape[0]!, sizeOf(x.shape.slice(1))]);
}

export const transpose = (x: Tensor, permutation: readonly number[]): Tensor => apply(Transpose, [x], { permutation });
export const concat = (tensors: readonly [Tensor, ...Tensor[]], axis: number): Tensor =>
  apply(Concat, tensors, { axis });
export const split = (x: Tensor, axis: number, sizes: readonly number[]): readonly Tensor[] =>
  x.graph.apply(Split, [x], { axis, sizes });
export const slice = (x: Tensor, ranges: readonly AxisRange[]): Tensor => apply(Slice, [x], { ranges });

/** Adds `before` and `after` elements of `value` along each axis. */
export function pad(x: Tensor, before: readonly number[], after: readonly number[], value = 0): Tensor {
  return [...before, ...after].every((count) => count === 0) ? x : apply(Pad, [x], { before, after, value });
}

export function expand(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : apply(Expand, [x], { shape });
}
