/**
 * What each way to look for faces finds of a small face beside a large one, and its processor time: each photo of one
 * face, with the face of another photo cut out, shrunk and pasted into a corner.
 *
 *     node --conditions=source benchmarks/detector-beside.ts --photos ../shared/data/photos --side 640 --heights 15,20,30,40
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { boxCentre } from '@mememoji/vision/geometry';
import type { PixelImage } from '@mememoji/vision/image';
import type { Box } from '@mememoji/vision/result';
import { DETECTION_PLANS, detectFaces } from 'mememoji/detector';
import { createSession } from 'mememoji/node-session';
import sharp, { type Sharp } from 'sharp';
import { readPhotos } from './photos.ts';

const { values: args } = parseArgs({
  options: {
    photos: { type: 'string', default: '../shared/data/photos' },
    model: { type: 'string', default: 'models/face-detector.onnx' },
    side: { type: 'string', default: '640' },
    heights: { type: 'string', default: '15,20,30,40' },
  },
});
const MODES = ['photo', 'thorough'] as const;
/** Of the face's box, on each side of it, that is cut out with it. */
const MARGIN = 0.9;
const EDGE = 8;
const side = Number(args.side);
const session = await createSession(readFileSync(args.model), 1);

interface Single {
  image: PixelImage;
  face: Box;
}

async function pixels(picture: Sharp): Promise<PixelImage> {
  const { data, info } = await picture.removeAlpha().toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, channels: 3, data };
}

function picture({ width, height, data }: PixelImage): Sharp {
  return sharp(data, { raw: { width, height, channels: 3 } });
}

/** The photos with exactly one face, `side` pixels long. */
async function loadSingles(): Promise<Single[]> {
  const singles: Single[] = [];
  for (const { path, faces } of readPhotos(args.photos)) {
    if (faces !== 1) continue;
    const image = await pixels(sharp(path).rotate().resize(side, side, { fit: 'inside' }));
    const [face] = await detectFaces(session, image, { ...DETECTION_PLANS.thorough, minDetection: 0.5 });
    if (face !== undefined) singles.push({ image, face: face.box });
  }
  return singles;
}

/** The face and a margin around it, with a box of that height. */
function cutOut({ image, face }: Single, height: number): Promise<PixelImage> {
  const left = Math.max(0, Math.round(face.x - MARGIN * face.width));
  const top = Math.max(0, Math.round(face.y - MARGIN * face.height));
  const right = Math.min(image.width, Math.round(face.x + (1 + MARGIN) * face.width));
  const bottom = Math.min(image.height, Math.round(face.y + (1 + MARGIN) * face.height));
  const cut = { left, top, width: right - left, height: bottom - top };
  return pixels(
    picture(image)
      .extract(cut)
      .resize(Math.round((cut.width * height) / face.height)),
  );
}

/** Pastes a patch into the first corner that the face leaves free; gives the place of the patch. */
async function pasteBeside(
  { image, face }: Single,
  patch: PixelImage,
): Promise<{ image: PixelImage; at: Box } | undefined> {
  const { width, height } = patch;
  for (const y of [EDGE, image.height - height - EDGE]) {
    for (const x of [EDGE, image.width - width - EDGE]) {
      const apart = x + width < face.x || x > face.x + face.width || y + height < face.y || y > face.y + face.height;
      if (!apart) continue;
      const overlay = { input: await picture(patch).png().toBuffer(), left: x, top: y };
      return { image: await pixels(picture(image).composite([overlay])), at: { x, y, width, height } };
    }
  }
  return undefined;
}

function holds({ x, y, width, height }: Box, box: Box): boolean {
  const centre = boxCentre(box);
  return centre.x > x && centre.x < x + width && centre.y > y && centre.y < y + height;
}

/** Pictures, and for each mode the small faces that it found and its median milliseconds of the processor. */
async function measure(singles: readonly Single[], height: number): Promise<string> {
  const found = { photo: 0, thorough: 0 };
  const times: Record<(typeof MODES)[number], number[]> = { photo: [], thorough: [] };
  for (const [i, single] of singles.entries()) {
    const made = await pasteBeside(single, await cutOut(singles[(i + 1) % singles.length]!, height));
    if (made === undefined) continue;
    for (const mode of MODES) {
      const start = process.cpuUsage();
      const faces = await detectFaces(session, made.image, { ...DETECTION_PLANS[mode], minDetection: 0.5 });
      const { user, system } = process.cpuUsage(start);
      times[mode].push((user + system) / 1000);
      if (faces.some(({ box }) => holds(made.at, box))) found[mode]++;
    }
  }
  const cells = MODES.map((mode) => {
    const sorted = times[mode].toSorted((a, b) => a - b);
    return `${mode} ${found[mode]}, ${sorted[sorted.length >> 1]?.toFixed(0)} ms`;
  });
  return `${height} pixels, ${times.photo.length} pictures: ${cells.join('; ')}`;
}

const singles = await loadSingles();
for (const height of args.heights.split(',').map(Number)) console.log(await measure(singles, height));
await session.release();
