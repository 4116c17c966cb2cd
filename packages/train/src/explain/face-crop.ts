import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import { frameFace } from '@mememoji/vision/framing';
import { applySimilarity, type Similarity, similarityFromSquare } from '@mememoji/vision/geometry';
import type { PixelImage } from '@mememoji/vision/image';
import { cropGrey } from '@mememoji/vision/resample';
import type { Face } from '@mememoji/vision/result';

/** A face cut out of a photo: as the classifier is given it, and as a person wants to see it. */
export interface FaceCrop {
  /** Grey 0..255 of the size that the model wants. */
  pixels: Float32Array;
  /** The same square in the photo's colours, `side` x `side`, RGB. */
  photo: PixelImage;
}

/** Frames a face as the analyzer does. */
export function cropFace(
  image: PixelImage,
  face: Pick<Face, 'box' | 'landmarks'>,
  { input, framing }: ClassifierSpec,
  side = 512,
): FaceCrop {
  const square = frameFace(face, framing);
  const { width, height } = input;
  const pixels = cropGrey(image, similarityFromSquare(square, width), width, height, new Float32Array(width * height));
  return { pixels, photo: cropColour(image, similarityFromSquare(square, side), side) };
}

/** Each colour is cut out by itself, as if it were grey. */
function cropColour(image: PixelImage, cropToImage: Similarity, side: number): PixelImage {
  const data = new Uint8Array(side * side * 3);
  const part = partFor(image, cropToImage, side);
  for (let channel = 0; channel < 3; channel++) {
    const plane = planeOf(image, part, channel);
    const transform = { ...cropToImage, tx: cropToImage.tx - part.x, ty: cropToImage.ty - part.y };
    const cut = cropGrey(plane, transform, side, side, new Uint8ClampedArray(side * side));
    cut.forEach((value, i) => {
      data[i * 3 + channel] = value;
    });
  }
  return { width: side, height: side, channels: 3, data };
}

interface Part {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The part of the image that a crop lies in, with room to interpolate; at least one pixel, as the crop may lie outside. */
function partFor(image: PixelImage, cropToImage: Similarity, side: number): Part {
  const corners = [0, side].flatMap((x) => [0, side].map((y) => applySimilarity(cropToImage, { x, y })));
  const along = (values: number[], size: number): [from: number, count: number] => {
    const from = Math.min(Math.max(Math.floor(Math.min(...values)) - 2, 0), size - 1);
    const to = Math.max(Math.min(Math.ceil(Math.max(...values)) + 2, size), from + 1);
    return [from, to - from];
  };
  const [x, width] = along(
    corners.map((corner) => corner.x),
    image.width,
  );
  const [y, height] = along(
    corners.map((corner) => corner.y),
    image.height,
  );
  return { x, y, width, height };
}

/** One colour of a part of an image; transparent pixels stand on white. */
function planeOf({ width, channels, data }: PixelImage, part: Part, channel: number): PixelImage {
  const plane = new Uint8Array(part.width * part.height);
  const offset = channels === 1 ? 0 : channel;
  for (let i = 0; i < plane.length; i++) {
    const at = ((part.y + Math.floor(i / part.width)) * width + part.x + (i % part.width)) * channels;
    const value = data[at + offset]!;
    plane[i] = channels === 4 ? 255 + ((value - 255) * data[at + 3]!) / 255 : value;
  }
  return { width: part.width, height: part.height, channels: 1, data: plane };
}
