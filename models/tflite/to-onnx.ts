/**
 * TensorFlow Lite to ONNX, for nets of convolutions: NHWC images become NCHW, their height and width become free.
 * Pads and scales are computed from the sizes that the TFLite file states; they hold for every size that is divisible
 * by the product of the net's strides.
 */
import type { AttributeValue, ModelGraph, ModelNode, ValueInfo } from '@mememoji/graph/model';
import { float32, int64, type TensorData } from '@mememoji/graph/tensor';
import type { OperatorKind, TfliteModel, TfliteOperator, TfliteTensor } from './schema.ts';

/** Names and sizes of what the ONNX graph takes and gives; a TFLite file states neither free sizes nor good names. */
export interface Interface {
  name: string;
  inputs: ValueInfo[];
  outputs: ValueInfo[];
}

const FLOAT = 1; // TensorProto.DataType, as Cast takes it

/**
 * The ONNX graph of a TFLite model, for operator set 17. Weights stay in half precision as they are stored, each with a
 * Cast to float32, which a runtime does once when it loads the model.
 * @throws Error where the model has something that is not handled here.
 */
export function tfliteToOnnx(model: TfliteModel, face: Interface): ModelGraph {
  const conversion = new Conversion(model, face);
  for (const operator of model.operators) HANDLERS[operator.kind](conversion, operator);
  return { ...face, initializers: conversion.initializers, nodes: conversion.nodes };
}

/** The ONNX graph as far as it has been built. */
class Conversion {
  readonly initializers = new Map<string, TensorData>();
  readonly nodes: ModelNode[] = [];
  readonly #tensors: readonly TfliteTensor[];
  /** ONNX names of the graph's own inputs and outputs, by TFLite index. */
  readonly #renamed: ReadonlyMap<number, string>;
  /** Half-precision constants by the index of the tensor that they are dequantized to. */
  readonly #stored = new Map<number, TfliteTensor>();

  constructor(model: TfliteModel, face: Interface) {
    this.#tensors = model.tensors;
    this.#renamed = new Map([...rename(model.inputs, face.inputs), ...rename(model.outputs, face.outputs)]);
  }

  tensor(index: number | undefined): TfliteTensor {
    const tensor = this.#tensors[index ?? -1];
    if (tensor === undefined) throw new RangeError(`there is no tensor ${index}`);
    return tensor;
  }

  /** The ONNX name of a tensor that the graph computes or is given. */
  name(index: number | undefined): string {
    const { name } = this.tensor(index);
    return this.#renamed.get(index ?? -1) ?? name;
  }

  shape(index: number | undefined): [number, number, number, number] {
    const { name, shape } = this.tensor(index);
    const [n, h, w, c, ...more] = shape;
    if (n === undefined || h === undefined || w === undefined || c === undefined || more.length > 0) {
      throw new Error(`'${name}' is not of four dimensions`);
    }
    return [n, h, w, c];
  }

  add(operator: string, inputs: string[], output: string, attributes: Record<string, AttributeValue> = {}): void {
    this.nodes.push({ operator, domain: '', name: output, inputs, outputs: [output], attributes });
  }

  constant(name: string, tensor: TensorData): string {
    this.initializers.set(name, tensor);
    return name;
  }

  /** Takes note that a tensor is the float32 form of stored constants. */
  dequantized(index: number | undefined, stored: TfliteTensor): void {
    this.#stored.set(index ?? -1, stored);
  }

  /** A dequantized weight with its axes reordered; gives the name of its float32 form. */
  weight(index: number | undefined, axes: readonly number[]): string {
    const stored = this.#stored.get(index ?? -1);
    if (stored === undefined) throw new Error(`'${this.tensor(index).name}' is not a half-precision constant`);
    const half = this.constant(stored.name, permute(halfPrecision(stored), axes));
    const name = this.tensor(index).name;
    this.add('Cast', [half], name, { to: { type: 'int', value: FLOAT } });
    return name;
  }
}

function rename(indices: readonly number[], values: readonly ValueInfo[]): [number, string][] {
  if (indices.length !== values.length) throw new Error(`${values.length} names for ${indices.length} tensors`);
  return values.map(({ name }, i) => [indices[i] ?? -1, name]);
}

const HANDLERS: Readonly<Record<OperatorKind, (to: Conversion, operator: TfliteOperator) => void>> = {
  ADD: (to, { inputs, outputs }) =>
    to.add(
      'Add',
      inputs.slice(0, 2).map((i) => to.name(i)),
      to.name(outputs[0]),
    ),
  CONV_2D: (to, operator) => convolve(to, operator, [0, 3, 1, 2], 1),
  DEPTHWISE_CONV_2D: (to, operator) => {
    const channels = to.shape(operator.inputs[0])[3];
    if (to.shape(operator.outputs[0])[3] !== channels) throw new Error('depthwise convolution with a multiplier');
    convolve(to, operator, [3, 0, 1, 2], channels);
  },
  DEQUANTIZE: (to, { inputs, outputs }) => to.dequantized(outputs[0], to.tensor(inputs[0])),
  MAX_POOL_2D: maxPool,
  PAD: pad,
  RELU: (to, { inputs, outputs }) => to.add('Relu', [to.name(inputs[0])], to.name(outputs[0])),
  RESHAPE: flattenImage,
  RESIZE_BILINEAR: resize,
};

function convolve(to: Conversion, operator: TfliteOperator, kernelAxes: readonly number[], group: number): void {
  const [input, kernel, bias] = operator.inputs;
  const [, height, width] = to.shape(kernel);
  const weights = [to.weight(kernel, kernelAxes), to.weight(bias, [0])];
  to.add('Conv', [to.name(input), ...weights], to.name(operator.outputs[0]), {
    kernel_shape: { type: 'ints', value: [height, width] },
    strides: { type: 'ints', value: operator.options.strides },
    pads: { type: 'ints', value: pads(to, operator, [height, width]) },
    group: { type: 'int', value: group },
  });
}

function maxPool(to: Conversion, operator: TfliteOperator): void {
  const { strides, window } = operator.options;
  to.add('MaxPool', [to.name(operator.inputs[0])], to.name(operator.outputs[0]), {
    kernel_shape: { type: 'ints', value: window },
    strides: { type: 'ints', value: strides },
    pads: { type: 'ints', value: pads(to, operator, window) },
  });
}

/** TensorFlow's SAME: as many rows and columns around the image as the last window lacks, the odd one at the end. */
function pads(to: Conversion, operator: TfliteOperator, window: [number, number]): number[] {
  if (operator.options.padding === 'valid') return [0, 0, 0, 0];
  const input = to.shape(operator.inputs[0]).slice(1, 3);
  const output = to.shape(operator.outputs[0]).slice(1, 3);
  const lacking = input.map((size, i) =>
    Math.max(0, ((output[i] ?? 0) - 1) * (operator.options.strides[i] ?? 1) + (window[i] ?? 1) - size),
  );
  return [...lacking.map((size) => Math.floor(size / 2)), ...lacking.map((size) => Math.ceil(size / 2))];
}

/** Channels of zeros, as the residual connections need where a block widens the net. */
function pad(to: Conversion, { inputs, outputs }: TfliteOperator): void {
  const amounts = integers(to.tensor(inputs[1]));
  const [before, after] = [0, 1].map((end) => nchw(amounts.filter((_, i) => i % 2 === end)));
  const output = to.name(outputs[0]);
  const constant = to.constant(`${output}/pads`, int64([...(before ?? []), ...(after ?? [])]));
  to.add('Pad', [to.name(inputs[0]), constant], output);
}

function resize(to: Conversion, { inputs, outputs, options }: TfliteOperator): void {
  if (!options.halfPixelCenters || options.alignCorners) throw new Error('resizing other than by half-pixel centres');
  const from = to.shape(inputs[0]);
  const scales = nchw(to.shape(outputs[0]).map((size, i) => size / (from[i] ?? size)));
  const output = to.name(outputs[0]);
  const constant = to.constant(`${output}/scales`, float32([4], scales));
  to.add('Resize', [to.name(inputs[0]), '', constant], output, {
    mode: { type: 'string', value: 'linear' },
    coordinate_transformation_mode: { type: 'string', value: 'half_pixel' },
  });
}

/** [N, h, w, c] to [N, h * w, c], which needs the channels last again. */
function flattenImage(to: Conversion, { inputs, outputs }: TfliteOperator): void {
  const [n, h, w, c] = to.shape(inputs[0]);
  const output = to.tensor(outputs[0]);
  if (output.shape.join() !== [n, h * w, c].join()) throw new Error(`'${output.name}' is not a flattened image`);
  const name = to.name(outputs[0]);
  to.add('Transpose', [to.name(inputs[0])], `${name}/nhwc`, { perm: { type: 'ints', value: [0, 2, 3, 1] } });
  to.add('Reshape', [`${name}/nhwc`, to.constant(`${name}/shape`, int64([0, -1, c]))], name);
}

function nchw(nhwc: readonly number[]): number[] {
  return [0, 3, 1, 2].map((axis) => nhwc[axis] ?? 0);
}

function integers({ name, type, values }: TfliteTensor): number[] {
  if (type !== 'int32' || values.length === 0) throw new Error(`'${name}' is not a constant of int32`);
  return [...new Int32Array(new Uint8Array(values).buffer)];
}

function halfPrecision({ name, type, shape, values }: TfliteTensor): TensorData & { data: Uint16Array } {
  if (type !== 'float16' || values.length === 0) throw new Error(`'${name}' is not a constant of float16`);
  return { dtype: 'float16', shape, data: new Uint16Array(new Uint8Array(values).buffer) };
}

/** The tensor with axis `axes[i]` of `tensor` as its axis i. */
function permute(tensor: TensorData & { data: Uint16Array }, axes: readonly number[]): TensorData {
  const strides = tensor.shape.map((_, axis) => tensor.shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const shape = axes.map((axis) => tensor.shape[axis] ?? 1);
  const data = tensor.data.map((_, position) => {
    let rest = position;
    let source = 0;
    for (let i = axes.length - 1; i >= 0; i--) {
      const size = shape[i] ?? 1;
      source += (rest % size) * (strides[axes[i] ?? 0] ?? 0);
      rest = Math.floor(rest / size);
    }
    return tensor.data[source] ?? 0;
  });
  return { dtype: tensor.dtype, shape, data };
}
