/** Faces that every engine must see alike: the same pixels, made by sharp once, analyzed everywhere. */
import { join } from 'node:path';
import type { PixelImage } from '@mememoji/vision/image';
import type { Analysis, Face } from '@mememoji/vision/result';
import sharp, { type Sharp } from 'sharp';
import { expect } from 'vitest';
import { FIXTURES } from './pictures.ts';

export interface Golden {
  name: string;
  image: PixelImage;
}

const photo = (): Sharp => sharp(join(FIXTURES, 'astronaut.png'));
/** The head and shoulders, so that software WebGPU has not too much to do. */
const head = (): Sharp => photo().extract({ left: 112, top: 8, width: 224, height: 224 });
const dim = (image: Sharp): Sharp => image.linear(0.35, 4);

/** @param large also the whole photo, 512x512. */
export async function goldenFaces({ large }: { large: boolean }): Promise<Golden[]> {
  const pictures: [string, Sharp][] = [
    ['a face', head()],
    ['mirrored', head().flop()],
    ['turned by 20 degrees', head().rotate(20, { background: 'grey' })],
    ['dark', dim(head())],
    ['small', head().resize(96)],
    ['half transparent', head().ensureAlpha(0.6)],
    ['without a face', photo().extract({ left: 0, top: 200, width: 120, height: 96 })],
  ];
  if (large) pictures.push(['a whole photo', photo()]);
  return Promise.all(pictures.map(async ([name, picture]) => ({ name, image: await toPixels(picture) })));
}

async function toPixels(picture: Sharp): Promise<PixelImage> {
  const { data, info } = await picture.ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, channels: 4, data };
}

/** How far two engines may lie apart: pixels of a place, and probabilities. */
export interface Tolerance {
  pixels: number;
  probability: number;
}

export function expectSameAnalysis(seen: Analysis, expected: Analysis, tolerance: Tolerance): void {
  expect({ ...seen, faces: seen.faces.length }).toEqual({ ...expected, faces: expected.faces.length });
  for (const [i, face] of seen.faces.entries()) expectSameFace(face, expected.faces[i]!, tolerance);
}

function expectSameFace(seen: Face, expected: Face, { pixels, probability }: Tolerance): void {
  const words = ({ id, dominant, doubts, uncertain }: Face) => ({ id, dominant, doubts, uncertain });
  expect(words(seen)).toEqual(words(expected));
  const places = ({ box, landmarks }: Face) => [
    ...Object.values(box),
    ...Object.values(landmarks).flatMap(({ x, y }) => [x, y]),
  ];
  const shares = ({ detection, confidence, expressions }: Face) => [
    detection,
    confidence,
    ...Object.values(expressions),
  ];
  expect(distance(places(seen), places(expected))).toBeLessThan(pixels);
  expect(distance(shares(seen), shares(expected))).toBeLessThan(probability);
}

function distance(a: readonly number[], b: readonly number[]): number {
  expect(a.length).toBe(b.length);
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));
}
