import { apply, type Tensor } from '../graph.ts';
import { add, mul } from '../operators/arithmetic.ts';
import { Conv } from '../operators/convolution.ts';
import { instanceNorm } from '../operators/instance-norm.ts';
import { AveragePool, MaxPool } from '../operators/pooling.ts';
import { reshape } from '../operators/shape.ts';
import { sameShape } from '../tensor.ts';
import type { NodeReader } from './node-reader.ts';

/** Convolution of images, with or without a bias. */
export function importConv(node: NodeReader): Tensor {
  const [x, weight] = [node.input(0), node.input(1)];
  const bias = node.optional(2);
  const kernel = node.ints('kernel_shape');
  if (weight.shape.length !== 4 || (kernel && !sameShape(kernel, weight.shape.slice(2))))
    node.refuse('its kernel is not that of an image');
  return apply(Conv, bias === undefined ? [x, weight] : [x, weight, bias], {
    strides: node.pair('strides'),
    pads: padsOf(node),
    dilations: node.pair('dilations'),
    groups: node.int('group', 1),
  });
}

/** Pooling over square windows. */
export function importPool(node: NodeReader, operator: 'MaxPool' | 'AveragePool'): Tensor {
  const x = node.input(0);
  const attributes = {
    kernel: onlyOf(node, 'kernel_shape', node.pair('kernel_shape')),
    stride: onlyOf(node, 'strides', node.pair('strides')),
    padding: onlyOf(node, 'pads', padsOf(node)),
  };
  node.expect('ceil_mode', 0);
  node.expect('storage_order', 0);
  if (attributes.padding > 0) node.expect('count_include_pad', 0);
  else node.int('count_include_pad', 0); // without padding there is nothing to count
  if (onlyOf(node, 'dilations', node.pair('dilations')) !== 1) node.refuse('its windows are dilated');
  return apply(operator === 'MaxPool' ? MaxPool : AveragePool, [x], attributes);
}

/** Scale and bias by channel are written out only where they change anything. */
export function importInstanceNorm(node: NodeReader): Tensor {
  const [x, gain, bias] = [node.input(0), node.input(1), node.input(2)];
  const normalised = instanceNorm(x, node.float('epsilon', 1e-5));
  const perChannel = (value: Tensor) => reshape(value, [x.shape[1]!, 1, 1]);
  const scaled = isFilledWith(gain, 1) ? normalised : mul(normalised, perChannel(gain));
  return isFilledWith(bias, 0) ? scaled : add(scaled, perChannel(bias));
}

function isFilledWith({ source }: Tensor, value: number): boolean {
  return source.kind === 'constant' && Array.from(source.data.data, Number).every((each) => each === value);
}

/** Top, left, bottom, right. */
function padsOf(node: NodeReader): [number, number, number, number] {
  const rule = node.string('auto_pad', 'NOTSET');
  if (rule !== 'NOTSET' && rule !== 'VALID') node.refuse(`its 'auto_pad' of ${rule} is not supported`);
  const [top = 0, left = 0, bottom = 0, right = 0] = node.ints('pads') ?? [];
  return [top, left, bottom, right];
}

/** The one value that all of them must have. */
function onlyOf(node: NodeReader, name: string, values: readonly number[]): number {
  const [first] = values as [number];
  return values.every((value) => value === first) ? first : node.refuse(`its '${name}' is not the same on all sides`);
}
