import { boxCentre } from '@mememoji/vision/geometry';
import type { Box } from '@mememoji/vision/result';
import type { Photo } from '../photos.ts';

export interface Recall {
  /** Faces that a good detector must find, counted by eye. */
  faces: number;
  found: number;
  /** Boxes at which there is none of these faces, or one that was found already. */
  extra: number;
  /** Photos with lost faces: `name found/faces`. */
  lost: string[];
}

/**
 * Counts how many faces a library found. A face is found where the middle of a box lies within the reference's.
 * @param reference boxes in each photo, known to be one for each face
 * @throws Error where the reference does not have as many boxes as there are faces
 */
export function countFound(
  photos: readonly Photo[],
  reference: readonly (readonly Box[])[],
  boxes: readonly (readonly Box[])[],
): Recall {
  const recall: Recall = { faces: 0, found: 0, extra: 0, lost: [] };
  photos.forEach(({ file, faces }, i) => {
    const truth = reference[i]!;
    if (truth.length !== faces) throw new Error(`${file}: ${truth.length} boxes for ${faces} faces`);
    const centres = boxes[i]!.map(boxCentre);
    const found = truth.filter(({ x, y, width, height }) =>
      centres.some((at) => at.x > x && at.x < x + width && at.y > y && at.y < y + height),
    ).length;
    recall.faces += faces;
    recall.found += found;
    recall.extra += centres.length - found;
    if (found < faces) recall.lost.push(`${file} ${found}/${faces}`);
  });
  return recall;
}
