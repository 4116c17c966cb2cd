import type { PixelImage } from '@mememoji/vision/image';
import { Analyzer } from 'mememoji/analyzer';
import type { MememojiError } from 'mememoji/error';
import { describe, expect, it } from 'vitest';
import { cellImage, EYE, FACE_SIDE, FakeSession, fakeClassifier, fakeDetector, SPEC } from './fakes.ts';

interface Fixture {
  analyzer: Analyzer<PixelImage>;
  detector: FakeSession;
  classifier: FakeSession;
}

function create(spec = SPEC): Fixture {
  const detector = fakeDetector();
  const classifier = fakeClassifier();
  const detection = { passes: [128], minDetection: 0.5 };
  return {
    detector,
    classifier,
    analyzer: new Analyzer({ detector, classifier, spec, detection, decode: async (image) => image }),
  };
}

const softmax = (logits: readonly number[], temperature: number): number[] => {
  const powers = logits.map((logit) => Math.exp(logit / temperature));
  return powers.map((power) => power / powers.reduce((a, b) => a + b));
};

describe('Analyzer.analyze', () => {
  it('describes each face, from left to right', async () => {
    const { analyzer } = create();
    const result = await analyzer.analyze(
      cellImage(128, 96, [
        [20, 5, 255],
        [4, 10, 230],
      ]),
    );
    expect(result.model).toBe('tiny 1.2.3');
    expect(result.image).toEqual({ width: 128, height: 96 });
    expect(result.faces.map(({ id }) => id)).toEqual([0, 1]);
    const [left, right] = result.faces;
    expect(left!.box).toEqual({ x: 18 - FACE_SIDE / 2, y: 42 - FACE_SIDE / 2, width: FACE_SIDE, height: FACE_SIDE });
    expect(right!.landmarks.leftEye).toEqual({ x: 82 + EYE.x, y: 22 - EYE.y });
    expect(right!.detection).toBeCloseTo(1 / (1 + Math.exp(-8)), 5);
    expect(left!.detection).toBeCloseTo(1 / (1 + Math.exp(-8 * (230 / 127.5 - 1))), 5);
  });

  it('calibrates by the temperature and names the probabilities by the labels of the model', async () => {
    const { analyzer } = create();
    const { faces } = await analyzer.analyze(cellImage(128, 96, [[10, 10, 255]]));
    // The crop is the box, 16x16, of which the bright cell fills a sixteenth; the crop's mean is 255 / 16.
    const [happy, sad] = softmax([255 / 16, 100], SPEC.temperature);
    const { expressions, dominant, confidence } = faces[0]!;
    expect(expressions.happy).toBeCloseTo(happy!, 6);
    expect(expressions.sad).toBeCloseTo(sad!, 6);
    expect(Object.keys(expressions).sort()).toEqual([
      'angry',
      'disgust',
      'fear',
      'happy',
      'neutral',
      'sad',
      'surprise',
    ]);
    expect([expressions.angry, expressions.neutral]).toEqual([0, 0]);
    expect(dominant).toBe('sad');
    expect(confidence).toBe(expressions.sad);
  });

  it('doubts an answer below the threshold of the model', async () => {
    const even = { ...SPEC, temperature: 1e6 };
    const image = cellImage(128, 96, [[10, 10, 255]]);
    const [unclear] = (await create(even).analyzer.analyze(image)).faces;
    const [clear] = (await create().analyzer.analyze(image)).faces;
    // The face has 16 pixels, which is another reason.
    expect(unclear).toMatchObject({ doubts: ['unclear', 'small'], uncertain: true });
    expect(clear).toMatchObject({ doubts: ['small'], uncertain: true });
  });

  it('doubts each face by its own pixels', async () => {
    // Eight times as large, so that no face is small. In the left one is a bright cell, in the right one an even surface.
    const image = cellImage(1024, 768, []);
    for (let y = 300; y < 340; y++) image.data.fill(255, y * 1024 + 280, y * 1024 + 320);
    for (let y = 180; y < 500; y++) image.data.fill(255, y * 1024 + 600, y * 1024 + 920);
    const { faces } = await create().analyzer.analyze(image);
    const near = (x: number) => faces.filter(({ box }) => Math.abs(box.x + box.width / 2 - x) < 32);
    expect(near(300).map(({ doubts }) => doubts)).toEqual([[]]);
    expect(near(760).map(({ doubts }) => doubts)).toContainEqual(['blurred']);
  });

  it('looks for faces in another way where a call asks for it', async () => {
    const { analyzer, detector } = create();
    await analyzer.analyze(cellImage(1024, 768, []));
    expect(detector.batches).toHaveLength(1);
    await analyzer.analyze(cellImage(1024, 768, []), { detection: 'photo' });
    expect(detector.batches).toHaveLength(4);
    await analyzer.analyze(cellImage(1024, 768, []), { detection: 'video' });
    expect(detector.batches).toHaveLength(5);
  });

  it('gives the net the range that it was trained on', async () => {
    const unit = { ...SPEC, input: { ...SPEC.input, range: [-1, 1] as [number, number] }, temperature: 100 };
    const { faces } = await create(unit).analyzer.analyze(cellImage(128, 96, [[10, 10, 255]]));
    const mean = (2 * (255 / 16)) / 255 - 1;
    expect(faces[0]!.expressions.happy).toBeCloseTo(softmax([mean, 100], 100)[0]!, 6);
  });

  it('takes a larger crop where the framing says so', async () => {
    const wide = { ...SPEC, framing: { scale: 2, shiftY: 0, rotate: true }, temperature: 100 };
    const { faces } = await create(wide).analyzer.analyze(cellImage(128, 96, [[10, 10, 255]]));
    expect(faces[0]!.expressions.happy).toBeCloseTo(softmax([255 / 64, 100], 100)[0]!, 5);
  });

  it('asks about two views of each face of a photo, and takes the mean of their logits', async () => {
    // Logits: the brightness of the left half and that of the right half.
    const halves = ({ data }: { data: Float32Array }): number[] =>
      [0, 4].map(
        (from) => data.reduce((sum, value, i) => sum + (i % 8 >= from && i % 8 < from + 4 ? value : 0), 0) / 32,
      );
    const seen: number[][] = [];
    const classifier = new FakeSession('face', ['scores'], ({ data, dims }) => {
      const logits = Array.from({ length: dims[0]! }, (_, i) => halves({ data: data.subarray(64 * i, 64 * (i + 1)) }));
      seen.push(...logits);
      return { scores: { data: Float32Array.from(logits.flat()), dims: [dims[0]!, 2] } };
    });
    // Two faces: a bright cell with a grey one at its right, which is none, and a bright cell alone.
    const image = cellImage(128, 96, [
      [10, 10, 255],
      [11, 10, 80],
      [26, 10, 240],
    ]);
    const analyzer = new Analyzer({
      detector: fakeDetector(),
      classifier,
      spec: SPEC,
      detection: { passes: [128], minDetection: 0.5, views: 2 },
      decode: async (source: PixelImage) => source,
    });
    await analyzer.warmup();
    const { faces } = await analyzer.analyze(image);
    expect(classifier.batches).toEqual([2, 4]);
    const [, , level, mirrored] = seen;
    expect(level![0]).not.toBe(level![1]);
    expect(mirrored).toEqual(level!.toReversed());
    for (const { expressions } of faces) expect(expressions.happy).toBeCloseTo(0.5, 6);
    const [inVideo] = (await analyzer.analyze(image, { detection: 'video' })).faces;
    expect(inVideo!.expressions.happy).not.toBeCloseTo(0.5, 2);
  });

  it('returns an empty list where there is no face, without asking the classifier', async () => {
    const { analyzer, classifier } = create();
    expect((await analyzer.analyze(cellImage(128, 96, []))).faces).toEqual([]);
    expect(classifier.batches).toEqual([]);
  });

  it('classifies all faces in one batch, at most 64 at once', async () => {
    const { analyzer, classifier } = create();
    const cells = Array.from({ length: 70 }, (_, i): [number, number, number] => [
      4 + 6 * (i % 10),
      4 + 6 * Math.floor(i / 10),
      255,
    ]);
    const image = cellImage(256, 192, cells);
    const detection = { passes: [256], minDetection: 0.5 };
    const wide = new Analyzer({
      detector: fakeDetector(),
      classifier,
      spec: SPEC,
      detection,
      decode: async () => image,
    });
    const { faces } = await wide.analyze(image);
    expect(faces).toHaveLength(70);
    expect(classifier.batches).toEqual([64, 6]);
    expect(faces.map(({ box }) => box.x)).toEqual(faces.map(({ box }) => box.x).sort((a, b) => a - b));
    await analyzer.close();
  });

  it('never enlarges a picture but for its smallest pass', async () => {
    const detector = fakeDetector();
    const sizes: number[] = [];
    const run = detector.run.bind(detector);
    detector.run = (feeds) => {
      sizes.push(feeds.image!.dims[3]!);
      return run(feeds);
    };
    const detection = { passes: [128, 256, 768], minDetection: 0.5 };
    const parts = {
      detector,
      classifier: fakeClassifier(),
      spec: SPEC,
      detection,
      decode: async (image: PixelImage) => image,
    };
    const analyzer = new Analyzer(parts);
    await analyzer.detect(cellImage(48, 48, []));
    await analyzer.detect(cellImage(300, 200, []));
    await analyzer.detect(cellImage(2000, 100, []));
    expect(sizes).toEqual([128, 128, 256, 320, 128, 256, 768]);
  });

  it('refuses pixels that are no image', async () => {
    const { analyzer } = create();
    const error = await analyzer.analyze({ width: 4, height: 4, channels: 3, data: new Uint8Array(4) }).catch((e) => e);
    expect((error as MememojiError).code).toBe('BAD_PIXELS');
  });
});

describe('Analyzer.classify', () => {
  it('reads faces that are cut out already', async () => {
    const { analyzer } = create({ ...SPEC, temperature: 100 });
    const pixels = new Uint8Array(128).fill(50, 0, 64).fill(150, 64);
    const [dark, bright] = await analyzer.classify(pixels);
    expect(dark!.happy).toBeCloseTo(softmax([50, 100], 100)[0]!, 6);
    expect(bright!.happy).toBeCloseTo(softmax([150, 100], 100)[0]!, 6);
  });

  it('refuses a part of a face', async () => {
    const error = await create()
      .analyzer.classify(new Uint8Array(65))
      .catch((e) => e);
    expect((error as MememojiError).code).toBe('BAD_PIXELS');
  });
});

describe('the life of an Analyzer', () => {
  const image = (column: number) => cellImage(128, 96, [[column, 10, 255]]);

  it('keeps overlapping calls apart', async () => {
    const { analyzer } = create();
    const columns = [5, 10, 15, 20, 25];
    const results = await Promise.all(columns.map((column) => analyzer.analyze(image(column))));
    expect(results.map(({ faces }) => faces.map(({ box }) => box.x + box.width / 2))).toEqual(
      columns.map((c) => [4 * c + 2]),
    );
  });

  it('lets calls end that are under way when it is closed, and refuses later ones', async () => {
    const { analyzer, detector, classifier } = create();
    const underWay = analyzer.analyze(image(10));
    const closing = analyzer.close();
    const refused = await analyzer.analyze(image(10)).catch((e) => e);
    expect((refused as MememojiError).code).toBe('CLOSED');
    expect((await underWay).faces).toHaveLength(1);
    await closing;
    await analyzer.close();
    expect([detector.released, classifier.released]).toEqual([1, 1]);
    for (const late of [analyzer.detect(image(5)), analyzer.warmup(), analyzer.classify(new Uint8Array(64))]) {
      expect(((await late.catch((e) => e)) as MememojiError).code).toBe('CLOSED');
    }
  });

  it('closes after a call that failed', async () => {
    const { analyzer, detector } = create();
    const failing = analyzer.analyze({ width: 1, height: 1, channels: 1, data: new Uint8Array(2) });
    const closing = analyzer.close();
    await expect(failing).rejects.toThrow('2 bytes');
    await closing;
    expect(detector.released).toBe(1);
  });

  it('does not touch another analyzer', async () => {
    const one = create();
    const other = create();
    await one.analyzer.close();
    expect((await other.analyzer.analyze(image(10))).faces).toHaveLength(1);
    expect(other.detector.released).toBe(0);
  });

  it('warms both networks up', async () => {
    const { analyzer, detector, classifier } = create();
    await analyzer.warmup();
    expect([detector.batches, classifier.batches]).toEqual([[1], [1]]);
  });
});
