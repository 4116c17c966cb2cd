/**
 * From where on a face is too small, too far turned aside or too blurred for its answer to be relied on. Prints how often
 * the classifier is right in FER2013's PublicTest by the place of the nose, by size and by blur, to choose the thresholds of
 * packages/vision/src/doubts.ts by.
 *
 *     node --conditions=source benchmarks/doubts.ts --data ../shared/data/fer2013/fer2013.csv.gz --every 4
 *
 * `--every N` takes each Nth face for size and blur; the place of the nose is measured on all that the detector finds.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { FER2013_FRAMING } from '@mememoji/train/framing';
import { type ClassifierSpec, parseClassifierSpec } from '@mememoji/vision/classifier-spec';
import { noseShift, sharpnessOf } from '@mememoji/vision/doubts';
import { type Expression, rankExpressions } from '@mememoji/vision/expression';
import type { PixelImage } from '@mememoji/vision/image';
import { readOnnxMetadata } from '@mememoji/vision/onnx-metadata';
import { cropGrey } from '@mememoji/vision/resample';
import { classifyFaces } from 'mememoji/classifier';
import { createSession } from 'mememoji/node-session';
import type { Session } from 'mememoji/session';
import { fer2013Pictures, findAgain } from './framing-faces.ts';

/** Side of FER2013's pictures, pixels. */
const SIDE = 48;
/** Upper ends of the bins of {@link noseShift}; the last bin has none. */
const SHIFTS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8];
/** Pixels of the longer side of the box. */
const SIZES = [40, 36, 32, 28, 24, 20, 16];
/** Standard deviations of the Gaussian, shares of the box's side. */
const BLURS = [0.01, 0.02, 0.03, 0.04, 0.05];
/** Upper ends of the bins of {@link sharpnessOf}; the last bin has none. */
const SHARPNESSES = [0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3];

interface Picture {
  image: PixelImage;
  expression: Expression;
}

interface Answer {
  expression: Expression;
  right: boolean;
  sharpness: number;
}

const { values: args } = parseArgs({
  options: {
    data: { type: 'string', default: '../shared/data/fer2013/fer2013.csv.gz' },
    detector: { type: 'string', default: 'models/face-detector.onnx' },
    model: { type: 'string', default: 'models/mememoji.onnx' },
    every: { type: 'string', default: '1' },
  },
});

function grey(width: number, data: Uint8Array | Uint8ClampedArray): PixelImage {
  return { width, height: width, channels: 1, data };
}

/** A square picture at another side, each pixel the mean over what it covers. */
function resize({ width, ...image }: PixelImage, side: number): PixelImage {
  const toImage = { a: width / side, b: 0, tx: 0, ty: 0 };
  return grey(side, cropGrey({ width, ...image }, toImage, side, side, new Uint8ClampedArray(side * side)));
}

/** Convolved with a Gaussian of `sigma` pixels; beyond the edge the edge's pixels repeat. */
function blur({ width, data }: PixelImage, sigma: number): PixelImage {
  const radius = Math.ceil(4 * sigma);
  const weights = Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-((i - radius) ** 2) / (2 * sigma ** 2)));
  const sum = weights.reduce((a, b) => a + b);
  const clamp = (value: number): number => Math.min(Math.max(value, 0), width - 1);
  const along = (at: (line: number, place: number) => number): Float32Array =>
    Float32Array.from({ length: width * width }, (_, i) => {
      const line = Math.floor(i / width);
      return weights.reduce(
        (total, weight, k) => total + (weight / sum) * at(line, clamp((i % width) + k - radius)),
        0,
      );
    });
  const rows = along((row, column) => data[row * width + column]!);
  const columns = along((column, row) => rows[row * width + column]!);
  // The second pass ran along the columns: its result lies on its side.
  return grey(
    width,
    Uint8ClampedArray.from(columns, (_, i) => columns[(i % width) * width + Math.floor(i / width)]!),
  );
}

/** What the classifier answers to the part of each picture that it would see of a face found there. */
async function answersTo(pictures: readonly Picture[], classifier: Session, spec: ClassifierSpec): Promise<Answer[]> {
  const { width, height } = spec.input;
  const size = width * height;
  const crops = new Float32Array(pictures.length * size);
  const cropOf = (i: number): Float32Array => crops.subarray(i * size, (i + 1) * size);
  pictures.forEach(({ image }, i) => {
    const side = (image.width * spec.framing.scale) / FER2013_FRAMING.scale;
    const edge = (image.width - side) / 2;
    cropGrey(image, { a: side / width, b: 0, tx: edge, ty: edge }, width, height, cropOf(i));
  });
  const results = await classifyFaces(classifier, spec, crops);
  return results.map((expressions, i) => {
    const [expression] = rankExpressions(expressions)[0]!;
    const right = expression === pictures[i]!.expression;
    return { expression, right, sharpness: sharpnessOf({ width, height, data: cropOf(i) }) };
  });
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

function row(...cells: (string | number)[]): void {
  const texts = cells.map((cell) => (typeof cell === 'number' && !Number.isInteger(cell) ? cell.toFixed(3) : cell));
  console.log(texts.map((text) => String(text).padStart(12)).join(''));
}

/** Share of right answers, and its standard error. */
function accuracy(answers: readonly Answer[]): [share: number, error: number] {
  const share = answers.filter(({ right }) => right).length / answers.length;
  return [share, Math.sqrt((share * (1 - share)) / answers.length)];
}

/** Counts and accuracies by bins of a value. */
function printBins(answers: readonly Answer[], values: readonly number[], ends: readonly number[]): void {
  const edges = [0, ...ends, Number.POSITIVE_INFINITY];
  row('from', 'to', 'faces', 'right', '+-');
  edges.slice(1).forEach((to, i) => {
    const from = edges[i]!;
    const inside = answers.filter((_, k) => values[k]! >= from && values[k]! < to);
    row(from, to, inside.length, ...accuracy(inside));
  });
}

/** Right answers and answers that stay what they were for the untouched picture; median sharpness. */
function printVariant(name: string, answers: readonly Answer[], untouched: readonly Answer[]): void {
  const kept = answers.filter(({ expression }, i) => expression === untouched[i]!.expression).length / answers.length;
  const median = quantile(
    answers.map(({ sharpness }) => sharpness),
    0.5,
  );
  row(name, ...accuracy(answers), kept, median);
}

const bytes = readFileSync(args.model);
const spec = parseClassifierSpec(readOnnxMetadata(bytes));
const classifier = await createSession(bytes, 1);
const answer = (pictures: readonly Picture[]): Promise<Answer[]> => answersTo(pictures, classifier, spec);

const rows = await fer2013Pictures(args.data, 'PublicTest', Number.POSITIVE_INFINITY);
const all = rows.map(({ pixels, expression }): Picture => ({ image: grey(SIDE, pixels), expression }));
const asTheyAre = await answer(all);
console.log(
  `${spec.name} ${spec.version} on ${all.length} pictures of PublicTest: right ${accuracy(asTheyAre)[0].toFixed(3)}`,
);

const sharpnesses = asTheyAre.map(({ sharpness }) => sharpness);
const shown = [0, 0.001, 0.01, 0.1, 0.5].map((share) => `${100 * share}% ${quantile(sharpnesses, share).toFixed(3)}`);
console.log(`sharpness as they are, quantiles: ${shown.join(', ')}`);

// The side that the detector's box has in these pictures.
const box = SIDE / FER2013_FRAMING.scale;
const some = all.filter((_, i) => i % Number(args.every) === 0);
const untouched = asTheyAre.filter((_, i) => i % Number(args.every) === 0);
console.log(`\nby size: ${some.length} faces, scaled down`);
row('box, px', 'right', '+-', 'as before', 'sharpness');
printVariant(box.toFixed(0), untouched, untouched);
for (const size of SIZES) {
  const side = Math.round(size * FER2013_FRAMING.scale);
  const scaled = some.map(({ image, expression }) => ({ image: resize(image, side), expression }));
  printVariant(String(size), await answer(scaled), untouched);
}

console.log(`\nby blur: ${some.length} faces, Gaussian of so many sides of the box`);
row('sigma', 'right', '+-', 'as before', 'sharpness');
printVariant('0', untouched, untouched);
const pooled: Answer[] = [...untouched];
for (const share of BLURS) {
  const blurred = some.map(({ image, expression }) => ({ image: blur(image, share * box), expression }));
  const answers = await answer(blurred);
  printVariant(String(share), answers, untouched);
  pooled.push(...answers);
}
console.log('\nby sharpness: the same faces, untouched and with each blur');
printBins(
  pooled,
  pooled.map(({ sharpness }) => sharpness),
  SHARPNESSES,
);

const detector = await createSession(readFileSync(args.detector), 1);
const found: Answer[] = [];
const shifts: number[] = [];
for (const [i, { pixels }] of rows.entries()) {
  const face = await findAgain(pixels, detector);
  if (face === undefined) continue;
  found.push(asTheyAre[i]!);
  shifts.push(noseShift(face.detection.landmarks));
}
console.log(`\nby the place of the nose: ${found.length} faces that the detector finds`);
printBins(found, shifts, SHIFTS);
await Promise.all([detector.release(), classifier.release()]);
