import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { EXPRESSIONS, type Expressions } from '@mememoji/vision/expression';
import { intersectionArea } from '@mememoji/vision/geometry';
import type { PixelImage } from '@mememoji/vision/image';
import { EXPRESSION_COLOURS, parseColour } from '@mememoji/vision/palette';
import type { Box, Face } from '@mememoji/vision/result';
import { Annotator, annotateImage, annotatePixels } from 'mememoji/annotate';
import { labelText, layoutFaces } from 'mememoji/annotate-layout';
import { decodeImage } from 'mememoji/decode';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';

const ASTRONAUT = fileURLToPath(new URL('../../../test/fixtures/astronaut.png', import.meta.url));

function face(box: Box, change: Partial<Face> = {}): Face {
  const { x, y, width, height } = box;
  const point = (right: number, down: number) => ({ x: x + right * width, y: y + down * height });
  const expressions: Expressions = { angry: 0.02, disgust: 0, fear: 0, happy: 0.9, sad: 0, surprise: 0.08, neutral: 0 };
  return {
    id: 0,
    box,
    detection: 0.9,
    landmarks: {
      rightEye: point(0.3, 0.3),
      leftEye: point(0.7, 0.3),
      nose: point(0.5, 0.55),
      mouth: point(0.5, 0.75),
      rightEar: point(0.05, 0.4),
      leftEar: point(0.95, 0.4),
    },
    expressions,
    dominant: 'happy',
    confidence: 0.9,
    doubts: [],
    uncertain: false,
    ...change,
  };
}

const square = (x: number, y: number, side: number): Box => ({ x, y, width: side, height: side });

function grey(width: number, height: number): PixelImage {
  return { width, height, channels: 1, data: new Uint8Array(width * height).fill(90) };
}

function countColour({ data }: PixelImage, [red, green, blue]: readonly [number, number, number]): number {
  let count = 0;
  for (let i = 0; i < data.length; i += 3) {
    if (data[i] === red && data[i + 1] === green && data[i + 2] === blue) count++;
  }
  return count;
}

describe('labelText', () => {
  it('tells expression and probability, and marks what is uncertain', () => {
    expect(labelText(face(square(0, 0, 9)))).toBe('happy 90%');
    const doubtful = { dominant: 'sad', confidence: 0.413, uncertain: true } as const;
    expect(labelText(face(square(0, 0, 9), doubtful))).toBe('sad? 41%');
  });
});

describe('layoutFaces', () => {
  const inside = (box: Box, size: { width: number; height: number }): boolean =>
    box.x >= -1e-9 &&
    box.y >= -1e-9 &&
    box.x + box.width <= size.width + 1e-9 &&
    box.y + box.height <= size.height + 1e-9;

  /** A face anywhere, also beyond the edge, in pictures of every size and shape. */
  const cases = [
    [16, 16],
    [48, 48],
    [256, 256],
    [640, 480],
    [4000, 3000],
    [3000, 40],
    [40, 3000],
  ].flatMap(([width, height]) =>
    [-0.4, 0, 0.3, 0.9, 1.2].flatMap((at) =>
      [0.05, 0.5, 1.5].map((share) => ({ size: { width: width!, height: height! }, at, share })),
    ),
  );

  it.each(cases)('keeps labels and bars inside: %j', ({ size, at, share }) => {
    const side = share * Math.min(size.width, size.height);
    const faces = [face(square(at * size.width, at * size.height, side)), face(square(0, 0, side))];
    for (const { label, bars } of layoutFaces(size, faces, true)) {
      expect(inside(label.box, size)).toBe(true);
      expect(inside(bars!.box, size)).toBe(true);
      for (const { track, filled } of bars!.bars) {
        expect(intersectionArea(track, bars!.box)).toBeCloseTo(track.width * track.height, 6);
        expect(filled.width).toBeLessThanOrEqual(track.width);
      }
    }
  });

  it('has letters that are read at the size of the picture', () => {
    const share = (width: number, side: number): number => {
      const [layout] = layoutFaces({ width, height: width }, [face(square(width / 2, width / 2, side))], false);
      return layout!.label.size / width;
    };
    for (const width of [600, 1200, 6000]) {
      expect(share(width, width / 100)).toBeGreaterThanOrEqual(0.0166);
      expect(share(width, width / 2)).toBeLessThanOrEqual(0.0341);
    }
    expect(share(200, 20) * 200).toBe(10);
  });

  it('puts neither label nor bars over another face while there is room', () => {
    const size = { width: 1000, height: 600 };
    const faces = [square(100, 100, 150), square(320, 100, 150), square(540, 110, 150)].map((box) => face(box));
    const layouts = layoutFaces(size, faces, true);
    const parts = layouts.flatMap(({ label, bars }) => [label.box, bars!.box]);
    parts.forEach((part, i) => {
      for (const { box } of faces) expect(intersectionArea(part, box)).toBe(0);
      for (const other of parts.slice(i + 1)) expect(intersectionArea(part, other)).toBe(0);
    });
    expect(layouts.every(({ bars }) => bars?.size !== undefined)).toBe(true);
  });

  it('shows the bars in one order, each as long as its probability', () => {
    const [{ bars }] = layoutFaces({ width: 800, height: 600 }, [face(square(100, 100, 200))], true) as [
      ReturnType<typeof layoutFaces>[number],
    ];
    expect(bars!.bars.map(({ expression }) => expression)).toEqual(EXPRESSIONS);
    const happy = bars!.bars[3]!;
    expect(happy.filled.width / happy.track.width).toBeCloseTo(0.9, 10);
    const tops = bars!.bars.map(({ track }) => track.y);
    expect(tops).toEqual(tops.toSorted((a, b) => a - b));
  });

  it('leaves names out where they would hide faces', () => {
    const crowd = Array.from({ length: 48 }, (_, i) =>
      face(square(10 + 70 * (i % 8), 10 + 70 * Math.floor(i / 8), 60)),
    );
    const layouts = layoutFaces({ width: 580, height: 440 }, crowd, true);
    expect(layouts.filter(({ bars }) => bars!.size === undefined).length).toBeGreaterThan(20);
  });
});

describe('annotatePixels', () => {
  it('draws outline and label in the colour of the expression, and not on the original', async () => {
    const image = grey(320, 240);
    const drawn = await annotatePixels(image, [face(square(100, 80, 100))]);
    expect([drawn.width, drawn.height, drawn.channels]).toEqual([320, 240, 3]);
    expect(new Set(image.data)).toEqual(new Set([90]));
    const happy = countColour(drawn, parseColour(EXPRESSION_COLOURS.happy));
    expect(happy).toBeGreaterThan(400);
    // The middle of the face stays free.
    expect([...drawn.data.subarray(3 * (130 * 320 + 150), 3 * (130 * 320 + 150) + 3)]).toEqual([90, 90, 90]);
  });

  it('shows a face that is uncertain in another way than by colour alone', async () => {
    const sure = await annotatePixels(grey(320, 240), [face(square(100, 80, 100))]);
    const unsure = await annotatePixels(grey(320, 240), [face(square(100, 80, 100), { uncertain: true })]);
    const happy = parseColour(EXPRESSION_COLOURS.happy);
    expect(countColour(unsure, happy)).toBeGreaterThan(50);
    expect(countColour(unsure, happy)).toBeLessThan(0.5 * countColour(sure, happy));
  });

  it('draws a bar for each expression', async () => {
    const even = Object.fromEntries(EXPRESSIONS.map((name) => [name, 1 / 7])) as Expressions;
    const drawn = await annotatePixels(grey(640, 480), [face(square(100, 80, 150), { expressions: even })], {
      bars: true,
    });
    for (const name of EXPRESSIONS) {
      expect(countColour(drawn, parseColour(EXPRESSION_COLOURS[name])), name).toBeGreaterThan(30);
    }
  });

  it('lays an emoji over the face, turned with it', async () => {
    const box = square(100, 80, 100);
    const lying = face(box);
    // The person lies on their side: the eyes are above each other.
    lying.landmarks.rightEye = { x: 170, y: 110 };
    lying.landmarks.leftEye = { x: 170, y: 150 };
    const upright = await annotatePixels(grey(320, 240), [face(box)], { style: 'memes' });
    const turned = await annotatePixels(grey(320, 240), [lying], { style: 'memes' });
    // The laughing mouth of `happy`.
    const mouth: [number, number, number] = [187, 29, 128];
    const middleOf = (drawn: PixelImage): { x: number; y: number } => {
      const found = { x: 0, y: 0, count: 0 };
      for (let i = 0; i < drawn.data.length; i += 3) {
        if (mouth.some((value, k) => Math.abs(drawn.data[i + k]! - value) > 2)) continue;
        found.x += (i / 3) % 320;
        found.y += Math.floor(i / 3 / 320);
        found.count++;
      }
      expect(found.count).toBeGreaterThan(300);
      return { x: found.x / found.count, y: found.y / found.count };
    };
    expect(Math.abs(middleOf(upright).x - 150)).toBeLessThan(3);
    expect(middleOf(upright).y).toBeGreaterThan(140);
    expect(Math.abs(middleOf(turned).y - 130)).toBeLessThan(3);
    expect(middleOf(turned).x).toBeLessThan(140);
  });

  it('reads an emoji once for many frames', async () => {
    const annotator = new Annotator({ style: 'memes' });
    const [one, other] = [await annotator.annotate(grey(64, 64), [face(square(16, 16, 32))]), grey(64, 64)];
    expect((await annotator.annotate(other, [face(square(16, 16, 32))])).data).toEqual(one.data);
  });

  it('gives a copy where there is no face', async () => {
    const drawn = await annotatePixels(grey(5, 4), []);
    expect(drawn).toEqual({ width: 5, height: 4, channels: 3, data: new Uint8ClampedArray(60).fill(90) });
  });

  it.each([
    [{ style: 'hats' as 'memes' }, 'style hats'],
    [{ format: 'gif' as 'png' }, 'format gif'],
  ])('refuses %j', async (options, message) => {
    const error: { code: string; message: string } = await annotateImage(grey(8, 8), [], options).catch((e) => e);
    expect(error.code).toBe('BAD_OPTION');
    expect(error.message).toContain(message);
  });

  it('refuses pixels that are no image', async () => {
    const error = await annotatePixels({ width: 4, height: 4, channels: 3, data: new Uint8Array(5) }, []).catch(
      (e) => e,
    );
    expect(error.code).toBe('BAD_PIXELS');
  });
});

describe('annotateImage', () => {
  it.each(['png', 'jpeg', 'webp'] as const)('writes %s as large as the upright picture', async (format) => {
    const stored = await sharp(readFileSync(ASTRONAUT))
      .resize(300, 200)
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    const bytes = await annotateImage(stored, [face(square(50, 100, 80))], { format });
    const { format: written, width, height, orientation } = await sharp(bytes).metadata();
    expect([written, width, height, orientation]).toEqual([format, 200, 300, undefined]);
  });

  it('draws nothing but what it should', async () => {
    const before = await decodeImage(ASTRONAUT, 1e6);
    const after = await decodeImage(await annotateImage(ASTRONAUT, []), 1e6);
    expect(after.data).toEqual(before.data);
  });

  it('has its letters where the machine has no fonts', async () => {
    const script = `
      import { annotatePixels } from 'mememoji/annotate';
      const face = ${JSON.stringify(face(square(100, 80, 100)))};
      const image = { width: 320, height: 240, channels: 1, data: new Uint8Array(320 * 240) };
      const { data } = await annotatePixels(image, [face], { bars: true });
      console.log(Buffer.from(data).toString('base64'));`;
    const env = { ...process.env, FONTCONFIG_FILE: '/nowhere/fonts.conf', FONTCONFIG_PATH: '/nowhere' };
    const options = { env, cwd: fileURLToPath(new URL('..', import.meta.url)), maxBuffer: 1e7 };
    const args = ['--conditions=source', '--input-type=module', '-e', script];
    const { stdout } = await promisify(execFile)(process.execPath, args, options);
    const image: PixelImage = { width: 320, height: 240, channels: 1, data: new Uint8Array(320 * 240) };
    const here = await annotatePixels(image, [face(square(100, 80, 100))], { bars: true });
    expect(stdout.trim()).toBe(Buffer.from(here.data).toString('base64'));
  });
});
