import type { ClassifierSpec } from './classifier-spec.ts';
import type { FaceView } from './framing.ts';
import { similarityFromSquare } from './geometry.ts';
import type { PixelImage } from './image.ts';
import { cropGrey, mirrorRows } from './resample.ts';

/**
 * What a classifier is shown of an image's faces: float32 [views, height, width], grey 0..255, each view of the size that the
 * classifier wants.
 */
export function cropViews(
  image: PixelImage,
  views: readonly FaceView[],
  { width, height }: Pick<ClassifierSpec['input'], 'width' | 'height'>,
): Float32Array {
  const size = width * height;
  const crops = new Float32Array(views.length * size);
  views.forEach(({ square, mirrored }, i) => {
    const crop = crops.subarray(i * size, (i + 1) * size);
    cropGrey(image, similarityFromSquare(square, width), width, height, crop);
    if (mirrored) mirrorRows(crop, width);
  });
  return crops;
}
