import type { Networks } from '../networks.ts';
import type { Session, Tensor } from '../session.ts';

/**
 * How far the answers of two engines to the same inputs lie apart, as a share of the largest answer: 1e-5 where they
 * only add in another order, near 1 where one of them computes something else.
 *
 * onnxruntime-web 1.30 computes some convolutions wrongly on WebGPU (microsoft/onnxruntime#29651), without an error.
 */
export async function largestDifference(reference: Networks, other: Networks): Promise<number> {
  const { width, height } = reference.spec.input;
  const photo = pattern([1, 3, 96, 128], 1);
  // Two faces and one: a batch takes other ways through an engine than a single face.
  const faces = [pattern([2, 1, height, width], 255), pattern([1, 1, height, width], 255)];
  const differences = [await compare(reference.detector, other.detector, photo)];
  for (const face of faces) differences.push(await compare(reference.classifier, other.classifier, face));
  return Math.max(...differences);
}

async function compare(reference: Session, other: Session, input: Tensor): Promise<number> {
  const feeds = { [reference.inputNames[0]!]: input };
  const expected = await reference.run(feeds);
  const seen = await other.run(feeds);
  return Math.max(...Object.keys(expected).map((name) => difference(expected[name]!.data, seen[name]?.data)));
}

/** A shape that does not fit, or a value that is no number, is as far off as can be. */
function difference(expected: Float32Array, seen: Float32Array | undefined): number {
  if (seen?.length !== expected.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  let apart = 0;
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]!));
    const distance = Math.abs(expected[i]! - seen[i]!);
    apart = Number.isNaN(distance) ? Number.POSITIVE_INFINITY : Math.max(apart, distance);
  }
  return apart / Math.max(largest, 1e-6);
}

/** Smooth waves with noise upon them, 0..`scale`, the same ones everywhere. */
function pattern(dims: readonly number[], scale: number): Tensor {
  const data = new Float32Array(dims.reduce((a, b) => a * b, 1));
  let seed = 1;
  for (let i = 0; i < data.length; i++) {
    seed = (seed * 48271) % 2147483647;
    data[i] = scale * (0.5 + 0.3 * Math.sin(i / 7) + 0.2 * (seed / 2147483647 - 0.5));
  }
  return { data, dims };
}
