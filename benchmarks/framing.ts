/**
 * How faces should be cut out of photos for a classifier that learned on FER2013.
 *
 *     node --conditions=source benchmarks/framing.ts measure                  where the detector's box lies in FER2013's pictures
 *     node --conditions=source benchmarks/framing.ts sheet --output sheet.png FER2013's faces beside crops from photos
 *     node --conditions=source benchmarks/framing.ts sweep --model FILE       how a classifier fares with each framing
 *     node --conditions=source benchmarks/framing.ts views --model FILE       what a second view of each face is worth
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type ClassifierSpec, type Framing, parseClassifierSpec } from '@mememoji/vision/classifier-spec';
import { EXPRESSIONS, type Expression, rankExpressions } from '@mememoji/vision/expression';
import { eyeAngle, type FaceView, frameTwice } from '@mememoji/vision/framing';
import { boxCentre } from '@mememoji/vision/geometry';
import { expectedCalibrationError } from '@mememoji/vision/metrics/calibration';
import { readOnnxMetadata } from '@mememoji/vision/onnx-metadata';
import { classifyFaces } from 'mememoji/classifier';
import { createSession } from 'mememoji/node-session';
import type { Session } from 'mememoji/session';
import { type Tile, writeContactSheet } from './contact-sheet.ts';
import {
  BORDER,
  cropAll,
  cropLooks,
  fer2013Pictures,
  findAgain,
  type LabelledFace,
  photoFaces,
} from './framing-faces.ts';

const SIDE = 48;

const { values: args, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    photos: { type: 'string', default: '../shared/data/photos' },
    data: { type: 'string', default: '../shared/data/fer2013' },
    detector: { type: 'string', default: 'models/face-detector.onnx' },
    model: { type: 'string', default: 'models/mememoji.onnx' },
    samples: { type: 'string', default: '1000' },
    output: { type: 'string', default: 'framing.png' },
    scale: { type: 'string', default: '1,1.05,1.1,1.15,1.2,1.3' },
    shift: { type: 'string', default: '-0.1,-0.05,0,0.05' },
    rotate: { type: 'string', default: 'true,false' },
  },
});
const samples = Number(args.samples);

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

/** Where box and keypoints lie in FER2013's pictures, in shares of their side, and the framing that follows from it. */
async function measure(detector: Session): Promise<void> {
  const pictures = await fer2013Pictures(args.data, 'Training', samples);
  const found = [];
  for (const { pixels } of pictures) {
    const face = await findAgain(pixels, detector);
    if (face !== undefined) found.push(face.detection);
  }
  const share = (value: number): number => (value - BORDER) / SIDE;
  const columns: Record<string, number[]> = {
    'box side': found.map(({ box }) => Math.max(box.width, box.height) / SIDE),
    'box centre x': found.map(({ box }) => share(boxCentre(box).x)),
    'box centre y': found.map(({ box }) => share(boxCentre(box).y)),
    'right eye x': found.map(({ landmarks }) => share(landmarks.rightEye.x)),
    'right eye y': found.map(({ landmarks }) => share(landmarks.rightEye.y)),
    'left eye x': found.map(({ landmarks }) => share(landmarks.leftEye.x)),
    'left eye y': found.map(({ landmarks }) => share(landmarks.leftEye.y)),
    'mouth y': found.map(({ landmarks }) => share(landmarks.mouth.y)),
    'roll, degrees': found.map(({ landmarks }) => (eyeAngle(landmarks) * 180) / Math.PI),
  };
  const shares = [0.05, 0.25, 0.5, 0.75, 0.95];
  console.log(`found in ${found.length} of ${pictures.length} pictures of the Training split`);
  console.log(`${''.padEnd(14)}${shares.map((p) => `${100 * p}%`.padStart(8)).join('')}`);
  for (const [name, values] of Object.entries(columns)) {
    console.log(`${name.padEnd(14)}${shares.map((p) => quantile(values, p).toFixed(3).padStart(8)).join('')}`);
  }
  const side = quantile(columns['box side']!, 0.5);
  const centre = quantile(columns['box centre y']!, 0.5);
  const bias = await measureBias(toFraming(side, centre), detector);
  console.log(
    `faces of photos, cut out like that and found again: side ${signed(bias.side)}, centre y ${signed(bias.centre)}`,
  );
  const framing = toFraming(side - bias.side, centre - bias.centre);
  console.log(`hence a crop of scale ${framing.scale.toFixed(3)} and shiftY ${framing.shiftY.toFixed(3)}`);
}

/** The framing of a picture in which the box has this side and centre, in shares of the picture's side. */
function toFraming(side: number, centre: number): Framing {
  return { scale: 1 / side, shiftY: (0.5 - centre) / side, rotate: false };
}

/** The detector sees a picture of 48 pixels otherwise than the photo: by how much, in shares of the picture's side. */
async function measureBias(framing: Framing, detector: Session): Promise<{ side: number; centre: number }> {
  const sides: number[] = [];
  const centres: number[] = [];
  for (const face of await photoFaces(args.photos, detector)) {
    const again = await findAgain(Uint8Array.from(cropAll([face], framing, { width: SIDE, height: SIDE })), detector);
    if (again === undefined) continue;
    const { box } = again.detection;
    sides.push(Math.max(box.width, box.height) / SIDE - 1 / framing.scale);
    centres.push((boxCentre(box).y - BORDER) / SIDE - (0.5 - framing.shiftY / framing.scale));
  }
  return { side: quantile(sides, 0.5), centre: quantile(centres, 0.5) };
}

function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(3)}`;
}

function toTiles(crops: Float32Array, size: number, caption: (i: number) => string): Tile[] {
  return Array.from({ length: crops.length / size ** 2 }, (_, i) => ({
    width: size,
    height: size,
    channels: 1,
    data: Uint8ClampedArray.from(crops.subarray(i * size ** 2, (i + 1) * size ** 2)),
    caption: caption(i),
  }));
}

function meanOf(crops: Float32Array, size: number): Float32Array {
  const count = crops.length / size ** 2;
  const mean = new Float32Array(size ** 2);
  crops.forEach((value, i) => {
    mean[i % size ** 2]! += value / count;
  });
  return mean;
}

/** FER2013's mean face and 39 of its faces, then for each framing the mean crop and the crops. */
async function sheet(detector: Session): Promise<void> {
  const pictures = await fer2013Pictures(args.data, 'Training', 1000);
  const all = Float32Array.from(pictures.flatMap(({ pixels }) => Array.from(pixels)));
  const shown = all.subarray(0, 39 * SIDE ** 2);
  const tiles = [...toTiles(meanOf(all, SIDE), SIDE, () => 'FER2013, mean'), ...toTiles(shown, SIDE, () => 'FER2013')];
  const faces = await photoFaces(args.photos, detector);
  const columns = faces.length + 1;
  while (tiles.length % columns !== 0) tiles.pop();
  for (const framing of framings()) {
    const crops = cropAll(faces, framing, { width: SIDE, height: SIDE });
    tiles.push(...toTiles(meanOf(crops, SIDE), SIDE, () => describe(framing)));
    tiles.push(...toTiles(crops, SIDE, (i) => faces[i]!.expression));
  }
  await writeContactSheet(tiles, columns, 2 * SIDE, args.output);
}

function framings(): Framing[] {
  const numbers = (text: string): number[] => text.split(',').map(Number);
  return args.rotate
    .split(',')
    .flatMap((rotate) =>
      numbers(args.scale).flatMap((scale) =>
        numbers(args.shift).map((shiftY) => ({ scale, shiftY, rotate: rotate === 'true' })),
      ),
    );
}

function describe({ scale, shiftY, rotate }: Framing): string {
  return `${scale} ${shiftY} ${rotate ? 'turned' : 'as is'}`;
}

interface Score {
  top1: number;
  top2: number;
  /** Mean negative log-likelihood of the right expression, nats. */
  nll: number;
  /** Expected calibration error, 15 bins. */
  ece: number;
}

async function score(
  crops: Float32Array,
  truth: readonly Expression[],
  classifier: Session,
  spec: ClassifierSpec,
  views: 1 | 2 = 1,
): Promise<Score> {
  const results = await classifyFaces(classifier, spec, crops, views);
  const ranks = results.map((expressions, i) => rankExpressions(expressions).findIndex(([name]) => name === truth[i]));
  const losses = results.map((expressions, i) => -Math.log(Math.max(expressions[truth[i]!], 1e-9)));
  return {
    top1: ranks.filter((rank) => rank === 0).length,
    top2: ranks.filter((rank) => rank < 2).length,
    nll: losses.reduce((a, b) => a + b, 0) / losses.length,
    ece: expectedCalibrationError({
      scores: Float32Array.from(results.flatMap((expressions) => EXPRESSIONS.map((name) => expressions[name]))),
      targets: Uint8Array.from(truth, (name) => EXPRESSIONS.indexOf(name)),
      classes: EXPRESSIONS.length,
    }),
  };
}

/** Hits for every framing: on the photos, and on PublicTest's own pictures, found and cut out again. */
async function sweep(detector: Session): Promise<void> {
  const bytes = readFileSync(args.model);
  const spec = parseClassifierSpec(readOnnxMetadata(bytes));
  const classifier = await createSession(bytes, 1);
  const photos = await photoFaces(args.photos, detector);
  const { found, original } = await publicTestFaces(detector, spec.input);
  const truth = found.map(({ expression }) => expression);
  const untouched = await score(original, truth, classifier, spec);
  console.log(`${spec.name} ${spec.version}: ${photos.length} photos, ${found.length} pictures of PublicTest`);
  console.log(`PublicTest as it is: top-1 ${percent(untouched.top1, truth)}, top-2 ${percent(untouched.top2, truth)}`);
  console.log('scale shiftY rotate | photos top-1 top-2    nll | PublicTest top-1  top-2    nll');
  for (const framing of framings()) {
    const onPhotos = await score(
      cropAll(photos, framing, spec.input),
      photos.map(({ expression }) => expression),
      classifier,
      spec,
    );
    const onTest = await score(cropAll(found, framing, spec.input), truth, classifier, spec);
    const { scale, shiftY, rotate } = framing;
    const setting = `${scale.toFixed(2).padStart(5)} ${shiftY.toFixed(2).padStart(6)} ${String(rotate).padEnd(6)}`;
    const left = `${String(onPhotos.top1).padStart(12)} ${String(onPhotos.top2).padStart(5)} ${onPhotos.nll.toFixed(3).padStart(6)}`;
    const right = `${percent(onTest.top1, truth).padStart(16)} ${percent(onTest.top2, truth)} ${onTest.nll.toFixed(3).padStart(6)}`;
    console.log(`${setting} | ${left} | ${right}`);
  }
  await classifier.release();
}

/** Hits of PublicTest's pictures, found and cut out again, by what the classifier is shown of each. */
async function views(detector: Session): Promise<void> {
  const bytes = readFileSync(args.model);
  const spec = parseClassifierSpec(readOnnxMetadata(bytes));
  const classifier = await createSession(bytes, 1);
  const { found } = await publicTestFaces(detector, spec.input);
  const truth = found.map(({ expression }) => expression);
  const ways: Record<string, (level: FaceView, lying: FaceView) => FaceView[]> = {
    levelled: (level) => [level],
    'as it lies': (_, lying) => [{ ...lying, mirrored: false }],
    'levelled, and its mirror image': (level) => [level, { ...level, mirrored: true }],
    'levelled, and as it lies': (level, lying) => [level, { ...lying, mirrored: false }],
    'levelled, and as it lies mirrored': (level, lying) => [level, lying],
  };
  console.log(`${spec.name} ${spec.version}: ${found.length} pictures of PublicTest`);
  for (const [name, look] of Object.entries(ways)) {
    const looks = found.map(({ image, detection }) => ({ image, views: look(...frameTwice(detection, spec.framing)) }));
    const count = looks[0]?.views.length === 2 ? 2 : 1;
    const { top1, top2, nll, ece } = await score(cropLooks(looks, spec.input), truth, classifier, spec, count);
    const shares = `${percent(top1, truth, 2)} ${percent(top2, truth, 2)}`;
    console.log(`${name.padEnd(36)} ${shares} NLL ${nll.toFixed(3)} ECE ${ece.toFixed(3)}`);
  }
  await classifier.release();
}

/** PublicTest's faces that the detector finds, and the pixels of the same pictures as they are. */
async function publicTestFaces(
  detector: Session,
  input: ClassifierSpec['input'],
): Promise<{ found: LabelledFace[]; original: Float32Array }> {
  const found: LabelledFace[] = [];
  for (const { pixels, expression, row } of await fer2013Pictures(args.data, 'PublicTest', samples)) {
    const face = await findAgain(pixels, detector);
    if (face !== undefined) found.push({ name: `row ${row}`, expression, ...face });
  }
  const whole = { x: BORDER, y: BORDER, width: SIDE, height: SIDE };
  const asTheyAre = found.map(({ image, detection }) => ({ image, detection: { ...detection, box: whole } }));
  return { found, original: cropAll(asTheyAre, { scale: 1, shiftY: 0, rotate: false }, input) };
}

function percent(hits: number, of: readonly unknown[], digits = 1): string {
  return `${((100 * hits) / of.length).toFixed(digits)}%`;
}

const MODES = new Map([
  ['measure', measure],
  ['sheet', sheet],
  ['sweep', sweep],
  ['views', views],
]);
const mode = MODES.get(positionals[0] ?? '');
if (mode === undefined) {
  console.error(`say one of ${[...MODES.keys()].join(', ')}`);
  process.exitCode = 2;
} else {
  const detector = await createSession(readFileSync(args.detector), 1);
  await mode(detector);
  await detector.release();
}
