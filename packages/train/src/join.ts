import { createHash } from 'node:crypto';
import { checkDataset, type Dataset, imageSize, sharedBytes } from './dataset.ts';
import { TrainError } from './error.ts';

/**
 * One data set of several, one after the other; rows keep their splits and are numbered anew. Votes are left out: not all have
 * any.
 * @param labels classes of the result; every class that a row of a part has must be among them
 * @throws TrainError `BAD_OPTION` if the pictures are not all of one size, `BAD_CLASSES` for a class that is not among `labels`
 */
export function joinDatasets(parts: readonly Dataset[], labels: Dataset['labels']): Dataset {
  const [first] = parts;
  if (first === undefined) throw new TrainError('EMPTY_SELECTION', 'there is nothing to join');
  for (const part of parts) checkSize(part, first);
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  return checkDataset({
    labels,
    width: first.width,
    height: first.height,
    count,
    pixels: concatenate(parts.map(({ pixels, ...part }) => pixels.subarray(0, part.count * imageSize(part)))),
    targets: concatenate(parts.map((part) => renumbered(part, labels))),
    splits: concatenate(parts.map(({ splits }) => splits)),
    rows: Uint32Array.from({ length: count }, (_, row) => row),
    source: {
      path: parts.map(({ source }) => source.path).join(' + '),
      sha256: parts.reduce((hash, { source }) => hash.update(source.sha256), createHash('sha256')).digest('hex'),
    },
  });
}

function checkSize(part: Dataset, first: Dataset): void {
  if (part.width === first.width && part.height === first.height) return;
  const sizes = [first, part].map(({ width, height }) => `${width}x${height}`).join(' and ');
  throw new TrainError('BAD_OPTION', `pictures of ${sizes} cannot be joined`, 'bring them to one size');
}

function renumbered({ labels: own, targets }: Dataset, labels: Dataset['labels']): Uint8Array {
  const numbers = own.map((label) => labels.indexOf(label));
  return targets.map((target) => {
    const number = numbers[target]!;
    if (number >= 0) return number;
    throw new TrainError('BAD_CLASSES', `there is no class '${own[target]}' among ${labels.join(', ')}`);
  });
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const all = sharedBytes(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}
