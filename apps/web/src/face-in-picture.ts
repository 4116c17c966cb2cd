import type { Face } from '@mememoji/vision/result';

/** A face, and the pixels in which it was found. */
export interface FaceInPicture {
  face: Face;
  /** Upright, of the size to which `face.box` refers. Whoever keeps it for later copies it. */
  picture: ImageBitmap | HTMLCanvasElement;
  /** Where it comes from: name of the file, or the page. */
  source: string;
}
