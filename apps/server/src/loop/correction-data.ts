import { createHash } from 'node:crypto';
import { type Dataset, imageAt, imageSize, SPLITS, sharedBytes, splitIndices, takeRows } from '@mememoji/train/dataset';
import { firstCopies } from '@mememoji/train/duplicates';
import type { Expression } from '@mememoji/vision/expression';
import { type Correction, type FaceCrop, isHeldOut } from './correction.ts';

/** Corrections that cannot be used, by reason. */
export interface LeftOut {
  /** No picture of the face was kept. */
  withoutPicture: number;
  /** The picture was cut out for a model of another input size. */
  ofOtherSize: number;
  /** The model has no class for what was said. */
  ofOtherClass: number;
}

/** Corrections as a data set: Training to learn from, PublicTest to measure on. */
export interface CorrectionData {
  dataset: Dataset;
  leftOut: LeftOut;
}

type WithCrop = Correction & { crop: FaceCrop };

/**
 * Makes a data set of corrections for a model.
 * @param labels of the model; without disgust, what is disgust counts as angry
 * @param side of the pictures
 */
export async function correctionData(
  corrections: AsyncIterable<Correction>,
  labels: readonly Expression[],
  side: number,
): Promise<CorrectionData> {
  const leftOut: LeftOut = { withoutPicture: 0, ofOtherSize: 0, ofOtherClass: 0 };
  const usable: WithCrop[] = [];
  for await (const correction of corrections) {
    const { crop, expression } = correction;
    if (crop === undefined) leftOut.withoutPicture++;
    else if (crop.side !== side) leftOut.ofOtherSize++;
    else if (classOf(expression, labels) === -1) leftOut.ofOtherClass++;
    else usable.push({ ...correction, crop });
  }
  return { dataset: withoutLeaks(toDataset(usable, labels, side)), leftOut };
}

/** Index of an expression among a model's labels, -1 where it has none for it. */
function classOf(expression: Expression, labels: readonly Expression[]): number {
  const own = labels.indexOf(expression);
  return own === -1 && expression === 'disgust' ? labels.indexOf('angry') : own;
}

function toDataset(corrections: readonly WithCrop[], labels: readonly Expression[], side: number): Dataset {
  const pixels = sharedBytes(corrections.length * side * side);
  const hash = createHash('sha256');
  corrections.forEach(({ crop, expression }, i) => {
    pixels.set(crop.pixels, i * side * side);
    hash.update(`${expression}\n`).update(crop.pixels);
  });
  return {
    labels,
    width: side,
    height: side,
    count: corrections.length,
    pixels,
    targets: Uint8Array.from(corrections, ({ expression }) => classOf(expression, labels)),
    splits: Uint8Array.from(corrections, ({ crop }) => splitOf(crop.imageSha256)),
    rows: Uint32Array.from(corrections, (_, row) => row),
    source: { path: 'feedback', sha256: hash.digest('hex') },
  };
}

function splitOf(image: string): number {
  return SPLITS.indexOf(isHeldOut(image) ? 'PublicTest' : 'Training');
}

/**
 * Corrections that lie in a data set already, as `mememoji feedback export --dataset` writes it. What brings no split to measure
 * on is divided by its pictures.
 */
export function divideCorrections(dataset: Dataset): Dataset {
  if (splitIndices(dataset, 'PublicTest').length > 0) return withoutLeaks(dataset);
  const images = Array.from({ length: dataset.count }, (_, row) =>
    createHash('sha256').update(imageAt(dataset, row)).digest('hex'),
  );
  return withoutLeaks({ ...dataset, splits: Uint8Array.from(images, splitOf) });
}

/** Without what is to be learned from but equals, pixel for pixel, what is to be measured on: one picture sent in two files. */
function withoutLeaks(dataset: Dataset): Dataset {
  if (imageSize(dataset) * dataset.count === 0) return dataset;
  const copies = firstCopies(dataset);
  const held = new Set(Array.from(splitIndices(dataset, 'PublicTest'), (row) => copies[row]!));
  const training = splitIndices(dataset, 'Training').filter((row) => !held.has(copies[row]!));
  return takeRows(dataset, Uint32Array.from([...training, ...splitIndices(dataset, 'PublicTest')]).sort());
}
