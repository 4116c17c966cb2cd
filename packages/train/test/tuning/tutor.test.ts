import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { decodeModel } from '@mememoji/graph/codec';
import { parseClassifierSpec } from '@mememoji/vision/classifier-spec';
import { softmax } from '@mememoji/vision/metrics/predictions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { posedFaces } from '../../../../test/drawn-faces.ts';
import { openClassifier } from '../../src/classifier-session.ts';
import { type Example, holdOutLast } from '../../src/tuning/examples.ts';
import { TAUGHT_KEY, Tutor } from '../../src/tuning/tutor.ts';
import { engine } from '../helpers/tiny-run.ts';

const MODELS = fileURLToPath(new URL('../../../../models/', import.meta.url));
const EACH = 8;
const DAY = new Date('2026-03-01T12:00:00Z');

/** What a drawn person poses, as the tutor learns from it. */
async function lessonOf(
  tutor: Tutor,
  labels: readonly number[],
): Promise<{ examples: Example[]; pixels: Float32Array }> {
  const faces = posedFaces(labels, EACH);
  const pixels = Float32Array.from(faces.flatMap((face) => [...face.pixels]));
  const features = await tutor.features(pixels);
  const size = features.length / faces.length;
  const examples = faces.map(({ label, segment }, i) => ({
    label,
    segment,
    features: features.subarray(i * size, (i + 1) * size),
  }));
  return { examples, pixels };
}

let tutor: Tutor;
beforeAll(async () => {
  const [model, memory] = ['mememoji.onnx', 'mememoji.memory'].map((name) => readFileSync(MODELS + name));
  tutor = await Tutor.open(model!, memory, engine);
});
afterAll(() => tutor.close());

describe('holdOutLast', () => {
  it('keeps the last stretch of each label, never part of one', () => {
    const make = (label: number, segment: number): Example => ({ label, segment, features: new Float32Array(1) });
    const examples = [make(0, 1), make(0, 1), make(0, 4), make(1, 2), make(1, 3), make(1, 3), make(2, 5), make(2, 5)];
    const { taught, heldOut } = holdOutLast(examples);
    expect(heldOut).toEqual([make(0, 4), make(1, 3), make(1, 3)]);
    expect(taught).toEqual([make(0, 1), make(0, 1), make(1, 2), make(2, 5), make(2, 5)]);
  });
});

describe('a lesson', () => {
  it('teaches the shipped model drawn faces, and it reads others that it has not seen', {
    timeout: 120_000,
  }, async () => {
    const { examples, pixels } = await lessonOf(tutor, [0, 1, 2, 3, 4, 5, 6]);
    const losses: number[] = [];
    const onStep = (_: number, loss: number) => void losses.push(loss);
    const lesson = await tutor.teach(examples, DAY, { memoryWeight: 3, onStep });

    expect(lesson.taught).toEqual({ angry: 8, disgust: 8, fear: 8, happy: 8, sad: 8, surprise: 8, neutral: 8 });
    expect(lesson.heldOut!.count).toBe(56);
    expect(lesson.heldOut!.before).toBeLessThan(0.5);
    expect(lesson.heldOut!.after).toBeGreaterThan(0.85);
    expect(lesson.remembered).toBeGreaterThan(0.9);
    expect(losses.length).toBe(150);
    // Most of the loss is what the memory's answers hold of uncertainty, which stays.
    expect(losses.at(-1)).toBeLessThan(losses[0]! - 0.8);

    // The file gives the very answers that the lesson was judged by.
    const classifier = await openClassifier(lesson.model);
    const logits = await classifier.run(pixels, examples.length);
    await classifier.close();
    const probabilities = softmax(logits, 7, classifier.spec.temperature);
    const taughtTutor = await Tutor.open(lesson.model, readFileSync(`${MODELS}mememoji.memory`), engine);
    const again = await taughtTutor.read(examples);
    await taughtTutor.close();
    const difference = Math.max(...probabilities.map((value, i) => Math.abs(value - again.probabilities[i]!)));
    expect(difference).toBeLessThan(1e-4);
    const held = examples.flatMap(({ segment, label }, i) => (segment === 1 ? [{ label, i }] : []));
    const right = held.filter(({ label, i }) => {
      const row = logits.subarray(i * 7, (i + 1) * 7);
      return row.indexOf(Math.max(...row)) === label;
    });
    expect(right.length / held.length).toBe(lesson.heldOut!.after);
  });

  it('says in the file that it was taught, and publishes no numbers that are no longer true', async () => {
    const { examples } = await lessonOf(tutor, [0, 5]);
    const { model, spec, heldOut } = await tutor.teach(examples, DAY, { steps: 3 });
    const { metadata } = decodeModel(model);
    expect(parseClassifierSpec(metadata)).toEqual(spec);
    expect(spec).toEqual({
      ...tutor.split.spec,
      version: `${tutor.split.spec.version}+taught.2026-03-01`,
      metrics: {},
    });
    expect(JSON.parse(metadata[TAUGHT_KEY]!)).toMatchObject({
      date: '2026-03-01',
      taught: { angry: 8, surprise: 8 },
      heldOut,
    });
  });

  it('forgets more without the memory', { timeout: 120_000 }, async () => {
    const { examples } = await lessonOf(tutor, [0, 1, 2, 3, 4, 5, 6]);
    const careful = await tutor.teach(examples, DAY);
    const free = await tutor.teach(examples, DAY, { memoryWeight: 0 });
    expect(careful.heldOut!.after).toBeGreaterThan(careful.heldOut!.before + 0.1);
    expect(careful.remembered).toBeGreaterThan(0.97);
    expect(free.remembered).toBeLessThan(0.6);
  });

  it('stops when it is told to, and needs an example', async () => {
    const { examples } = await lessonOf(tutor, [3]);
    await expect(tutor.teach(examples, DAY, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
    await expect(tutor.teach([], DAY)).rejects.toMatchObject({ code: 'EMPTY_SELECTION' });
  });
});
