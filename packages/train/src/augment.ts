import { blur, type EraseOptions, erase, lowerResolution, shade } from './augment-effects.ts';
import { TrainError } from './error.ts';
import type { Random } from './random.ts';

/** From, to; drawn evenly. */
export type Range = readonly [number, number];

/**
 * What may happen to a training picture. A part that is left out does not happen; each has its own chance 0..1.
 * All geometry is one affine resampling (bilinear, edges continued), all light one curve over the grey values.
 */
export interface AugmentOptions {
  /** Chance to be mirrored left and right. */
  flip?: number;
  /** Enlarges by a factor; `stretch` lets the two axes differ by up to this factor more (0.1: 10%). */
  scale?: { probability: number; range: Range; stretch?: number };
  /** Moves along each axis by up to `fraction` of the source's side. */
  shift?: { probability: number; fraction: number };
  /** Turns by up to `degrees` either way. */
  rotation?: { probability: number; degrees: number };
  /** The part of the source that fills the output: `size` source pixels a side (by default the output's), at a random place or in the middle. */
  crop?: { random: boolean; size?: number };
  /** Adds up to `delta` grey levels (of 255), up or down. */
  brightness?: { probability: number; delta: number };
  /** Multiplies the distance from the picture's mean. */
  contrast?: { probability: number; range: Range };
  /** Raises the grey value (as 0..1) to this power. */
  gamma?: { probability: number; range: Range };
  /** Light from one side, any: brightness changes by up to a share drawn from `depth` (below 1), see {@link shade}. */
  shade?: { probability: number; depth: Range };
  /** Gaussian; `sigma` in output pixels. */
  blur?: { probability: number; sigma: Range };
  /** As if the face had been `side` output pixels high (rounded). */
  lowResolution?: { probability: number; side: Range };
  erase?: EraseOptions;
}

/** Sizes in pixels of what goes in and what comes out. */
export interface AugmentGeometry {
  width: number;
  height: number;
  outWidth: number;
  outHeight: number;
}

/**
 * Writes [outHeight, outWidth] floats 0..255 at `outOffset` from the [height, width] bytes at `offset`. The result depends
 * on the arguments and the state of `random` alone.
 */
export type Augmenter = (
  pixels: Uint8Array,
  offset: number,
  random: Random,
  out: Float32Array,
  outOffset: number,
) => void;

/** For the last epochs: mirrored and moved a little. */
export const LIGHT_AUGMENTATION: AugmentOptions = { flip: 0.5, crop: { random: true } };

/**
 * For most epochs. Geometry and erasing follow Khaireddin and Chen, "Facial Emotion Recognition: State of the Art Performance
 * on FER2013" (2021), with somewhat smaller shifts; the changes of light are added, for photos from anywhere.
 */
export const STANDARD_AUGMENTATION: AugmentOptions = {
  ...LIGHT_AUGMENTATION,
  scale: { probability: 0.5, range: [0.8, 1.2], stretch: 0.05 },
  shift: { probability: 0.5, fraction: 0.15 },
  rotation: { probability: 0.5, degrees: 12 },
  brightness: { probability: 0.5, delta: 30 },
  contrast: { probability: 0.5, range: [0.7, 1.3] },
  gamma: { probability: 0.3, range: [0.75, 1.33] },
  erase: { probability: 0.5, area: [0.02, 0.25], aspect: [0.3, 3.3], fill: 'noise' },
};

/** {@link STANDARD_AUGMENTATION} and light from one side, which FER2013 hardly has and a webcam beside a window or a lamp often. */
export const SHADED_AUGMENTATION: AugmentOptions = {
  ...STANDARD_AUGMENTATION,
  shade: { probability: 0.3, depth: [0, 0.8] },
};

/** Prepares an augmenter; `{}` gives the middle crop. It keeps its working memory, so one serves one thread. */
export function createAugmenter(options: AugmentOptions, geometry: AugmentGeometry): Augmenter {
  checkGeometry(options, geometry);
  const { outWidth, outHeight } = geometry;
  const affine = new Float64Array(6);
  const curve = new Float32Array(256);
  const scratch = new Float32Array(outWidth * outHeight);
  return (pixels, offset, random, out, outOffset) => {
    drawAffine(options, geometry, random, affine);
    drawCurve(options, geometry, random, pixels, offset, curve);
    resample(geometry, affine, curve, pixels, offset, out, outOffset);
    const plane = { data: out, offset: outOffset, width: outWidth, height: outHeight };
    if (options.shade && random.chance(options.shade.probability))
      shade(plane, random.uniform(...options.shade.depth), random.uniform(0, 2 * Math.PI));
    if (options.blur && random.chance(options.blur.probability))
      blur(plane, random.uniform(...options.blur.sigma), scratch);
    if (options.lowResolution && random.chance(options.lowResolution.probability)) {
      lowerResolution(plane, Math.round(random.uniform(...options.lowResolution.side)), scratch);
    }
    if (options.erase && random.chance(options.erase.probability)) erase(plane, options.erase, random);
  };
}

function checkGeometry(options: AugmentOptions, { width, height, outWidth, outHeight }: AugmentGeometry): void {
  const sizes = [width, height, outWidth, outHeight];
  if (!sizes.every((size) => Number.isInteger(size) && size > 0)) {
    throw new TrainError('BAD_OPTION', `pictures of ${width}x${height} cannot become ${outWidth}x${outHeight}`);
  }
  const crop = options.crop?.size ?? outHeight;
  if (!(crop > 0)) throw new TrainError('BAD_OPTION', `a crop of ${crop} pixels is not possible`);
}

/**
 * The map from an output pixel to its place in the source, u = m0 x + m1 y + m2, v = m3 x + m4 y + m5, in pixel indices:
 * from the middle of the output, mirrored, scaled, turned, to the middle of the crop window, shifted.
 */
function drawAffine(options: AugmentOptions, geometry: AugmentGeometry, random: Random, m: Float64Array): void {
  const { width, height, outWidth, outHeight } = geometry;
  const windowHeight = options.crop?.size ?? outHeight;
  const windowWidth = options.crop?.size === undefined ? outWidth : (windowHeight * outWidth) / outHeight;
  const mirror = options.flip !== undefined && random.chance(options.flip) ? -1 : 1;
  const [scaleX, scaleY] = drawScale(options, random);
  const angle = drawPart(
    options.rotation,
    random,
    (part) => (random.uniform(-part.degrees, part.degrees) * Math.PI) / 180,
  );
  const stepX = (mirror * windowWidth) / outWidth / scaleX;
  const stepY = windowHeight / outHeight / scaleY;
  m[0] = Math.cos(angle) * stepX;
  m[1] = -Math.sin(angle) * stepY;
  m[3] = Math.sin(angle) * stepX;
  m[4] = Math.cos(angle) * stepY;
  const centreX = width / 2 + drawPlace(options, random, width, windowWidth);
  const centreY = height / 2 + drawPlace(options, random, height, windowHeight);
  m[2] = centreX - 0.5 - (m[0] * (outWidth - 1) + m[1] * (outHeight - 1)) / 2;
  m[5] = centreY - 0.5 - (m[3] * (outWidth - 1) + m[4] * (outHeight - 1)) / 2;
}

function drawScale({ scale }: AugmentOptions, random: Random): [number, number] {
  if (scale === undefined || !random.chance(scale.probability)) return [1, 1];
  const factor = random.uniform(...scale.range);
  const stretch = Math.sqrt(1 + (scale.stretch ?? 0)) ** random.uniform(-1, 1);
  return [factor * stretch, factor / stretch];
}

/** How far the window's middle lies from the source's along one axis: whole pixels for the crop, any for the shift. */
function drawPlace(options: AugmentOptions, random: Random, side: number, window: number): number {
  const room = Math.floor(side - window);
  const place = options.crop?.random && room > 0 ? random.int(room + 1) - room / 2 : 0;
  return place + drawPart(options.shift, random, ({ fraction }) => random.uniform(-fraction, fraction) * side);
}

/** The drawn value of a part, 0 where it is left out or does not happen. */
function drawPart<T extends { probability: number }>(
  part: T | undefined,
  random: Random,
  draw: (part: T) => number,
): number {
  return part !== undefined && random.chance(part.probability) ? draw(part) : 0;
}

/** New grey value (0..255) for each old one: gamma, then contrast about the mean, then brightness. */
function drawCurve(
  options: AugmentOptions,
  { width, height }: AugmentGeometry,
  random: Random,
  pixels: Uint8Array,
  offset: number,
  curve: Float32Array,
): void {
  const { brightness, contrast, gamma } = options;
  const power = gamma && random.chance(gamma.probability) ? random.uniform(...gamma.range) : 1;
  const slope = contrast && random.chance(contrast.probability) ? random.uniform(...contrast.range) : 1;
  const lift = drawPart(brightness, random, ({ delta }) => random.uniform(-delta, delta));
  for (let i = 0; i < 256; i++) curve[i] = power === 1 ? i : 255 * (i / 255) ** power;
  if (slope === 1 && lift === 0) return;
  const mean = meanThrough(curve, pixels, offset, width * height);
  for (let i = 0; i < 256; i++) curve[i] = Math.min(255, Math.max(0, mean + slope * (curve[i]! - mean) + lift));
}

function meanThrough(curve: Float32Array, pixels: Uint8Array, offset: number, size: number): number {
  let sum = 0;
  for (let i = offset; i < offset + size; i++) sum += curve[pixels[i]!]!;
  return sum / size;
}

function resample(
  { width, height, outWidth, outHeight }: AugmentGeometry,
  m: Float64Array,
  curve: Float32Array,
  pixels: Uint8Array,
  offset: number,
  out: Float32Array,
  outOffset: number,
): void {
  const lastX = width - 1;
  const lastY = height - 1;
  const [ux, uy, u0, vx, vy, v0] = [m[0]!, m[1]!, m[2]!, m[3]!, m[4]!, m[5]!];
  let target = outOffset;
  for (let j = 0; j < outHeight; j++) {
    for (let i = 0; i < outWidth; i++) {
      const u = Math.min(lastX, Math.max(0, ux * i + uy * j + u0));
      const v = Math.min(lastY, Math.max(0, vx * i + vy * j + v0));
      const x = u | 0;
      const y = v | 0;
      const at = offset + y * width + x;
      const right = x < lastX ? 1 : 0;
      const below = y < lastY ? at + width : at;
      const top = curve[pixels[at]!]!;
      const bottom = curve[pixels[below]!]!;
      const fx = u - x;
      const upper = top + fx * (curve[pixels[at + right]!]! - top);
      const lower = bottom + fx * (curve[pixels[below + right]!]! - bottom);
      out[target++] = upper + (v - y) * (lower - upper);
    }
  }
}
