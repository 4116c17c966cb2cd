import type { Box } from '@mememoji/vision/result';

/** Decoded pixels, RGB, as each library gets them in Node; in the browser it is ImageData. */
export interface Pixels {
  width: number;
  height: number;
  data: Uint8Array;
}

/** A library that is measured, loaded and ready. Times are taken around these calls, so they do nothing else. */
export interface Side<Picture> {
  /** Finds the faces of a picture and reads their expressions; gives their boxes in pixels of the picture. */
  analyze(picture: Picture): Promise<Box[]>;
  /** Runs the expression net alone over as many random faces as {@link Side.prepare} made. */
  classify(): Promise<void>;
  /** Makes the input of `classify`: `batch` faces of the net's own size. */
  prepare(batch: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * `mememoji` looks at photos as it does by default, `mememoji-video` once, at 192 pixels, as at frames of a video;
 * `mememoji-large` and `mememoji-tiny` read faces with the other shipped classifiers.
 */
export const SIDES = [
  'mememoji',
  'mememoji-video',
  'mememoji-large',
  'mememoji-tiny',
  'human',
  'human-mesh',
  'human-default',
  'face-api',
] as const;

export type SideName = (typeof SIDES)[number];

/** How our own library is made on that side. */
export interface OwnOptions {
  detection: 'photo' | 'video';
  /** Name of the shipped classifier; the usual one if left out. */
  model?: 'mememoji-large' | 'mememoji-tiny';
}

/** Undefined for the sides of others. */
export function ownOptions(name: SideName): OwnOptions | undefined {
  if (name === 'mememoji') return { detection: 'photo' };
  if (name === 'mememoji-large' || name === 'mememoji-tiny') return { detection: 'photo', model: name };
  return name === 'mememoji-video' ? { detection: 'video' } : undefined;
}

/**
 * What is asked of @vladmandic/human, besides where its files are. `human` is the least that reads expressions of faces:
 * detector and emotion net. `human-mesh` has also the mesh and the turning of faces, as its documentation advises for
 * faces that are not upright. `human-default` leaves all that it does with faces as it comes. On all sides bodies, hands
 * and objects are off, and nothing may be taken from an earlier picture.
 */
export function humanConfig(name: SideName): object {
  const off = { enabled: false };
  return {
    backend: 'wasm',
    debug: false,
    async: false,
    warmup: 'none',
    cacheSensitivity: 0,
    skipAllowed: false,
    filter: off,
    gesture: off,
    body: off,
    hand: off,
    object: off,
    segmentation: off,
    face: { enabled: true, ...facePartsOf(name) },
  };
}

function facePartsOf(name: SideName): object {
  const detector = { maxDetected: 50, skipFrames: 0, skipTime: 0 };
  if (name === 'human-default') return { detector };
  const off = { enabled: false };
  const mesh = name === 'human-mesh';
  const others = { iris: off, description: off, antispoof: off, liveness: off };
  return { detector: { ...detector, rotation: mesh }, mesh: { enabled: mesh }, ...others, emotion: { enabled: true } };
}

/** The parts of a tensor of TensorFlow.js that are used. */
export interface Tensor {
  dispose(): void;
  data(): Promise<Float32Array>;
}

/** The parts of TensorFlow.js that are used in Node and in the browser. */
export interface TensorFlow {
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  randomUniform(shape: number[], from: number, to: number): Tensor;
  loadGraphModel(url: string): Promise<GraphModel>;
}

export interface GraphModel {
  inputs: { shape: number[] }[];
  execute(input: Tensor): Tensor;
}

/** The parts of @vladmandic/human that are used. */
export interface Human<Picture, Tf extends TensorFlow> {
  tf: Tf;
  load(): Promise<void>;
  detect(input: Picture): Promise<{ error?: string | null; face: { box: [number, number, number, number] }[] }>;
}

interface Net {
  loadFromUri(folder: string): Promise<void>;
  loadFromDisk(folder: string): Promise<void>;
}

/** The parts of @vladmandic/face-api that are used. */
export interface FaceApi {
  nets: { ssdMobilenetv1: Net; faceExpressionNet: Net & { forward(input: Tensor[]): Promise<Tensor> } };
  SsdMobilenetv1Options: new (options: { minConfidence: number; maxResults: number }) => object;
  detectAllFaces(input: Tensor, options: object): { withFaceExpressions(): Promise<{ detection: { box: Box } }[]> };
}

/** What both do alike in Node and in the browser: run the expression net of human over random faces. */
export async function classifyWithHuman(
  tf: TensorFlow,
  url: string,
): Promise<Pick<Side<never>, 'prepare' | 'classify'>> {
  const emotion = await tf.loadGraphModel(url);
  const shapeOf = (batch: number): number[] => [batch, ...emotion.inputs[0]!.shape.slice(1)];
  let faces = tf.randomUniform(shapeOf(1), 0, 1);
  return {
    prepare: async (batch) => {
      faces.dispose();
      faces = tf.randomUniform(shapeOf(batch), 0, 1);
    },
    classify: async () => {
      const output = emotion.execute(faces);
      await output.data();
      output.dispose();
    },
  };
}

/** The same for face-api, whose net takes a list of faces of 112 pixels. */
export function classifyWithFaceApi(tf: TensorFlow, { nets }: FaceApi): Pick<Side<never>, 'prepare' | 'classify'> {
  let faces: Tensor[] = [];
  return {
    prepare: async (batch) => {
      for (const face of faces) face.dispose();
      faces = Array.from({ length: batch }, () => tf.randomUniform([112, 112, 3], 0, 255));
    },
    classify: async () => {
      const output = await nets.faceExpressionNet.forward(faces);
      await output.data();
      output.dispose();
    },
  };
}

/** Finds faces with face-api; the box of each in pixels. */
export async function findWithFaceApi(faceapi: FaceApi, input: Tensor): Promise<Box[]> {
  const options = new faceapi.SsdMobilenetv1Options({ minConfidence: FACE_API_SCORE, maxResults: 50 });
  const found = await faceapi.detectAllFaces(input, options).withFaceExpressions();
  return found.map(({ detection: { box } }) => ({ x: box.x, y: box.y, width: box.width, height: box.height }));
}

/** Finds faces with human; the box of each in pixels. */
export async function findWithHuman<Picture>(human: Human<Picture, TensorFlow>, input: Picture): Promise<Box[]> {
  const { error, face } = await human.detect(input);
  if (error !== undefined && error !== null) throw new Error(`human: ${error}`);
  return face.map(({ box: [x, y, width, height] }) => ({ x, y, width, height }));
}

/** Where the files of the peers lie below the folder into which they were installed. */
export const PEER_FILES = {
  human: 'node_modules/@vladmandic/human/',
  faceApi: 'node_modules/@vladmandic/face-api/',
  wasm: 'node_modules/@tensorflow/tfjs-backend-wasm/dist/',
} as const;

/** Score at which face-api takes something for a face: its own default. */
const FACE_API_SCORE = 0.5;
