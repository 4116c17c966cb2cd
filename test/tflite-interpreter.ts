/**
 * Runs a TFLite model by the definitions of its operators, NHWC, in float64, with plain loops and nothing of ONNX:
 * the reference for the converted model. Works at any input size that the net's strides divide.
 */
import type { OperatorKind, TfliteModel, TfliteOperator, TfliteTensor } from '../models/tflite/schema.ts';

/** An image of one batch entry, row by row, channels last. */
export interface Image {
  height: number;
  width: number;
  channels: number;
  data: Float64Array;
}

type Step = (inputs: Value[], operator: TfliteOperator, model: TfliteModel) => Image;
interface Value {
  tensor: TfliteTensor;
  image: Image | undefined;
}

/** The images that the model computes, in the order of its outputs; flattened ones keep their height and width. */
export function interpret(model: TfliteModel, input: Image): Image[] {
  const images = new Map<number, Image>([[model.inputs[0]!, input]]);
  for (const operator of model.operators) {
    const inputs = operator.inputs.map((index) => ({ tensor: model.tensors[index]!, image: images.get(index) }));
    images.set(operator.outputs[0]!, STEPS[operator.kind](inputs, operator, model));
  }
  return model.outputs.map((index) => images.get(index)!);
}

const STEPS: Record<OperatorKind, Step> = {
  ADD: ([a, b]) => ({ ...a!.image!, data: a!.image!.data.map((value, i) => value + b!.image!.data[i]!) }),
  RELU: ([x]) => ({ ...x!.image!, data: x!.image!.data.map((value) => Math.max(0, value)) }),
  RESHAPE: ([x]) => x!.image!,
  DEQUANTIZE: ([x]) => {
    const { values, shape } = x!.tensor;
    const data = Float64Array.from(new Uint16Array(new Uint8Array(values).buffer), fromHalf);
    return { height: shape.at(-3) ?? 1, width: shape.at(-2) ?? 1, channels: shape.at(-1)!, data };
  },
  CONV_2D: convolve,
  DEPTHWISE_CONV_2D: convolve,
  MAX_POOL_2D: maxPool,
  PAD: padChannels,
  RESIZE_BILINEAR: doubleSize,
};

function fromHalf(bits: number): number {
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Output size and the rows (or columns) that TensorFlow's SAME puts before the image. */
function same(size: number, window: number, stride: number): { size: number; before: number } {
  const out = Math.ceil(size / stride);
  return { size: out, before: Math.floor(Math.max(0, (out - 1) * stride + window - size) / 2) };
}

/** Calls `visit` for every pixel under every position of a window. */
function slide(
  image: Image,
  operator: TfliteOperator,
  window: [number, number],
  visit: (from: number, to: number, tap: number) => void,
): { height: number; width: number } {
  const rows = same(image.height, window[0], operator.options.strides[0]);
  const columns = same(image.width, window[1], operator.options.strides[1]);
  for (let y = 0; y < rows.size; y++) {
    for (let x = 0; x < columns.size; x++) {
      for (let tap = 0; tap < window[0] * window[1]; tap++) {
        const row = y * operator.options.strides[0] - rows.before + Math.floor(tap / window[1]);
        const column = x * operator.options.strides[1] - columns.before + (tap % window[1]);
        if (row < 0 || column < 0 || row >= image.height || column >= image.width) continue;
        visit(row * image.width + column, y * columns.size + x, tap);
      }
    }
  }
  return { height: rows.size, width: columns.size };
}

/** Kernels are [out, height, width, in], depthwise ones [1, height, width, channels]. */
function convolve([x, kernel, bias]: Value[], operator: TfliteOperator, model: TfliteModel): Image {
  const image = x!.image!;
  const [, height, width] = kernel!.tensor.shape;
  const weights = kernel!.image!.data;
  const channels = model.tensors[operator.outputs[0]!]!.shape[3]!;
  const depthwise = operator.kind === 'DEPTHWISE_CONV_2D';
  const taps = height! * width!;
  const sums = new Float64Array(
    Math.ceil(image.height / operator.options.strides[0]) *
      Math.ceil(image.width / operator.options.strides[1]) *
      channels,
  );
  for (let i = 0; i < sums.length; i++) sums[i] = bias!.image!.data[i % channels]!;
  const size = slide(image, operator, [height!, width!], (from, to, tap) => {
    for (let c = 0; c < channels; c++) {
      let sum = 0;
      if (depthwise) sum = image.data[from * channels + c]! * weights[tap * channels + c]!;
      else {
        const row = (c * taps + tap) * image.channels;
        for (let k = 0; k < image.channels; k++) sum += image.data[from * image.channels + k]! * weights[row + k]!;
      }
      sums[to * channels + c]! += sum;
    }
  });
  return { ...size, channels, data: sums };
}

function maxPool([x]: Value[], operator: TfliteOperator): Image {
  const image = x!.image!;
  const { channels } = image;
  const strides = operator.options.strides;
  const data = new Float64Array((image.height / strides[0]) * (image.width / strides[1]) * channels).fill(-Infinity);
  const size = slide(image, operator, operator.options.window, (from, to) => {
    for (let c = 0; c < channels; c++) {
      data[to * channels + c] = Math.max(data[to * channels + c]!, image.data[from * channels + c]!);
    }
  });
  return { ...size, channels, data };
}

function padChannels([x, amounts]: Value[]): Image {
  const image = x!.image!;
  const [before, after] = new Int32Array(new Uint8Array(amounts!.tensor.values).buffer).subarray(6);
  const channels = before! + image.channels + after!;
  const data = new Float64Array(image.height * image.width * channels);
  image.data.forEach((value, i) => {
    data[Math.floor(i / image.channels) * channels + before! + (i % image.channels)] = value;
  });
  return { ...image, channels, data };
}

/** Bilinear, pixel centres at half coordinates, to twice the size, the one factor that the net uses. */
function doubleSize([x]: Value[]): Image {
  const { height, width, channels, data } = x!.image!;
  const at = (row: number, column: number, c: number) => {
    const clampedRow = Math.min(height - 1, Math.max(0, row));
    return data[(clampedRow * width + Math.min(width - 1, Math.max(0, column))) * channels + c]!;
  };
  const doubled = Float64Array.from({ length: data.length * 4 }, (_, i) => {
    const c = i % channels;
    const column = (Math.floor(i / channels) % (2 * width)) / 2 - 0.25;
    const row = Math.floor(i / channels / (2 * width)) / 2 - 0.25;
    const [top, left] = [Math.floor(row), Math.floor(column)];
    const [down, right] = [row - top, column - left];
    const upper = at(top, left, c) * (1 - right) + at(top, left + 1, c) * right;
    const lower = at(top + 1, left, c) * (1 - right) + at(top + 1, left + 1, c) * right;
    return upper * (1 - down) + lower * down;
  });
  return { height: 2 * height, width: 2 * width, channels, data: doubled };
}
