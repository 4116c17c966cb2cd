import { VisionError } from './error.ts';

/** Decoded pixels: 8 bits a channel, interleaved, row by row from the top left. */
export interface PixelImage {
  width: number;
  height: number;
  /** 1 grey, 3 RGB, 4 RGBA. */
  channels: 1 | 3 | 4;
  /** `width * height * channels` bytes, 0..255. */
  data: Uint8Array | Uint8ClampedArray;
}

/** Throws `BAD_IMAGE` unless sizes are positive integers and the data has the length that they promise. */
export function checkImage(image: PixelImage): void {
  const { width, height, channels, data } = image;
  const valid = Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0;
  if (!valid || ![1, 3, 4].includes(channels)) {
    throw new VisionError('BAD_IMAGE', `an image of ${width}x${height} with ${channels} channels is not possible`);
  }
  if (data.length !== width * height * channels) {
    throw new VisionError(
      'BAD_IMAGE',
      `${data.length} bytes do not make an image of ${width}x${height}x${channels}`,
      `pass ${width * height * channels} bytes`,
    );
  }
}
