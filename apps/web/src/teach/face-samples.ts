import type { Example } from '@mememoji/train/tuning/examples';
import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import type { Expression } from '@mememoji/vision/expression';
import type { Correction } from '../corrections/correction.ts';
import { facePixels, PictureReader } from '../lab/face-pixels.ts';
import type { Lab } from '../lab/lab.ts';

/** A face that was cut out, and what the person says that it shows. */
export interface FaceSample {
  /** Grey 0..255, of the size that the model wants. */
  pixels: Float32Array;
  expression: Expression;
  /** Number of the stretch of time in which it was taken; see `Example`. */
  segment: number;
}

/** Numbers of samples by expression, for the eye. */
export function countByExpression(samples: readonly FaceSample[]): Map<Expression, number> {
  const counts = new Map<Expression, number>();
  for (const { expression } of samples) counts.set(expression, (counts.get(expression) ?? 0) + 1);
  return counts;
}

/** What the person corrected, as samples; those made within the same minute belong together. */
export async function samplesOfCorrections(
  corrections: readonly Correction[],
  spec: ClassifierSpec,
): Promise<FaceSample[]> {
  const reader = new PictureReader();
  const known = corrections.filter(({ expression }) => spec.labels.includes(expression));
  const samples: FaceSample[] = [];
  for (const { crop, expression, time } of known) {
    const picture = await createImageBitmap(crop.picture);
    const pixels = facePixels(reader.read(picture), crop, spec);
    picture.close();
    samples.push({ pixels, expression, segment: Math.floor(Date.parse(time) / 60_000) });
  }
  return samples;
}

/** Samples as a lab learns from them. */
export async function toExamples(samples: readonly FaceSample[], lab: Lab): Promise<Example[]> {
  const size = lab.spec.input.width * lab.spec.input.height;
  const pixels = new Float32Array(samples.length * size);
  samples.forEach((sample, i) => {
    pixels.set(sample.pixels, i * size);
  });
  const features = await lab.features(pixels);
  const width = features.length / samples.length;
  return samples.map(({ expression, segment }, i) => ({
    features: features.slice(i * width, (i + 1) * width),
    label: lab.spec.labels.indexOf(expression),
    segment,
  }));
}
