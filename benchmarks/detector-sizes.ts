/**
 * Which sizes of face each set of detector passes finds: faces of photos in windows of which the face's box takes a given
 * share of the long side. Windows are grey; where they reach beyond the photo, its edge repeats.
 *
 *     node --conditions=source benchmarks/detector-sizes.ts --photos ../shared/data/photos
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { applySimilarity, boxCentre, intersectionOverUnion, type Similarity } from '@mememoji/vision/geometry';
import type { PixelImage } from '@mememoji/vision/image';
import { cropGrey } from '@mememoji/vision/resample';
import type { Box } from '@mememoji/vision/result';
import { decodeImage } from 'mememoji/decode';
import { DETECTION_PLANS, detectFaces } from 'mememoji/detector';
import { createSession } from 'mememoji/node-session';
import { readPhotos } from './photos.ts';

const { values: args } = parseArgs({
  options: {
    photos: { type: 'string', default: '../shared/data/photos' },
    model: { type: 'string', default: 'models/face-detector.onnx' },
  },
});

const SHARES = [0.02, 0.03, 0.06, 0.12, 0.3, 0.45, 0.6, 0.75, 0.9, 1.05];
const PASSES = [[256, 768], [128, 768], DETECTION_PLANS.thorough.passes, DETECTION_PLANS.video.passes];
const WINDOW = { width: 960, height: 720 };
/** Of a group, so that it does not outweigh the single faces. */
const FACES_PER_PHOTO = 2;
const session = await createSession(readFileSync(args.model), 1);

/** A window of which the box takes `share` of the width, a little off its centre as people stand. */
function windowAround(image: PixelImage, box: Box, share: number): { picture: PixelImage; toImage: Similarity } {
  const { width, height } = WINDOW;
  const scale = box.width / share / width;
  const { x, y } = boxCentre(box);
  const toImage = { a: scale, b: 0, tx: x - 0.47 * width * scale, ty: y - 0.47 * height * scale };
  const data = cropGrey(image, toImage, width, height, new Uint8ClampedArray(width * height));
  return { picture: { width, height, channels: 1, data }, toImage };
}

async function finds(picture: PixelImage, toImage: Similarity, face: Box, passes: readonly number[]): Promise<boolean> {
  const found = await detectFaces(session, picture, { passes, minDetection: 0.5 });
  return found.some(({ box }) => {
    const width = box.width * toImage.a;
    const height = box.height * toImage.a;
    return intersectionOverUnion({ ...applySimilarity(toImage, box), width, height }, face) > 0.4;
  });
}

const hits = PASSES.map(() => SHARES.map(() => 0));
let faces = 0;
for (const { path } of readPhotos(args.photos)) {
  const image = await decodeImage(path, 100e6);
  const reference = await detectFaces(session, image, { ...DETECTION_PLANS.thorough, minDetection: 0.5 });
  for (const { box } of reference.slice(0, FACES_PER_PHOTO)) {
    faces++;
    for (const [s, share] of SHARES.entries()) {
      const { picture, toImage } = windowAround(image, box, share);
      for (const [p, passes] of PASSES.entries()) {
        if (await finds(picture, toImage, box, passes)) hits[p]![s]!++;
      }
    }
  }
}
console.log(`faces found of ${faces}, by the share of the window's width that the box takes`);
console.log(`${'passes'.padEnd(16)}${SHARES.map((share) => String(share).padStart(6)).join('')}`);
PASSES.forEach((passes, p) => {
  console.log(`${passes.join(', ').padEnd(16)}${hits[p]!.map((count) => String(count).padStart(6)).join('')}`);
});
await session.release();
