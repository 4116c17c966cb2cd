import type { GraphNode } from '../graph.ts';
import type { Shape } from '../tensor.ts';
import type { KernelSteps } from './blocked-convolution.ts';

/**
 * Which pixels of a batch, counted through images, rows and columns, a convolution brings together. -1 stands for padding and
 * for what its stride passes over. They are found when the graph is built, so that copying rows by number is all that a
 * step has to do.
 */

/** Images of fewer channels than this have rows too short to be worth copying: plain images, such as pictures. */
export const NARROW = 8;

/** The gradient of a convolution's weights: (x [N, C, H, W], gradient [N, K, H', W']). */
export type WeightGradientNode = GraphNode<KernelSteps & { weightShape: Shape }>;

/** For each input row and output column, the S input pixels that the kernel's columns meet. */
export function horizontalMoves({ inputs, attributes }: WeightGradientNode): Int32Array {
  const [n, , h, w] = inputs[0]!.shape as [number, number, number, number];
  const outWidth = inputs[1]!.shape[3]!;
  const kernel = attributes.weightShape[3]!;
  const indices = new Int32Array(n * h * outWidth * kernel);
  let at = 0;
  for (let row = 0; row < n * h; row++) {
    for (let column = 0; column < outWidth; column++) {
      for (let s = 0; s < kernel; s++) {
        const from = column * attributes.strides[1] + s * attributes.dilations[1] - attributes.pads[1];
        indices[at++] = from < 0 || from >= w ? -1 : row * w + from;
      }
    }
  }
  return indices;
}

/** For each input row and output column, the R output pixels whose kernels' rows lie on that input row. */
export function verticalMoves({ inputs, attributes }: WeightGradientNode): Int32Array {
  const [n, , h] = inputs[0]!.shape as [number, number, number, number];
  const [, , outHeight, width] = inputs[1]!.shape as [number, number, number, number];
  const kernel = attributes.weightShape[2]!;
  const indices = new Int32Array(n * h * width * kernel);
  let at = 0;
  for (let row = 0; row < n * h; row++) {
    for (let column = 0; column < width; column++) {
      for (let r = 0; r < kernel; r++) {
        const from = ((row % h) + attributes.pads[0] - r * attributes.dilations[0]) / attributes.strides[0];
        const inside = Number.isInteger(from) && from >= 0 && from < outHeight;
        indices[at++] = inside ? (Math.floor(row / h) * outHeight + from) * width + column : -1;
      }
    }
  }
  return indices;
}

/** For each output pixel, the R*S input pixels under its kernel. */
export function allMoves({ inputs, attributes }: WeightGradientNode): Int32Array {
  const [n, , h, w] = inputs[0]!.shape as [number, number, number, number];
  const [, , outHeight, outWidth] = inputs[1]!.shape as [number, number, number, number];
  const [, , r, s] = attributes.weightShape as [number, number, number, number];
  const { strides, dilations, pads } = attributes;
  const indices = new Int32Array(n * outHeight * outWidth * r * s);
  indices.forEach((_, at) => {
    const kernel = at % (r * s);
    const pixel = Math.floor(at / (r * s));
    const row =
      (Math.floor(pixel / outWidth) % outHeight) * strides[0] + Math.floor(kernel / s) * dilations[0] - pads[0];
    const column = (pixel % outWidth) * strides[1] + (kernel % s) * dilations[1] - pads[1];
    const inside = row >= 0 && row < h && column >= 0 && column < w;
    indices[at] = inside ? (Math.floor(pixel / (outHeight * outWidth)) * h + row) * w + column : -1;
  });
  return indices;
}
