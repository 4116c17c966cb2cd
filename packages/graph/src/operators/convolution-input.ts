import type { GraphNode, Tensor } from '../graph.ts';
import type { Lowering } from '../lowering.ts';
import type { Shape } from '../tensor.ts';
import { emitBlockedConvolution, intoBlocks, type KernelSteps, kernelAttributes } from './blocked-convolution.ts';

/**
 * The gradient of a convolution's input: a convolution over the gradient of its output with the kernel turned by 180 degrees,
 * inputs and outputs exchanged. In blocks it is written as just that, which is the fastest; plain it is ONNX's ConvTranspose.
 */

type Node = GraphNode<KernelSteps & { inputShape: Shape }>;

export function lowerInputGradient(node: Node, lowering: Lowering): void {
  const pads = canTransposeBlocked(node, lowering) ? transposedPads(node) : undefined;
  if (pads === undefined) lowering.define(node.outputs[0]!, lowerTransposed(node, lowering));
  else lowering.define(node.outputs[0]!, lowerTransposedBlocked(node, lowering, pads), 'blocked');
}

function canTransposeBlocked({ inputs, outputs, attributes }: Node, lowering: Lowering): boolean {
  return attributes.groups === 1 && lowering.canBlock(inputs[0]!) && lowering.canBlock(outputs[0]!);
}

function lowerTransposed(node: Node, lowering: Lowering): string {
  const [gradient, weight] = node.inputs as [Tensor, Tensor];
  const { strides, pads, dilations, inputShape } = node.attributes;
  // The last rows and columns that the stride left over got no gradient: output_padding restores them.
  const rest = ([0, 1] as const).map((axis) => {
    const reached =
      (gradient.shape[axis + 2]! - 1) * strides[axis] + dilations[axis] * (weight.shape[axis + 2]! - 1) + 1;
    return inputShape[axis + 2]! - reached + pads[axis] + pads[axis === 0 ? 2 : 3];
  });
  const attributes = {
    ...kernelAttributes(weight.shape.slice(2), node.attributes),
    output_padding: { type: 'ints', value: rest },
  } as const;
  return lowering.emit('ConvTranspose', [lowering.value(gradient), lowering.value(weight)], attributes);
}

/**
 * Padding with which an ordinary convolution over the gradient, zeros put between its elements where the stride was above 1,
 * gives the gradient of the input; undefined where that would need negative padding.
 */
function transposedPads({ inputs, attributes }: Node): [number, number, number, number] | undefined {
  const [gradient, weight] = inputs as [Tensor, Tensor];
  const along = (axis: 0 | 1): [number, number] => {
    const reach = attributes.dilations[axis] * (weight.shape[axis + 2]! - 1);
    const before = reach - attributes.pads[axis];
    return [
      before,
      attributes.inputShape[axis + 2]! - gradient.shape[axis + 2]! * attributes.strides[axis] + reach - before,
    ];
  };
  const [top, bottom] = along(0);
  const [left, right] = along(1);
  return Math.min(top, bottom, left, right) < 0 ? undefined : [top, left, bottom, right];
}

function lowerTransposedBlocked(node: Node, lowering: Lowering, pads: [number, number, number, number]): string {
  const [gradient, weight] = node.inputs as [Tensor, Tensor];
  const { strides, dilations } = node.attributes;
  const [k, c, r, s] = weight.shape as [number, number, number, number];
  const kernel = blockTransposedWeights(lowering, lowering.value(weight), [k, c, r, s]);
  const spread = spreadBlocked(lowering, lowering.value(gradient, 'blocked'), gradient.shape, strides);
  return emitBlockedConvolution(lowering, [spread, kernel], { kernel: [r, s], pads, dilations });
}

/** Puts zeros behind each row and column of a blocked image, so that a stride's steps are filled. */
function spreadBlocked(
  lowering: Lowering,
  name: string,
  [n, c, h, w]: Shape,
  [vertical, horizontal]: readonly [number, number],
): string {
  if (vertical === 1 && horizontal === 1) return name;
  const b = lowering.blockSize;
  const split = lowering.reshape(name, [], [(n! * c!) / b, h!, 1, w!, 1, b]);
  const padded = lowering.emit('Pad', [
    split,
    lowering.ints([0, 0, 0, 0, 0, 0, 0, 0, vertical - 1, 0, horizontal - 1, 0]),
    lowering.float(0),
  ]);
  return lowering.reshape(padded, [], [n!, c!, h! * vertical, w! * horizontal]);
}

/**
 * Weights [K, C, R, S] turned by 180 degrees, inputs and outputs exchanged, in the blocked order of [C, K, R, S]: the channels
 * of a block come last, then whole rows of them are gathered in their new order.
 */
function blockTransposedWeights(
  lowering: Lowering,
  name: string,
  [k, c, r, s]: [number, number, number, number],
): string {
  const b = lowering.blockSize;
  const channelsLast = r * s === 1 ? name : intoBlocks(lowering, name, [k, c, r * s]);
  const rows = lowering.reshape(channelsLast, [], [(k * c * r * s) / b, b]);
  const order = lowering.constant({
    dtype: 'int32',
    shape: [(k * c * r * s) / b],
    data: transposedRows([k, c, r * s], b),
  });
  return lowering.reshape(
    lowering.emit('Gather', [rows, order], { axis: { type: 'int', value: 0 } }),
    [],
    [c, k, r, s],
  );
}

/** Numbers of rows laid out [K, C/b, R*S] in the order [C/b, K/b, R*S backwards, b of K]. */
function transposedRows([k, c, area]: [number, number, number], b: number): Int32Array {
  const order = new Int32Array((k * c * area) / b);
  let at = 0;
  for (let outer = 0; outer < c / b; outer++) {
    for (let block = 0; block < k / b; block++) {
      for (let tap = area - 1; tap >= 0; tap--) {
        for (let inner = 0; inner < b; inner++) order[at++] = ((block * b + inner) * (c / b) + outer) * area + tap;
      }
    }
  }
  return order;
}
