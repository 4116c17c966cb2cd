import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import { frameFace } from '@mememoji/vision/framing';
import { similarityFromSquare } from '@mememoji/vision/geometry';
import type { PixelImage } from '@mememoji/vision/image';
import { cropGrey } from '@mememoji/vision/resample';
import type { Face } from '@mememoji/vision/result';
import { contextOf } from '../export/picture-file.ts';

/** Reads the pixels of pictures; one canvas serves all, as browsers free canvases late. */
export class PictureReader {
  readonly #canvas = document.createElement('canvas');

  read(picture: ImageBitmap | HTMLCanvasElement): PixelImage {
    const { width, height } = picture;
    if (this.#canvas.width !== width || this.#canvas.height !== height) Object.assign(this.#canvas, { width, height });
    const context = contextOf(this.#canvas);
    context.globalCompositeOperation = 'copy';
    context.drawImage(picture, 0, 0);
    return { width, height, channels: 4, data: context.getImageData(0, 0, width, height).data };
  }
}

/** A face as the classifier sees it: grey 0..255, cut out as the analyzer does. */
export function facePixels(
  image: PixelImage,
  face: Pick<Face, 'box' | 'landmarks'>,
  { input, framing }: ClassifierSpec,
): Float32Array {
  const { width, height } = input;
  const transform = similarityFromSquare(frameFace(face, framing), width);
  return cropGrey(image, transform, width, height, new Float32Array(width * height));
}
