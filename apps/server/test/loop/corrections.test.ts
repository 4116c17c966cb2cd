import { createHash, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openClassifier } from '@mememoji/train/classifier-session';
import { splitIndices } from '@mememoji/train/dataset';
import { predictLogits } from '@mememoji/train/evaluate';
import type { Expression } from '@mememoji/vision/expression';
import { softmax } from '@mememoji/vision/metrics/predictions';
import { decodeImage } from 'mememoji/decode';
import { createAnalyzer } from 'mememoji/node';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { type Correction, isHeldOut } from '../../src/loop/correction.ts';
import { correctionData } from '../../src/loop/correction-data.ts';
import { parseLine, toLine } from '../../src/loop/correction-lines.ts';
import { readCorrectionFile } from '../../src/loop/correction-source.ts';
import { cutFace, readCorrections } from '../../src/loop/corrections.ts';
import { trainingSide } from '../../src/loop/crop.ts';
import { importCorrections } from '../../src/loop/import-corrections.ts';
import { addFeedback } from '../../src/store/feedback.ts';
import { openImageFolder } from '../../src/store/image-files.ts';
import { keepImage } from '../../src/store/kept-images.ts';
import { addPrediction } from '../../src/store/predictions.ts';
import { makeFace, picture, SPEC } from '../fakes.ts';
import { describeOnStores } from '../stores.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const ASTRONAUT = new URL('../../../../test/fixtures/astronaut.png', import.meta.url).pathname;

describe('a face cut out for training', () => {
  it('is, in its middle, what the classifier sees of it in use', async () => {
    const analyzer = await createAnalyzer();
    const classifier = await openClassifier(new URL('../../../../models/mememoji.onnx', import.meta.url).pathname);
    try {
      const { faces } = await analyzer.analyze(ASTRONAUT);
      const image = await decodeImage(ASTRONAUT, 1e8);
      const crop = cutFace(image, faces[0]!, 'x', analyzer.spec);
      expect(crop.side).toBe(48);
      const { dataset } = await correctionData(listOf([{ ...correction('happy'), crop }]), analyzer.spec.labels, 48);
      const rows = Uint32Array.of(0);
      const [logits] = await predictLogits(classifier, dataset, rows);
      const probabilities = softmax(logits!, 7, analyzer.spec.temperature);
      analyzer.spec.labels.forEach((label, i) => {
        // The crop is kept in whole numbers, hence not the very same.
        expect(probabilities[i]).toBeCloseTo(faces[0]!.expressions[label], 2);
      });
    } finally {
      await classifier.close();
      await analyzer.close();
    }
  });
});

describe('isHeldOut', () => {
  it('holds a quarter out, always the same', () => {
    const images = Array.from({ length: 4000 }, (_, i) => createHash('sha256').update(String(i)).digest('hex'));
    const held = images.filter((image) => isHeldOut(image));
    expect(held.length / images.length).toBeCloseTo(0.25, 1);
    // Written down once: a change here would move images from one side to the other.
    expect(
      images
        .slice(0, 12)
        .map((image) => Number(isHeldOut(image)))
        .join(''),
    ).toBe(HELD_OUT_ONCE);
  });
});

/** For the SHA-256 of '0', '1', ... '11'. */
const HELD_OUT_ONCE = '010010000000';

describe('correctionData', () => {
  const SIDE = trainingSide(SPEC);
  const crop = (value: number, image: string, side = SIDE) => {
    return { pixels: new Uint8Array(side * side).fill(value), side, imageSha256: image };
  };

  it('counts what it leaves out', async () => {
    const { dataset, leftOut } = await correctionData(
      listOf([
        { ...correction('happy'), crop: undefined },
        { ...correction('happy'), crop: crop(1, 'a', 60) },
        { ...correction('fear'), crop: crop(2, 'b') },
        { ...correction('disgust'), crop: crop(3, 'c') },
        { ...correction('happy'), crop: crop(4, 'd') },
      ]),
      ['angry', 'happy'],
      SIDE,
    );
    expect(leftOut).toEqual({ withoutPicture: 1, ofOtherSize: 1, ofOtherClass: 1 });
    expect([...dataset.targets].map((target) => dataset.labels[target])).toEqual(['angry', 'happy']);
  });

  it('keeps all faces of an image on one side, and a picture that was sent twice on that to measure on', async () => {
    const images = Array.from({ length: 60 }, (_, i) => `image ${i}`);
    const faces = images.flatMap((image, i) => [
      { ...correction('happy'), crop: crop(i, image) },
      { ...correction('sad'), crop: crop(100 + i, image) },
    ]);
    const held = images.find((image) => isHeldOut(image))!;
    const learned = images.find((image) => !isHeldOut(image))!;
    const copy = { ...correction('sad'), crop: { ...crop(images.indexOf(held), learned) } };
    const { dataset } = await correctionData(listOf([...faces, copy]), ['happy', 'sad'], SIDE);
    const valuesOf = (split: 'Training' | 'PublicTest') =>
      Array.from(splitIndices(dataset, split), (row) => dataset.pixels[row * SIDE * SIDE]!);
    const training = valuesOf('Training');
    expect(training).toHaveLength(2 * images.filter((image) => !isHeldOut(image)).length);
    const numbers = new Set(training.map((value) => value % 100));
    expect(valuesOf('PublicTest').some((value) => numbers.has(value % 100))).toBe(false);
  });
});

describeOnStores('corrections', (current) => {
  it('are those said last, with the face where the image is kept, and go from store to store', async () => {
    const { store, dataDir } = current();
    await store.executeSql('delete from predictions');
    const files = openImageFolder(join(dataDir, 'images'));
    const image = await picture(2);
    const [kept, lost] = [randomUUID(), randomUUID()].sort() as [string, string];
    const faces = [makeFace(0, box(0)), makeFace(1, box(1))];
    const analysis = { model: 'm 1', image: { width: 200, height: 100 }, faces };
    for (const id of [kept, lost]) await addPrediction(store.db, analysis, { id, at: new Date(1000) });
    await keepImage({ store, files }, kept, image, { at: new Date(1000), days: 0 });
    const say = (prediction: string, face: number, expression: Expression, at: number) =>
      addFeedback(store.db, { prediction, face, expression }, new Date(at));
    await say(kept, 0, 'sad', 2000);
    await say(kept, 0, 'fear', 3000);
    await say(kept, 1, 'happy', 2000);
    await say(lost, 1, 'angry', 2000);
    const read = async (): Promise<Correction[]> => {
      const all: Correction[] = [];
      for await (const one of readCorrections({ store, files }, SPEC)) all.push(one);
      return all;
    };
    const corrections = await read();
    expect(corrections.map(({ prediction, face, expression }) => [prediction, face.id, expression])).toEqual([
      [kept, 0, 'fear'],
      [kept, 1, 'happy'],
      [lost, 1, 'angry'],
    ]);
    const sha256 = createHash('sha256').update(image).digest('hex');
    const expected = cutFace(await decodeImage(image, 1e6), faces[1]!, sha256, SPEC);
    expect(corrections[1]?.crop).toEqual(expected);
    expect(corrections[2]?.crop).toBeUndefined();

    const file = join(temporaryFolder(), 'feedback.ndjson');
    const lines = await Promise.all(corrections.map(async (one) => JSON.stringify(await toLine(one))));
    writeFileSync(file, `${lines.join('\n')}\n`);
    await store.executeSql('delete from images');
    await store.executeSql('delete from predictions');
    expect(await importCorrections(store, readCorrectionFile(file))).toEqual({ added: 3, known: 0 });
    expect(await importCorrections(store, readCorrectionFile(file))).toEqual({ added: 0, known: 3 });
    expect(await read()).toEqual(corrections);
  });
});

describe('a line of an export', () => {
  it('comes back as it was written, and is refused where it is broken', async () => {
    const pixels = new Uint8Array(48 * 48).map((_, i) => i % 251);
    const one: Correction = { ...correction('sad'), crop: { pixels, side: 48, imageSha256: 'ab'.repeat(32) } };
    const text = JSON.stringify(await toLine(one));
    expect(await parseLine(text, 'line 1')).toEqual(one);
    const broken: [string, RegExp][] = [
      ['{', /^line 1: it is not JSON/],
      ['{}', /^line 1: prediction_id: /],
      [text.replace('"expression":"sad"', '"expression":"sadly"'), /^line 1: expression: /],
      [text.replace('"side":48', '"side":40'), /^line 1: crop: /],
      [text.replace(/"png":"[^"]+"/, '"png":"aGVsbG8="'), /^line 1: crop: /],
    ];
    for (const [line, message] of broken) {
      await expect(parseLine(line, 'line 1')).rejects.toMatchObject({
        code: 'BAD_FEEDBACK',
        message: expect.stringMatching(message),
      });
    }
  });

  it('has a picture that any program can open', async () => {
    const pixels = new Uint8Array(48 * 48).fill(99);
    const line = await toLine({ ...correction('sad'), crop: { pixels, side: 48, imageSha256: 'ab'.repeat(32) } });
    const { width, height, channels, format } = await sharp(Buffer.from(line.crop!.png, 'base64')).metadata();
    expect({ width, height, channels, format }).toEqual({ width: 48, height: 48, channels: 1, format: 'png' });
  });
});

function box(face: number) {
  return { x: 100 * face + 20, y: 10, width: 60, height: 80 };
}

function correction(expression: Expression): Omit<Correction, 'crop'> {
  return {
    prediction: randomUUID(),
    predictedAt: new Date(1000),
    model: 'm 1',
    image: { width: 200, height: 100 },
    face: makeFace(0, box(0)),
    expression,
    saidAt: new Date(2000),
  };
}

async function* listOf(corrections: readonly Correction[]): AsyncGenerator<Correction> {
  yield* corrections;
}
