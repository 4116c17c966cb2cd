import type { PixelImage } from '@mememoji/vision/image';
import { MememojiError } from '../error.ts';
import type { Frame, Handed } from './protocol.ts';

/**
 * Reads the pixels out of bitmaps and frames, and closes them. One canvas serves all pictures, since a browser frees
 * canvases late.
 */
export class PixelReader {
  readonly #canvas = new OffscreenCanvas(1, 1);
  readonly #maxPixels: number;

  /** @param maxPixels width times height above which a picture is refused before its pixels are read. */
  constructor(maxPixels: number) {
    this.#maxPixels = maxPixels;
  }

  /**
   * The pixels of a picture, RGBA in sRGB.
   * @throws MememojiError IMAGE_TOO_LARGE, RUNTIME_FAILED
   */
  read(frame: Frame): PixelImage {
    if ('data' in frame) return this.#checked(frame);
    try {
      return this.#draw(frame, this.#checked(sizeOf(frame)));
    } finally {
      frame.close();
    }
  }

  #draw(frame: Handed, { width, height }: Size): PixelImage {
    const canvas = this.#canvas;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    // Kept in memory, not on the graphics card, from which every picture would have to be fetched back.
    const context = canvas.getContext('2d', { willReadFrequently: true });
    if (context === null) throw new MememojiError('RUNTIME_FAILED', `no canvas of ${width}x${height} can be made`);
    context.globalCompositeOperation = 'copy';
    context.drawImage(frame, 0, 0);
    return { width, height, channels: 4, data: context.getImageData(0, 0, width, height).data };
  }

  #checked<Picture extends Size>(picture: Picture): Picture {
    if (picture.width * picture.height <= this.#maxPixels) return picture;
    const hint = `at most ${this.#maxPixels / 1e6} megapixels are read; raise maxPixels or shrink it`;
    throw new MememojiError('IMAGE_TOO_LARGE', 'the picture has too many pixels', hint);
  }
}

interface Size {
  width: number;
  height: number;
}

function sizeOf(frame: Handed): Size {
  return 'displayWidth' in frame ? { width: frame.displayWidth, height: frame.displayHeight } : frame;
}
