import type { Tensor } from '../graph.ts';
import { type AxisRange, concat, expand, pad, reshape, slice, split, transpose } from '../operators/shape.ts';
import { sizeOf } from '../tensor.ts';
import type { NodeReader } from './node-reader.ts';

/** In the new shape 0 keeps the size of its place, and -1 takes what is left. */
export function importReshape(node: NodeReader): Tensor {
  const x = node.input(0);
  node.expect('allowzero', 0);
  const wanted = (node.constantNumbers(1) ?? node.refuse('it has no shape')).map((size, axis) =>
    size === 0 ? (x.shape[axis] ?? 0) : size,
  );
  const known = wanted.filter((size) => size !== -1);
  return reshape(
    x,
    wanted.map((size) => (size === -1 ? sizeOf(x.shape) / sizeOf(known) : size)),
  );
}

/** A matrix: the axes before `axis`, and the others. */
export function importFlatten(node: NodeReader): Tensor {
  const x = node.input(0);
  const axis = node.int('axis', 1);
  const at = axis === x.shape.length ? axis : node.axis(axis, x.shape.length);
  return reshape(x, [sizeOf(x.shape.slice(0, at)), sizeOf(x.shape.slice(at))]);
}

/** Without a permutation the axes are turned round. */
export function importTranspose(node: NodeReader): Tensor {
  const x = node.input(0);
  return transpose(x, node.ints('perm') ?? x.shape.map((_, axis) => x.shape.length - 1 - axis));
}

export function importConcat(node: NodeReader): Tensor {
  const [first, ...others] = Array.from({ length: node.inputCount }, (_, i) => node.input(i));
  if (first === undefined) return node.refuse('it has no input');
  return concat([first, ...others], node.axis(node.int('axis', 0), first.shape.length));
}

/** Without sizes the parts are equal, but for the last, which may be smaller. */
export function importSplit(node: NodeReader): readonly Tensor[] {
  const x = node.input(0);
  const axis = node.axis(node.int('axis', 0), x.shape.length);
  return split(
    x,
    axis,
    node.constantNumbers(1) ?? equalParts(x.shape[axis]!, node.int('num_outputs', node.outputCount)),
  );
}

function equalParts(whole: number, count: number): number[] {
  const size = Math.ceil(whole / count);
  return Array.from({ length: count }, (_, i) => (i < count - 1 ? size : whole - size * (count - 1)));
}

export function importSlice(node: NodeReader): Tensor {
  const x = node.input(0);
  const starts = node.constantNumbers(1) ?? node.refuse('it has no starts');
  const ends = node.constantNumbers(2) ?? node.refuse('it has no ends');
  const axes = node.constantNumbers(3) ?? starts.map((_, i) => i);
  const steps = node.constantNumbers(4) ?? starts.map(() => 1);
  const ranges = starts.map((start, i) => {
    const axis = node.axis(axes[i] ?? i, x.shape.length);
    return clampRange({ axis, start, end: ends[i] ?? start, step: steps[i] ?? 1 }, x.shape[axis]!);
  });
  return slice(x, ranges);
}

/** Indices below 0 count from the end, and those beyond an end mean it (numpy's rule). */
function clampRange({ axis, start, end, step }: Required<AxisRange>, size: number): AxisRange {
  const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
  const clamp = (index: number): number => Math.min(Math.max(index < 0 ? index + size : index, low), high);
  return { axis, start: clamp(start), end: clamp(end), step };
}

export function importPad(node: NodeReader): Tensor {
  const x = node.input(0);
  const mode = node.string('mode', 'constant');
  if (mode !== 'constant') node.refuse(`its 'mode' of ${mode} is not supported`);
  const pads = node.constantNumbers(1) ?? node.refuse('it has no pads');
  return pad(x, pads.slice(0, pads.length / 2), pads.slice(pads.length / 2), node.constantNumber(2) ?? 0);
}

/** Broadcasting goes both ways: a size of 1 in the wanted shape leaves the input's. */
export function importExpand(node: NodeReader): Tensor {
  const x = node.input(0);
  const wanted = node.constantNumbers(1) ?? node.refuse('it has no shape');
  const rank = Math.max(wanted.length, x.shape.length);
  const sizeAt = (sizes: readonly number[], axis: number): number => sizes[sizes.length - rank + axis] ?? 1;
  return expand(
    x,
    Array.from({ length: rank }, (_, axis) => Math.max(sizeAt(wanted, axis), sizeAt(x.shape, axis))),
  );
}
