import { apply, noSecondGradient, type Operator, reject, type Tensor } from '../graph.ts';
import type { Lowering } from '../lowering.ts';
import { type Shape, sameShape, type TensorType } from '../tensor.ts';
import { reluGradient } from './activation.ts';
import { emitBlockedConvolution } from './blocked-convolution.ts';
import { sumsOfProduct } from './per-channel.ts';

/**
 * Gates: each channel of each picture is multiplied by a number of its own (as squeeze-and-excitation does: Hu et al., 2018), and the sum
 * with a shortcut and Relu join the same pass.
 */

export interface GateAttributes {
  /** Relu after the sum. */
  relu: boolean;
}

/** (x [N, C, H, W], gates [N, C, 1, 1], optional residual like x) -> relu(x * gates + residual), like x. */
export const Gate: Operator<GateAttributes> = {
  name: 'Gate',
  infer(inputs) {
    checkInputs(inputs);
    return [inputs[0]!];
  },
  gradient(node, [outputGradient]) {
    const [x, gates, residual] = node.inputs as [Tensor, Tensor, Tensor | undefined];
    const gradient = node.attributes.relu ? reluGradient(outputGradient!, node.outputs[0]!) : outputGradient!;
    const [dx, dGates] = x.graph.apply(GateGradient, [gradient, x, gates], undefined);
    return residual === undefined ? [dx, dGates] : [dx, dGates, gradient];
  },
  lower(node, lowering) {
    const [x, gates, residual] = node.inputs as [Tensor, Tensor, Tensor | undefined];
    const layout = lowering.isBlocked(x) ? 'blocked' : 'plain';
    const lowered = layout === 'blocked' ? gateBlocked : gatePlain;
    lowering.define(node.outputs[0]!, lowered(lowering, x, gates, { ...node.attributes, residual }), layout);
  },
};

/** (gradient, x, gates) -> gradients of (x, gates). */
export const GateGradient: Operator<undefined> = {
  name: 'GateGradient',
  infer: ([, x, gates]) => [x!, gates!],
  gradient: noSecondGradient,
  lower(node, lowering) {
    const [gradient, x, gates] = node.inputs as [Tensor, Tensor, Tensor];
    if (lowering.isBlocked(x)) {
      lowering.define(node.outputs[0]!, gateBlocked(lowering, gradient, gates, { relu: false }), 'blocked');
      lowering.define(node.outputs[1]!, sumsBlocked(lowering, gradient, x), 'blocked');
    } else {
      lowering.define(node.outputs[0]!, gatePlain(lowering, gradient, gates, { relu: false }));
      const product = lowering.emit('Mul', [lowering.value(gradient), lowering.value(x)]);
      const sums = lowering.emit('ReduceSum', [product, lowering.ints([2, 3])], {
        keepdims: { type: 'int', value: 1 },
      });
      lowering.define(node.outputs[1]!, sums);
    }
  },
};

export interface GateOptions {
  /** Added before the activation; the shape of x. */
  residual?: Tensor;
  /** Default false. */
  relu?: boolean;
}

/** x [N, C, H, W] times gates [N, C, 1, 1]. */
export function gate(x: Tensor, gates: Tensor, { residual, relu = false }: GateOptions = {}): Tensor {
  return apply(Gate, residual === undefined ? [x, gates] : [x, gates, residual], { relu });
}

interface GateParts extends GateAttributes {
  residual?: Tensor | undefined;
}

function gatePlain(lowering: Lowering, x: Tensor, gates: Tensor, { residual, relu }: GateParts): string {
  let result = lowering.emit('Mul', [lowering.value(x), lowering.value(gates)]);
  if (residual !== undefined) result = lowering.emit('Add', [result, lowering.value(residual)]);
  return relu ? lowering.emit('Relu', [result]) : result;
}

/** All channels of all pictures as those of one, which a depthwise 1x1 convolution does in one pass. */
function gateBlocked(lowering: Lowering, x: Tensor, gates: Tensor, { residual, relu }: GateParts): string {
  const flat = asOnePicture(x.shape);
  const all = (tensor: Tensor) => lowering.reshape(lowering.value(tensor, 'blocked'), [], flat);
  // A picture of one pixel lies alike in both layouts.
  const plain = lowering.value(gates, lowering.isBlocked(gates) ? 'blocked' : 'plain');
  const kernel = lowering.reshape(plain, [], [flat[1]!, 1, 1, 1]);
  const added = residual === undefined ? [] : ['', all(residual)];
  const result = emitBlockedConvolution(lowering, [all(x), kernel, ...added], {
    groups: flat[1]!,
    activation: relu ? 'Relu' : undefined,
  });
  return lowering.reshape(result, [], x.shape);
}

/** Sums over the pixels of a * b, for each channel of each picture: [N, C, 1, 1] in blocks. */
function sumsBlocked(lowering: Lowering, a: Tensor, b: Tensor): string {
  const [n, c, h, w] = a.shape as [number, number, number, number];
  const factors = [lowering.value(a, 'blocked'), lowering.value(b, 'blocked')] as const;
  return lowering.reshape(sumsOfProduct(lowering, n * c, h * w, factors), [], [n, c, 1, 1]);
}

function asOnePicture([n, c, h, w]: Shape): Shape {
  return [1, n! * c!, 1, h! * w!];
}

function checkInputs(inputs: readonly TensorType[]): void {
  const [x, gates, residual] = inputs as [TensorType, TensorType, TensorType | undefined];
  if (x.shape.length !== 4) reject('Gate', inputs, 'an image has four axes');
  const [n, c] = x.shape as [number, number];
  if (!sameShape(gates.shape, [n, c, 1, 1])) reject('Gate', inputs, `gates need the shape [${[n, c, 1, 1]}]`);
  if (residual !== undefined && !sameShape(residual.shape, x.shape)) {
    reject('Gate', inputs, 'the residual must have the shape of the input');
  }
}
