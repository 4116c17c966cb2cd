import type { Random } from './random.ts';

/** A grey picture of floats 0..255, row by row, somewhere in a larger array (a batch). */
export interface Plane {
  data: Float32Array;
  offset: number;
  width: number;
  height: number;
}

/**
 * Lights in place from one side: brightness is multiplied by a factor that rises evenly across the picture, from 1 - depth at one edge
 * through 1 in the middle to 1 + depth at the other; 255 stays the brightest, and corners may be darker and brighter than edges.
 * @param depth 0 (nothing) to 1
 * @param angle radians, from the right towards the bottom
 */
export function shade({ data, offset, width, height }: Plane, depth: number, angle: number): void {
  const radius = Math.max(width, height) / 2;
  const [stepX, stepY] = [(Math.cos(angle) * depth) / radius, (Math.sin(angle) * depth) / radius];
  let at = offset;
  for (let y = 0; y < height; y++) {
    const ofRow = 1 + (y - (height - 1) / 2) * stepY;
    for (let x = 0; x < width; x++) {
      const light = Math.max(0, ofRow + (x - (width - 1) / 2) * stepX);
      data[at] = Math.min(255, data[at]! * light);
      at++;
    }
  }
}

/** Blurs in place with a Gaussian of `sigma` pixels; edges are continued. `scratch` holds one plane. */
export function blur(plane: Plane, sigma: number, scratch: Float32Array): void {
  const { data, offset, width, height } = plane;
  const kernel = gaussianKernel(sigma);
  for (let y = 0; y < height; y++) convolve(data, offset + y * width, 1, width, kernel, scratch, y * width);
  for (let x = 0; x < width; x++) convolve(scratch, x, width, height, kernel, data, offset + x);
}

/** Half a normalised kernel: the middle weight, then those at distance 1, 2, ... */
function gaussianKernel(sigma: number): Float32Array {
  const kernel = Float32Array.from({ length: Math.ceil(2.5 * sigma) + 1 }, (_, d) =>
    Math.exp((-d * d) / (2 * sigma * sigma)),
  );
  const total = 2 * kernel.reduce((sum, weight) => sum + weight, 0) - 1;
  return kernel.map((weight) => weight / total);
}

/** One line of `count` values, `stride` apart in both arrays. */
function convolve(
  from: Float32Array,
  start: number,
  stride: number,
  count: number,
  kernel: Float32Array,
  to: Float32Array,
  target: number,
): void {
  const last = count - 1;
  for (let i = 0; i < count; i++) {
    let sum = kernel[0]! * from[start + i * stride]!;
    for (let d = 1; d < kernel.length; d++) {
      const before = Math.max(i - d, 0);
      const after = Math.min(i + d, last);
      sum += kernel[d]! * (from[start + before * stride]! + from[start + after * stride]!);
    }
    to[target + i * stride] = sum;
  }
}

/**
 * What is left of a face that was `side` pixels high in its photo: averaged down to that, then enlarged bilinearly, in
 * place. `scratch` holds one plane. Does nothing where `side` is not smaller than the picture.
 */
export function lowerResolution(plane: Plane, side: number, scratch: Float32Array): void {
  const { data, offset, width, height } = plane;
  if (side >= height) return;
  const smallWidth = Math.max(1, Math.round((side * width) / height));
  averageDown(plane, smallWidth, side, scratch);
  for (let y = 0; y < height; y++) {
    const v = clamp(((y + 0.5) * side) / height - 0.5, side - 1);
    for (let x = 0; x < width; x++) {
      const u = clamp(((x + 0.5) * smallWidth) / width - 0.5, smallWidth - 1);
      data[offset + y * width + x] = bilinear(scratch, smallWidth, side, u, v);
    }
  }
}

function averageDown(plane: Plane, smallWidth: number, smallHeight: number, small: Float32Array): void {
  const { data, offset, width, height } = plane;
  for (let y = 0; y < smallHeight; y++) {
    const top = Math.floor((y * height) / smallHeight);
    const bottom = Math.ceil(((y + 1) * height) / smallHeight);
    for (let x = 0; x < smallWidth; x++) {
      const left = Math.floor((x * width) / smallWidth);
      const right = Math.ceil(((x + 1) * width) / smallWidth);
      let sum = 0;
      for (let j = top; j < bottom; j++) for (let i = left; i < right; i++) sum += data[offset + j * width + i]!;
      small[y * smallWidth + x] = sum / ((bottom - top) * (right - left));
    }
  }
}

function clamp(value: number, last: number): number {
  return Math.min(last, Math.max(0, value));
}

function bilinear(data: Float32Array, width: number, height: number, u: number, v: number): number {
  const x = u | 0;
  const y = v | 0;
  const right = x < width - 1 ? 1 : 0;
  const down = y < height - 1 ? width : 0;
  const at = y * width + x;
  const top = data[at]! + (u - x) * (data[at + right]! - data[at]!);
  const bottom = data[at + down]! + (u - x) * (data[at + down + right]! - data[at + down]!);
  return top + (v - y) * (bottom - top);
}

/** How a rectangle is erased. */
export interface EraseOptions {
  /** Chance that it happens, 0..1. */
  probability: number;
  /** Share of the picture's area, 0..1. */
  area: readonly [number, number];
  /** Height through width. */
  aspect: readonly [number, number];
  /** Uniform noise 0..255 for each pixel, or the picture's own mean. */
  fill: 'noise' | 'mean';
}

/** Erases one rectangle in place (Random Erasing, Zhong et al., 2017). Rectangles larger than the picture are cut to it. */
export function erase(plane: Plane, options: EraseOptions, random: Random): void {
  const { data, offset, width, height } = plane;
  const area = random.uniform(...options.area) * width * height;
  const aspect = Math.exp(random.uniform(Math.log(options.aspect[0]), Math.log(options.aspect[1])));
  const tall = Math.min(height, Math.round(Math.sqrt(area * aspect)));
  const wide = Math.min(width, Math.round(Math.sqrt(area / aspect)));
  const top = random.int(height - tall + 1);
  const left = random.int(width - wide + 1);
  const value = options.fill === 'mean' ? meanOf(plane) : undefined;
  for (let y = top; y < top + tall; y++) {
    const start = offset + y * width + left;
    for (let i = start; i < start + wide; i++) data[i] = value ?? random.uniform(0, 255);
  }
}

function meanOf({ data, offset, width, height }: Plane): number {
  let sum = 0;
  for (let i = offset; i < offset + width * height; i++) sum += data[i]!;
  return sum / (width * height);
}
