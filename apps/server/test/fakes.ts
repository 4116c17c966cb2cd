/** An analyzer without networks, and pictures of which a test knows what must come out. */
import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import type { Expressions } from '@mememoji/vision/expression';
import type { Analysis, Box, Face } from '@mememoji/vision/result';
import { decodeImage } from 'mememoji/decode';
import sharp from 'sharp';
import type { ImageAnalyzer, Reading, Wishes } from '../src/analysis/image-analyzer.ts';
import { makePictures } from '../src/analysis/pictures.ts';

export const SPEC: ClassifierSpec = {
  format: 1,
  name: 'stand-in',
  version: '1.2.3',
  labels: ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'],
  input: { name: 'face', width: 40, height: 40, range: [0, 255] },
  output: { name: 'logits' },
  normalisation: 'none',
  temperature: 1,
  uncertainBelow: 0.5,
  framing: { scale: 1, shiftY: 0, rotate: true },
  training: { run: 'none', seed: 0, epochs: 0, recipe: 'by hand', dataHash: '', date: '2026-01-01' },
  metrics: { 'privateTest.accuracy': 0.5 },
};

/** What the stand-in reads in every face. Angry and disgust together are 0.3. */
export const EXPRESSIONS: Expressions = {
  angry: 0.1,
  disgust: 0.2,
  fear: 0.05,
  happy: 0.4,
  sad: 0.05,
  surprise: 0.1,
  neutral: 0.1,
};

/** A face in a box, eyes level. */
export function makeFace(id: number, box: Box): Face {
  const at = (x: number, y: number) => ({ x: box.x + x * box.width, y: box.y + y * box.height });
  const eyes = { rightEye: at(0.3, 0.4), leftEye: at(0.7, 0.4), rightEar: at(0, 0.4), leftEar: at(1, 0.4) };
  return {
    id,
    box,
    detection: 0.9,
    landmarks: { ...eyes, nose: at(0.5, 0.6), mouth: at(0.5, 0.8) },
    expressions: EXPRESSIONS,
    dominant: 'happy',
    confidence: 0.4,
    doubts: ['unclear'],
    uncertain: true,
  };
}

export interface StandIn extends ImageAnalyzer {
  /** Images analyzed so far. */
  readonly count: number;
  /** Until it is called, analyses that begin wait. @returns lets them all go on */
  hold(): () => void;
}

/**
 * Decodes pictures as the real analyzer does and sees one face for every 100 pixels of their width (none below), side by side,
 * each 60 pixels wide and 80 high.
 */
export function createStandIn({ parallel = 2, maxPixels = 50e6 } = {}): StandIn {
  let count = 0;
  let held: Promise<void> | undefined;
  return {
    spec: SPEC,
    parallel,
    get count() {
      return count;
    },
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      return () => {
        held = undefined;
        resolve();
      };
    },
    analyze: async (bytes: Uint8Array, wishes: Wishes = {}): Promise<Reading> => {
      await held;
      count++;
      const image = await decodeImage(bytes, maxPixels);
      const faces = Array.from({ length: Math.floor(image.width / 100) }, (_, i) =>
        makeFace(i, { x: 100 * i + 20, y: 10, width: 60, height: 80 }),
      );
      const size = { width: image.width, height: image.height };
      const analysis: Analysis = { model: 'stand-in 1.2.3', image: size, faces };
      return { ...analysis, pictures: await makePictures(image, faces, wishes) };
    },
    replaceModel: async () => {},
    close: async () => {},
  };
}

/** A JPEG with a number of faces, as the stand-in sees them, and metadata that must not be kept. */
export function picture(faces: number): Promise<Buffer> {
  const background = { r: 200, g: 120, b: 80 };
  const blank = sharp({ create: { width: Math.max(60, 100 * faces), height: 100, channels: 3, background } });
  return blank
    .withExif({ IFD0: { Copyright: 'somebody', ImageDescription: 'secret place' } })
    .jpeg()
    .toBuffer();
}
