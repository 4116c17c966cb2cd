import type { Expression } from '@mememoji/vision/expression';
import type { Box, Face, Landmarks, Point } from '@mememoji/vision/result';
import { AppError } from '../app-error.ts';
import { canvasToBlob, createCanvas } from '../export/picture-file.ts';
import type { FaceInPicture } from '../face-in-picture.ts';
import { squareAround } from '../geometry.ts';

/** What a person said of a face, and what the program had read in it. */
export interface Correction {
  /** UUID. */
  id: string;
  /** When it was said, ISO 8601. */
  time: string;
  /** Name and version of the classifier that had read the face. */
  model: string;
  /** Name of the file, or the page that the face was seen on. */
  source: string;
  /** Size of that picture in pixels. */
  image: { width: number; height: number };
  /** The true expression, as the person sees it. */
  expression: Expression;
  /** The face as it was read, in pixels of its picture. */
  face: Face;
  /** The face cut out with its surroundings. */
  crop: FaceCrop;
  /** The server that has it too, and its id there; undefined if it stays on the device. */
  sent?: { server: string; id: string } | undefined;
}

/** A square piece of a picture, with where the face lies in it. */
export interface FaceCrop {
  /** PNG of `side` x `side` pixels; black where it reaches beyond the picture. */
  picture: Blob;
  side: number;
  box: Box;
  landmarks: Landmarks;
}

/** Side of the piece over the longer side of the face's box: any framing of a classifier lies within. */
const SURROUNDINGS = 2.2;
const LONGEST_SIDE = 256;

/** Cuts a face out of its picture, at most 256 pixels a side. */
export async function cutFace({ face, picture }: FaceInPicture): Promise<FaceCrop> {
  const square = squareAround(face.box, SURROUNDINGS);
  const side = Math.max(1, Math.min(LONGEST_SIDE, Math.round(square.width)));
  const [canvas, context] = createCanvas(side, side);
  context.imageSmoothingQuality = 'high';
  context.drawImage(picture, square.x, square.y, square.width, square.height, 0, 0, side, side);
  return { picture: await canvasToBlob(canvas), side, ...placeInCrop(face, square, side) };
}

/** Box and landmarks of a face, in pixels of its piece. */
export function placeInCrop({ box, landmarks }: Face, square: Box, side: number): Pick<FaceCrop, 'box' | 'landmarks'> {
  const scale = side / square.width;
  const move = ({ x, y }: Point): Point => ({ x: (x - square.x) * scale, y: (y - square.y) * scale });
  const { rightEye, leftEye, nose, mouth, rightEar, leftEar } = landmarks;
  return {
    box: { ...move(box), width: box.width * scale, height: box.height * scale },
    landmarks: {
      rightEye: move(rightEye),
      leftEye: move(leftEye),
      nose: move(nose),
      mouth: move(mouth),
      rightEar: move(rightEar),
      leftEar: move(leftEar),
    },
  };
}

/** What is told of a correction in a line of JSON: everything but the picture, which has the file name `picture`. */
export function describeCorrection({ crop, ...rest }: Correction): object {
  const { side, box, landmarks } = crop;
  return { ...rest, crop: { picture: cropName(rest), side, box, landmarks } };
}

/** Folders by expression, as `mememoji train` takes them. */
export function cropName({ id, expression }: Pick<Correction, 'id' | 'expression'>): string {
  return `${expression}/${id}.png`;
}

/** `crypto.randomUUID`, which browsers keep from pages that came over plain HTTP. */
export function createId(): string {
  if (crypto.randomUUID !== undefined) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const parts = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/.exec(hex);
  if (parts === null) throw new AppError('error.storage');
  return parts.slice(1).join('-');
}
