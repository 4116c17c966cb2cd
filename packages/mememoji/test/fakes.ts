/** Networks and pictures of which a test knows exactly what must come out. */
import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import type { PixelImage } from '@mememoji/vision/image';
import type { Session, Tensor } from 'mememoji/session';

const CELL = 4;

/** Side of the face that the fake detectors see around a bright cell, in pixels of their input. */
export const FACE_SIDE = 16;

/** How far right of the box's centre they see the left eye and left of it the right one, and how far above. */
export const EYE = { x: 4, y: 2 };

/** The numbers of an anchor that holds a face: its box is centred on the anchor, nose and mouth stand below. */
export const ANCHOR = [0, 0, FACE_SIDE, FACE_SIDE, -EYE.x, -EYE.y, EYE.x, -EYE.y, 0, 1, 0, 5, -7, -1, 7, -1];

export const SPEC: ClassifierSpec = {
  format: 1,
  name: 'tiny',
  version: '1.2.3',
  labels: ['happy', 'sad'],
  input: { name: 'face', width: 8, height: 8, range: [0, 255] },
  output: { name: 'scores' },
  normalisation: 'none',
  temperature: 2,
  uncertainBelow: 0.6,
  framing: { scale: 1, shiftY: 0, rotate: true },
  training: { run: 'none', seed: 0, epochs: 0, recipe: 'by hand', dataHash: '', date: '2025-01-01' },
  metrics: {},
};

/** Black with cells of one brightness: [column, row, value], in cells of 4x4 pixels. */
export function cellImage(
  width: number,
  height: number,
  cells: readonly (readonly [number, number, number])[],
): PixelImage {
  const data = new Uint8Array(width * height);
  for (const [column, row, value] of cells) {
    for (let y = row * CELL; y < (row + 1) * CELL; y++) {
      data.fill(value, y * width + column * CELL, y * width + (column + 1) * CELL);
    }
  }
  return { width, height, channels: 1, data };
}

/** A session that runs a function, counts runs and remembers its release. */
export class FakeSession implements Session {
  readonly inputNames: string[];
  readonly outputNames: string[];
  readonly batches: number[] = [];
  released = 0;
  readonly #compute: (input: Tensor) => Record<string, Tensor>;

  constructor(inputName: string, outputNames: string[], compute: (input: Tensor) => Record<string, Tensor>) {
    this.inputNames = [inputName];
    this.outputNames = outputNames;
    this.#compute = compute;
  }

  async run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    if (this.released > 0) throw new Error('run after release');
    const input = feeds[this.inputNames[0]!]!;
    this.batches.push(input.dims[0]!);
    // As with a real network, the answer comes later and other calls may start in between.
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (this.released > 0) throw new Error('released while it ran');
    return this.#compute(input);
  }

  async release(): Promise<void> {
    this.released++;
  }
}

/** Sees a face wherever a cell is brighter than middle grey; its score is the cell's brightness. */
export function fakeDetector(): FakeSession {
  return new FakeSession('image', ['reg', 'cls'], ({ data, dims }) => {
    const [, , height, width] = dims as [number, number, number, number];
    const anchors = (width / CELL) * (height / CELL);
    const cls = new Float32Array(anchors);
    for (let i = 0; i < anchors; i++) {
      const x = (i % (width / CELL)) * CELL + 1;
      const y = Math.floor(i / (width / CELL)) * CELL + 1;
      cls[i] = 8 * data[y * width + x]!;
    }
    const reg = Float32Array.from({ length: anchors * 16 }, (_, i) => ANCHOR[i % 16]!);
    return { reg: { data: reg, dims: [1, anchors, 16] }, cls: { data: cls, dims: [1, anchors, 1] } };
  });
}

/** Logits of a face: its mean brightness and 100. */
export function fakeClassifier(): FakeSession {
  return new FakeSession('face', ['scores'], ({ data, dims }) => {
    const count = dims[0]!;
    const size = data.length / count;
    const scores = new Float32Array(2 * count);
    for (let i = 0; i < count; i++) {
      scores[2 * i] = data.subarray(i * size, (i + 1) * size).reduce((a, b) => a + b) / size;
      scores[2 * i + 1] = 100;
    }
    return { scores: { data: scores, dims: [count, 2] } };
  });
}
