import { apply, type Operator, reject, type Tensor } from '../graph.ts';
import { broadcastShape, sameShape, type TensorType } from '../tensor.ts';
import { sumTo } from './arithmetic.ts';
import { reduceSum } from './reduction.ts';
import { transpose } from './shape.ts';

/** Matrix products. */

/** Product of the last two axes, the ones before them broadcast: [..., M, K] x [..., K, N] -> [..., M, N]; rank 2 or more. */
export const MatMul: Operator<undefined> = {
  name: 'MatMul',
  infer(inputs) {
    const [a, b] = inputs as [Tensor, Tensor];
    if (a.shape.length < 2 || b.shape.length < 2) reject('MatMul', inputs, 'both need rank 2 or more');
    if (a.shape.at(-1) !== b.shape.at(-2)) {
      reject('MatMul', inputs, 'columns of the first are not the rows of the second');
    }
    const lead = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
    if (lead === undefined) reject('MatMul', inputs, 'the leading axes do not broadcast');
    return [{ dtype: a.dtype, shape: [...lead, a.shape.at(-2)!, b.shape.at(-1)!] }];
  },
  gradient(node, [gradient]) {
    const [a, b] = node.inputs as [Tensor, Tensor];
    return [sumTo(matMul(gradient!, swapLast(b)), a.shape), sumTo(matMul(swapLast(a), gradient!), b.shape)];
  },
  lower(node, lowering) {
    const inputs = node.inputs.map((input) => lowering.value(input));
    lowering.define(node.outputs[0]!, lowering.emit('MatMul', inputs));
  },
};

/** Product of two matrices, each transposed first if its flag says so, without a copy for that, plus an optional bias for each column. */
export const Gemm: Operator<{ transA: boolean; transB: boolean }> = {
  name: 'Gemm',
  infer(inputs, { transA, transB }) {
    const [a, b, bias] = inputs as [TensorType, TensorType, TensorType | undefined];
    if (a.shape.length !== 2 || b.shape.length !== 2) reject('Gemm', inputs, 'both must have rank 2');
    const [m, inner] = transA ? a.shape.toReversed() : a.shape;
    const [rows, n] = transB ? b.shape.toReversed() : b.shape;
    if (inner !== rows) reject('Gemm', inputs, `the inner sizes ${inner} and ${rows} differ`);
    if (bias && !sameShape(bias.shape, [n!])) reject('Gemm', inputs, `the bias needs the shape [${n}]`);
    return [{ dtype: a.dtype, shape: [m!, n!] }];
  },
  gradient(node, [gradient]) {
    const [a, b] = node.inputs as [Tensor, Tensor];
    const { transA, transB } = node.attributes;
    return [
      transA ? gemm(b, gradient!, transB, true) : gemm(gradient!, b, false, !transB),
      transB ? gemm(gradient!, a, true, transA) : gemm(a, gradient!, !transA, false),
      reduceSum(gradient!, [0]),
    ];
  },
  lower(node, lowering) {
    const { transA, transB } = node.attributes;
    const flag = (value: boolean) => ({ type: 'int', value: value ? 1 : 0 }) as const;
    const inputs = node.inputs.map((input) => lowering.value(input));
    lowering.define(node.outputs[0]!, lowering.emit('Gemm', inputs, { transA: flag(transA), transB: flag(transB) }));
  },
};

export const matMul = (a: Tensor, b: Tensor): Tensor => apply(MatMul, [a, b], undefined);
export const gemm = (a: Tensor, b: Tensor, transA = false, transB = false, bias?: Tensor): Tensor =>
  apply(Gemm, bias === undefined ? [a, b] : [a, b, bias], { transA, transB });

/** x [N, I] times weight [O, I] transposed, plus bias [O]: a dense layer, weights laid out as in PyTorch. */
export const dense = (x: Tensor, weight: Tensor, bias: Tensor): Tensor => gemm(x, weight, false, true, bias);

function swapLast(x: Tensor): Tensor {
  const rank = x.shape.length;
  return transpose(
    x,
    x.shape.map((_, axis) => (axis < rank - 2 ? axis : axis === rank - 2 ? rank - 1 : rank - 2)),
  );
}
