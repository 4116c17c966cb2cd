/** Faces for the framing benchmark: found in photos, and found again in FER2013's own pictures. */
import { join } from 'node:path';
import { type Dataset, imageAt, type Split, splitIndices } from '@mememoji/train/dataset';
import { openDataset } from '@mememoji/train/open-dataset';
import type { Detection } from '@mememoji/vision/blaze-face';
import type { ClassifierSpec, Framing } from '@mememoji/vision/classifier-spec';
import type { Expression } from '@mememoji/vision/expression';
import { cropViews } from '@mememoji/vision/face-crops';
import { type FaceView, frameFace } from '@mememoji/vision/framing';
import type { PixelImage } from '@mememoji/vision/image';
import { decodeImage } from 'mememoji/decode';
import { DETECTION_PLANS, detectFaces } from 'mememoji/detector';
import type { Session } from 'mememoji/session';
import { readPhotos } from './photos.ts';

/** A face as the detector found it, and the expression that it shows. */
export interface LabelledFace {
  name: string;
  image: PixelImage;
  detection: Detection;
  expression: Expression;
}

/** A picture of the data set, with a border around it so that the detector sees a face and not only a part of one. */
export const BORDER = 48;

/** The single faces with one evident expression of a folder of photos. */
export async function photoFaces(folder: string, detector: Session): Promise<LabelledFace[]> {
  const faces: LabelledFace[] = [];
  for (const { file, path, faces: count, expressions } of readPhotos(folder)) {
    if (count !== 1 || expressions.length !== 1) continue;
    const image = await decodeImage(path, 100e6);
    const [detection] = await detectFaces(detector, image, { ...DETECTION_PLANS.thorough, minDetection: 0.5 });
    if (detection === undefined) console.error(`no face found in ${file}`);
    else faces.push({ name: file, image, detection, expression: expressions[0]! });
  }
  return faces;
}

/** Pictures of a split of FER2013 that lie `samples` times evenly over it. */
export async function fer2013Pictures(
  folder: string,
  split: Split,
  samples: number,
): Promise<{ pixels: Uint8Array; expression: Expression; row: number }[]> {
  const dataset: Dataset = await openDataset(join(folder), { votes: false });
  const indices = splitIndices(dataset, split);
  const count = Math.min(samples, indices.length);
  return Array.from({ length: count }, (_, i) => {
    const index = indices[Math.floor((i * indices.length) / count)]!;
    return { pixels: imageAt(dataset, index), expression: dataset.labels[dataset.targets[index]!]!, row: index };
  });
}

/** A 48x48 picture in the middle of a black one, in which the detector can find its face; undefined where it does not. */
export async function findAgain(
  pixels: Uint8Array,
  detector: Session,
): Promise<{ image: PixelImage; detection: Detection } | undefined> {
  const side = 48 + 2 * BORDER;
  const framed = (outside: (x: number, y: number) => number): PixelImage => {
    const data = Uint8Array.from({ length: side * side }, (_, i) =>
      outside((i % side) - BORDER, Math.floor(i / side) - BORDER),
    );
    return { width: side, height: side, channels: 1, data };
  };
  const onBlack = framed((x, y) => (x < 0 || y < 0 || x > 47 || y > 47 ? 0 : pixels[y * 48 + x]!));
  const found = await detectFaces(detector, onBlack, { passes: [192], minDetection: 0.5 });
  const [detection] = found.toSorted((a, b) => b.score - a.score);
  if (detection === undefined) return undefined;
  // The crop itself is taken with the edge repeated, as from a photo that ends there.
  const clamp = (value: number): number => Math.min(Math.max(value, 0), 47);
  return { image: framed((x, y) => pixels[clamp(y) * 48 + clamp(x)]!), detection };
}

/** Grey crops 0..255 of all faces, one after the other. */
export function cropAll(
  faces: readonly { image: PixelImage; detection: Detection }[],
  framing: Framing,
  input: Pick<ClassifierSpec['input'], 'width' | 'height'>,
): Float32Array {
  const level = (detection: Detection): FaceView[] => [{ square: frameFace(detection, framing), mirrored: false }];
  return cropLooks(
    faces.map(({ image, detection }) => ({ image, views: level(detection) })),
    input,
  );
}

/** Grey crops 0..255 of all views of all faces, one after the other. */
export function cropLooks(
  faces: readonly { image: PixelImage; views: readonly FaceView[] }[],
  input: Pick<ClassifierSpec['input'], 'width' | 'height'>,
): Float32Array {
  const parts = faces.map(({ image, views }) => cropViews(image, views, input));
  const crops = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    crops.set(part, at);
    at += part.length;
  }
  return crops;
}
