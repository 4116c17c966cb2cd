/**
 * How many faces the detector finds in a folder of photos with a photos.csv, as they are and turned, mirrored, shrunk and
 * darkened, at most `--side` pixels wide and high. `--peers` adds the six group photos of face-api, where benchmarks/peers.ts has installed it. Faces of the photos as they are serve as the reference for the changed ones; look at the sheet to see whether
 * they are faces.
 *
 *     node --conditions=source benchmarks/detector-recall.ts --photos ../shared/data/photos --sheet sheet.png
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Detection } from '@mememoji/vision/blaze-face';
import { boxCentre } from '@mememoji/vision/geometry';
import type { PixelImage } from '@mememoji/vision/image';
import type { Box, Point } from '@mememoji/vision/result';
import { decodeImage } from 'mememoji/decode';
import { DETECTION_PLANS, type DetectionOptions, type DetectionPlan, detectFaces } from 'mememoji/detector';
import { createSession } from 'mememoji/node-session';
import type { Session } from 'mememoji/session';
import sharp, { type Sharp } from 'sharp';
import { annotate, writeContactSheet } from './contact-sheet.ts';
import { type Photo, readPeerPhotos, readPhotos } from './photos.ts';

const { values: args } = parseArgs({
  options: {
    photos: { type: 'string', default: '../shared/data/photos' },
    peers: { type: 'string' },
    model: { type: 'string', default: 'models/face-detector.onnx' },
    detection: { type: 'string', default: 'photo' },
    passes: { type: 'string', default: '' },
    score: { type: 'string', default: '0.5' },
    side: { type: 'string', default: '1280' },
    sheet: { type: 'string' },
  },
});

/** A photo that was changed, and where its points lie in the photo as it was. */
interface Changed {
  image: PixelImage;
  toOriginal: (point: Point) => Point;
}

type Change = (image: PixelImage) => Promise<Changed>;

const CHANGES: Record<string, Change> = {
  'as it is': async (image) => ({ image, toOriginal: (point) => point }),
  'turned by 20°': (image) => turn(image, 20),
  'turned by -20°': (image) => turn(image, -20),
  'turned by 45°': (image) => turn(image, 45),
  'turned by -45°': (image) => turn(image, -45),
  'turned by 60°': (image) => turn(image, 60),
  'turned by 90°': (image) => turn(image, 90),
  'turned by 180°': (image) => turn(image, 180),
  mirrored: async (image) => ({
    image: await withSharp(image, (photo) => photo.flop()),
    toOriginal: ({ x, y }) => ({ x: image.width - x, y }),
  }),
  'half size': (image) => shrink(image, 2),
  'quarter size': (image) => shrink(image, 4),
  'a quarter of the light': async (image) => ({
    image: { ...image, data: image.data.map((value) => value / 4) },
    toOriginal: (point) => point,
  }),
  'dark, noisy': async (image) => ({ image: darken(image), toOriginal: (point) => point }),
};

async function withSharp(image: PixelImage, change: (photo: Sharp) => Sharp): Promise<PixelImage> {
  const { width, height, channels } = image;
  const { data, info } = await change(sharp(image.data, { raw: { width, height, channels } }))
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, channels, data };
}

async function turn(original: PixelImage, degrees: number): Promise<Changed> {
  const image = await withSharp(original, (photo) => photo.rotate(degrees, { background: '#808080' }));
  const cos = Math.cos((degrees * Math.PI) / 180);
  const sin = Math.sin((degrees * Math.PI) / 180);
  const toOriginal = (point: Point): Point => {
    const x = point.x - image.width / 2;
    const y = point.y - image.height / 2;
    return { x: cos * x + sin * y + original.width / 2, y: cos * y - sin * x + original.height / 2 };
  };
  return { image, toOriginal };
}

async function shrink(original: PixelImage, by: number): Promise<Changed> {
  const image = await withSharp(original, (photo) => photo.resize(Math.round(original.width / by)));
  const scale = original.width / image.width;
  return { image, toOriginal: ({ x, y }) => ({ x: scale * x, y: scale * y }) };
}

/** A quarter of the light, and noise of a standard deviation of about 6 of 255, the same on every run. */
function darken(image: PixelImage): PixelImage {
  let state = 1;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const data = Uint8ClampedArray.from(image.data, (v) => v / 4 + (uniform() + uniform() + uniform() - 1.5) * 12);
  return { ...image, data };
}

/** At most `--side` pixels wide and high, so that half and a quarter of the size mean the same for all photos. */
async function loadPhoto(path: string): Promise<PixelImage> {
  const image = await decodeImage(path, 100e6);
  const side = Number(args.side);
  if (Math.max(image.width, image.height) <= side) return image;
  return withSharp(image, (photo) => photo.resize(side, side, { fit: 'inside' }));
}

interface Tally {
  expected: number;
  found: number;
  extra: number;
  lost: string[];
  milliseconds: number[];
}

async function detectTimed(session: Session, image: PixelImage, tally: Tally): Promise<Detection[]> {
  const start = performance.now();
  const faces = await detectFaces(session, image, options());
  tally.milliseconds.push(performance.now() - start);
  return faces;
}

function options(): DetectionOptions {
  const plan = args.passes === '' ? modeOf(args.detection) : { passes: args.passes.split(',').map(Number) };
  return { ...plan, minDetection: Number(args.score) };
}

function modeOf(name: string): DetectionPlan {
  const [, plan] = Object.entries<DetectionPlan>(DETECTION_PLANS).find(([mode]) => mode === name) ?? [];
  if (plan === undefined) throw new Error(`--detection is one of ${Object.keys(DETECTION_PLANS).join(', ')}`);
  return plan;
}

function isInside({ x, y }: Point, box: Box): boolean {
  return x > box.x && x < box.x + box.width && y > box.y && y < box.y + box.height;
}

/** Counts the faces of a changed photo that are faces of the photo as it was. */
function compare(
  photo: Photo,
  reference: readonly Detection[],
  faces: readonly Detection[],
  changed: Changed,
  tally: Tally,
): number {
  const centres = faces.map(({ box }) => changed.toOriginal(boxCentre(box)));
  const found = reference.filter(({ box }) => centres.some((centre) => isInside(centre, box)));
  tally.found += found.length;
  tally.expected += Math.max(photo.faces, reference.length);
  tally.extra += centres.filter((centre) => !reference.some(({ box }) => isInside(centre, box))).length;
  if (found.length < photo.faces) tally.lost.push(`${photo.file} ${found.length}/${photo.faces}`);
  return found.length;
}

function report(tallies: Map<string, Tally>): void {
  for (const [name, { found, expected, extra, lost, milliseconds }] of tallies) {
    const median = milliseconds.toSorted((a, b) => a - b)[milliseconds.length >> 1]!;
    const line = `${name.padEnd(22)} ${String(found).padStart(3)} of ${expected}  extra ${extra}  ${median.toFixed(0).padStart(4)} ms`;
    console.log(lost.length === 0 ? line : `${line}  lost: ${lost.join(', ')}`);
  }
}

async function main(): Promise<void> {
  const session = await createSession(readFileSync(args.model), 1);
  const tallies = new Map(
    Object.keys(CHANGES).map((name): [string, Tally] => [
      name,
      { expected: 0, found: 0, extra: 0, lost: [], milliseconds: [] },
    ]),
  );
  const tiles = [];
  // Groups first: who stops early has seen the most.
  const photos = [...(args.peers === undefined ? [] : readPeerPhotos(args.peers)), ...readPhotos(args.photos)].sort(
    (a, b) => b.faces - a.faces,
  );
  for (const photo of photos) {
    const image = await loadPhoto(photo.path);
    const reference = await detectFaces(session, image, options());
    const counts: number[] = [];
    for (const [name, change] of Object.entries(CHANGES)) {
      const changed = await change(image);
      const faces = await detectTimed(session, changed.image, tallies.get(name)!);
      counts.push(compare(photo, reference, faces, changed, tallies.get(name)!));
    }
    process.stderr.write(`${photo.file}: ${counts.join(' ')} of ${photo.faces}\n`);
    const boxes = reference.map(({ box, score }) => ({ ...box, label: score.toFixed(2) }));
    const points = reference.flatMap(({ landmarks }) => Object.values(landmarks));
    tiles.push(await annotate(image, { boxes, points }, `${photo.file} ${reference.length}/${photo.faces}`));
  }
  report(tallies);
  if (args.sheet !== undefined) await writeContactSheet(tiles, 4, 400, args.sheet);
  await session.release();
}

await main();
