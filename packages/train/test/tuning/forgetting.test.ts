import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { similarityFromSquare } from '@mememoji/vision/geometry';
import { cropGrey } from '@mememoji/vision/resample';
import { describe, expect, it } from 'vitest';
import { type Dataset, imageAt, splitIndices } from '../../src/dataset.ts';
import { openDataset } from '../../src/open-dataset.ts';
import { Random } from '../../src/random.ts';
import type { Example } from '../../src/tuning/examples.ts';
import { Tutor } from '../../src/tuning/tutor.ts';
import { cutWindows, viewWindows } from '../../src/views.ts';
import { engine } from '../helpers/tiny-run.ts';

/** The challenge's data, where a person has them; the product does not bring them. */
const FER2013 = fileURLToPath(new URL('../../../../../shared/data/fer2013', import.meta.url));
const MODELS = fileURLToPath(new URL('../../../../models/', import.meta.url));
const [MODEL, MEMORY] = ['mememoji.onnx', 'mememoji.memory'].map((name) => readFileSync(MODELS + name)) as [
  Buffer,
  Buffer,
];

const PERSONS = 3;
const FRAMES = 20;
/** Every so many rows of PublicTest stand for all others. */
const EVERY = 2;
const DAY = new Date('2026-03-01');

/** Frames of a face that moves a little, in one light: a random walk of place, size and turn. */
function filmFace(dataset: Dataset, row: number, side: number, random: Random): Float32Array[] {
  const { width, height } = dataset;
  const image = { width, height, channels: 1, data: imageAt(dataset, row) } as const;
  const [contrast, light] = [random.uniform(0.85, 1.15), random.uniform(-10, 10)];
  let walk = Array.from({ length: 4 }, () => random.normal());
  return Array.from({ length: FRAMES }, () => {
    walk = walk.map((value) => 0.9 * value + 0.44 * random.normal());
    const [size, turn, x, y] = walk as [number, number, number, number];
    const centre = { x: width / 2 + 1.3 * x, y: height / 2 + 1.3 * y };
    const square = { centre, side: side * (1 + 0.05 * size), angle: 0.07 * turn };
    const pixels = cropGrey(image, similarityFromSquare(square, side), side, side, new Float32Array(side * side));
    return pixels.map((value) => Math.min(255, Math.max(0, value * contrast + light + 4 * random.normal())));
  });
}

async function toExamples(
  tutor: Tutor,
  faces: { label: number; segment: number; pixels: Float32Array }[],
): Promise<Example[]> {
  const features = await tutor.features(Float32Array.from(faces.flatMap(({ pixels }) => [...pixels])));
  const size = features.length / faces.length;
  return faces.map(({ label, segment }, i) => ({
    label,
    segment,
    features: features.subarray(i * size, (i + 1) * size),
  }));
}

/** Rows of PublicTest, as the model sees them, without some. */
async function others(tutor: Tutor, dataset: Dataset, rows: Uint32Array): Promise<Example[]> {
  const { input } = tutor.split.spec;
  const [window] = viewWindows('single', dataset, input);
  const found: Example[] = [];
  for (let start = 0; start < rows.length; start += 64) {
    const batch = rows.subarray(start, start + 64);
    const pixels = cutWindows(dataset, batch, window!, input);
    const size = pixels.length / batch.length;
    const faces = [...batch].map((row, i) => ({ row, pixels: pixels.subarray(i * size, (i + 1) * size) }));
    found.push(
      ...(await toExamples(
        tutor,
        faces.map(({ row, pixels: one }) => ({ label: dataset.targets[row]!, segment: row, pixels: one })),
      )),
    );
  }
  return found;
}

describe.runIf(existsSync(FER2013))('teaching a person of FER2013', () => {
  it('is learned, and costs others less than a point', { timeout: 900_000 }, async () => {
    const dataset = await openDataset(FER2013, { votes: false });
    const tutor = await Tutor.open(MODEL, MEMORY, engine);
    const rows = splitIndices(dataset, 'PublicTest');
    const test = await others(
      tutor,
      dataset,
      rows.filter((_, i) => i % EVERY === 0),
    );
    const random = new Random(5);
    const changes: number[] = [];
    const gains: number[] = [];
    for (let person = 0; person < PERSONS; person++) {
      const chosen = tutor.split.spec.labels.map((_, label) => {
        const some = rows.filter((row) => dataset.targets[row] === label);
        return some[random.int(some.length)]!;
      });
      const faces = chosen.flatMap((row, label) =>
        [0, 1].flatMap((segment) =>
          filmFace(dataset, row, tutor.split.spec.input.width, random).map((pixels) => ({ label, segment, pixels })),
        ),
      );
      const { model, heldOut } = await tutor.teach(await toExamples(tutor, faces), DAY);
      expect(heldOut!.count).toBe(7 * FRAMES);
      gains.push(heldOut!.after - heldOut!.before);
      const taught = await Tutor.open(model, MEMORY, engine);
      const unseen = test.filter(({ segment }) => !chosen.includes(segment));
      changes.push((await taught.read(unseen)).accuracy - (await tutor.read(unseen)).accuracy);
      await taught.close();
    }
    await tutor.close();
    expect(Math.min(...changes), changes.join()).toBeGreaterThan(-0.01);
    // How far it is learned depends on how much a person's labels contradict what the model sees.
    expect(Math.min(...gains), gains.join()).toBeGreaterThan(0.05);
    expect(gains.reduce((sum, gain) => sum + gain) / PERSONS, gains.join()).toBeGreaterThan(0.15);
  });
});
