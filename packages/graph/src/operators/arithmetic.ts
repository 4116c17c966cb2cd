import { apply, type GraphNode, noGradient, type Operator, reject, type Tensor } from '../graph.ts';
import type { Lowering } from '../lowering.ts';
import { isSingle } from '../lowering.ts';
import { broadcastShape, type Shape, sameShape, type TensorType } from '../tensor.ts';
import { reduceSum } from './reduction.ts';
import { reshape } from './shape.ts';

/** Element-wise operators with the broadcasting of numpy, and functions of one number. */

export const Add = binary('Add', (_, gradient) => [gradient, gradient]);
export const Sub = binary('Sub', (_, gradient) => [gradient, neg(gradient)]);
export const Mul = binary('Mul', ([a, b], gradient) => [mul(gradient, b!), mul(gradient, a!)]);
export const Div = binary('Div', ([, b], gradient, result) => {
  const byA = div(gradient, b!);
  return [byA, neg(mul(byA, result))];
});
/** a ** b; the gradient by b needs a > 0. */
export const Pow = binary('Pow', ([a, b], gradient, result) => [
  mul(gradient, mul(b!, pow(a!, sub(b!, a!.graph.scalar(1))))),
  mul(gradient, mul(result, log(a!))),
]);

export const Neg = unary('Neg', (_, gradient) => neg(gradient));
export const Exp = unary('Exp', (_, gradient, result) => mul(gradient, result));
export const Log = unary('Log', (input, gradient) => div(gradient, input));
export const Sqrt = unary('Sqrt', (_, gradient, result) => div(mul(gradient, gradient.graph.scalar(0.5)), result));

/** 1 where the element is above zero, else 0. Flat, so no gradient passes. */
export const Step: Operator<undefined> = {
  name: 'Step',
  infer: ([x]) => [x!],
  gradient: noGradient,
  lower(node, lowering) {
    const layout = elementwiseLayout(node, lowering);
    const above = lowering.emit('Greater', [lowering.value(node.inputs[0]!, layout), lowering.float(0)]);
    lowering.define(node.outputs[0]!, lowering.emit('Cast', [above], { to: { type: 'int', value: 1 } }), layout);
  },
};

export const add = (a: Tensor, b: Tensor): Tensor => apply(Add, [a, b], undefined);
export const sub = (a: Tensor, b: Tensor): Tensor => apply(Sub, [a, b], undefined);
export const mul = (a: Tensor, b: Tensor): Tensor => apply(Mul, [a, b], undefined);
export const div = (a: Tensor, b: Tensor): Tensor => apply(Div, [a, b], undefined);
export const pow = (a: Tensor, b: Tensor): Tensor => apply(Pow, [a, b], undefined);
export const neg = (x: Tensor): Tensor => apply(Neg, [x], undefined);
export const exp = (x: Tensor): Tensor => apply(Exp, [x], undefined);
export const log = (x: Tensor): Tensor => apply(Log, [x], undefined);
export const sqrt = (x: Tensor): Tensor => apply(Sqrt, [x], undefined);
export const step = (x: Tensor): Tensor => apply(Step, [x], undefined);

/** x * factor, for a factor known when the graph is built. */
export const scale = (x: Tensor, factor: number): Tensor => mul(x, x.graph.scalar(factor));

/**
 * The layout in which an element-wise operator runs: blocked where an input is in blocks already and the others can
 * follow, since such an operator does not mind the order of elements that it treats alike.
 */
export function elementwiseLayout(node: GraphNode, lowering: Lowering): 'plain' | 'blocked' {
  const shape = node.outputs[0]!.shape;
  const follows = (tensor: Tensor) => isSingle(tensor) || (sameShape(tensor.shape, shape) && lowering.canBlock(tensor));
  return node.inputs.some((input) => lowering.isBlocked(input)) && node.inputs.every(follows) ? 'blocked' : 'plain';
}

/** Emits an ONNX operator of the same name over inputs in one layout. */
export function lowerElementwise(node: GraphNode, lowering: Lowering, operator: string): void {
  const layout = elementwiseLayout(node, lowering);
  const inputs = node.inputs.map((input) => lowering.value(input, isSingle(input) ? 'plain' : layout));
  lowering.define(node.outputs[0]!, lowering.emit(operator, inputs), layout);
}

/** An operator on each element by itself, of the ONNX name given. */
export function unary(
  name: string,
  gradient: (input: Tensor, gradient: Tensor, result: Tensor) => Tensor,
): Operator<undefined> {
  return {
    name,
    infer: ([x]) => [x!],
    gradient: (node, [outputGradient]) => [gradient(node.inputs[0]!, outputGradient!, node.outputs[0]!)],
    lower: (node, lowering) => lowerElementwise(node, lowering, name),
  };
}

function binary(
  name: string,
  gradient: (inputs: readonly Tensor[], gradient: Tensor, result: Tensor) => readonly Tensor[],
): Operator<undefined> {
  return {
    name,
    infer: (inputs) => [broadcastType(name, inputs)],
    gradient: (node, [outputGradient]) =>
      gradient(node.inputs, outputGradient!, node.outputs[0]!).map((each, i) => sumTo(each, node.inputs[i]!.shape)),
    lower: (node, lowering) => lowerElementwise(node, lowering, name),
  };
}

function broadcastType(name: string, inputs: readonly TensorType[]): TensorType {
  const [a, b] = inputs as [TensorType, TensorType];
  const shape = broadcastShape(a.shape, b.shape);
  if (shape === undefined) reject(name, inputs, 'the shapes do not broadcast');
  return { dtype: a.dtype, shape };
}

/** Undoes broadcasting: sums a gradient over the axes along which a value of `shape` was repeated. */
export function sumTo(gradient: Tensor, shape: Shape): Tensor {
  if (sameShape(gradient.shape, shape)) return gradient;
  const lead = gradient.shape.length - shape.length;
  const axes = gradient.shape.flatMap((size, i) => (i < lead || (shape[i - lead] === 1 && size !== 1) ? [i] : []));
  return reshape(reduceSum(gradient, axes), shape);
}
