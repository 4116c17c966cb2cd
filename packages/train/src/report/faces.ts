import { type Predictions, predictedClasses } from '@mememoji/vision/metrics/predictions';
import sharp from 'sharp';
import { type Dataset, imageAt } from '../dataset.ts';
import { Random } from '../random.ts';
import type { FaceReading } from './report.ts';

/** Faces of each class in the grid of examples, and faces in that of mistakes. */
export const EXAMPLES_PER_CLASS = 6;
export const MISTAKES = 30;

const EXAMPLES_STREAM = 11;

/** What was read in each face of a split, in the order of its rows. */
export function faceReadings(
  dataset: Dataset,
  rows: Uint32Array,
  predictions: Predictions,
  labels: readonly string[],
  uncertainBelow: number,
  isDuplicate: readonly boolean[] | undefined,
): FaceReading[] {
  const answers = predictedClasses(predictions);
  return Array.from(rows, (row, sample) => {
    const scores = predictions.scores.subarray(sample * labels.length, (sample + 1) * labels.length);
    const confidence = scores[answers[sample]!]!;
    return {
      row: dataset.rows[row]!,
      truth: labels[predictions.targets[sample]!]!,
      predicted: labels[answers[sample]!]!,
      confidence,
      uncertain: confidence < uncertainBelow,
      duplicate: isDuplicate?.[sample] ?? null,
      probabilities: Object.fromEntries(labels.map((label, i) => [label, scores[i]!])),
    };
  });
}

/** A few faces of each class, drawn by lot: those who look at a report shall see neither the best nor the worst alone. */
export function chooseExamples(faces: readonly FaceReading[], labels: readonly string[], seed: number): FaceReading[] {
  const random = new Random(seed, 0, 0, EXAMPLES_STREAM);
  return labels.flatMap((label) => {
    const own = faces.filter(({ truth }) => truth === label);
    return random.shuffle(own).slice(0, EXAMPLES_PER_CLASS);
  });
}

/** The faces that were read wrongly with the largest probability, that one first. */
export function chooseMistakes(faces: readonly FaceReading[]): FaceReading[] {
  const wrong = faces.filter(({ truth, predicted }) => truth !== predicted);
  return wrong.toSorted((a, b) => b.confidence - a.confidence).slice(0, MISTAKES);
}

/** Pictures as `data:` URLs of PNG, by number of the row in the source. */
export type Pictures = ReadonlyMap<number, string>;

/** The pictures of these faces as the data set has them. */
export async function drawPictures(dataset: Dataset, faces: readonly FaceReading[]): Promise<Pictures> {
  const places = new Map(Array.from(dataset.rows, (row, index) => [row, index]));
  const wanted = [...new Set(faces.map(({ row }) => row))];
  const urls = wanted.map(
    async (row): Promise<[number, string]> => [row, await drawPicture(dataset, places.get(row)!)],
  );
  return new Map(await Promise.all(urls));
}

async function drawPicture(dataset: Dataset, index: number): Promise<string> {
  const { width, height } = dataset;
  const pixels = Buffer.from(imageAt(dataset, index));
  const png = await sharp(pixels, { raw: { width, height, channels: 1 } })
    .png({ compressionLevel: 9 })
    .toBuffer();
  return `data:image/png;base64,${png.toString('base64')}`;
}
