import type { PixelImage } from '@mememoji/vision/image';
import type { Box, Face } from '@mememoji/vision/result';
import { annotateImage } from 'mememoji/annotate';
import sharp, { type Sharp } from 'sharp';
import type { Pictures, Wishes } from './image-analyzer.ts';

/** Longest side of a thumbnail in pixels. */
const THUMBNAIL_SIDE = 256;
/** Kept images are trained on: nearly no loss, and colours at full size. */
const KEPT = { quality: 95, chromaSubsampling: '4:4:4' };

/** Makes what is wished for. The pictures carry no metadata. @param image upright */
export async function makePictures(image: PixelImage, faces: readonly Face[], wishes: Wishes): Promise<Pictures> {
  const { annotate, thumbnails, picture, keep } = wishes;
  return {
    annotated: annotate && plain(await annotateImage(image, faces, { style: annotate, format: 'jpeg' })),
    thumbnails: thumbnails ? await Promise.all(faces.map(({ box }) => cutThumbnail(image, box))) : undefined,
    picture: picture ? plain(await opaque(image).jpeg(KEPT).toBuffer()) : undefined,
    kept: keep ? plain(await opaque(image).jpeg(KEPT).toBuffer()) : undefined,
  };
}

/** The part of a box that lies in the image. */
async function cutThumbnail(image: PixelImage, box: Box): Promise<Uint8Array | undefined> {
  const left = Math.max(0, Math.floor(box.x));
  const top = Math.max(0, Math.floor(box.y));
  const width = Math.min(image.width, Math.ceil(box.x + box.width)) - left;
  const height = Math.min(image.height, Math.ceil(box.y + box.height)) - top;
  if (width < 1 || height < 1) return undefined;
  const size = { width: THUMBNAIL_SIDE, height: THUMBNAIL_SIDE };
  const face = opaque(image).extract({ left, top, width, height });
  return plain(
    await face
      .resize({ ...size, fit: 'inside', withoutEnlargement: true })
      .jpeg()
      .toBuffer(),
  );
}

/** Transparent pixels stand on white, as the analysis takes them. */
function opaque({ data, width, height, channels }: PixelImage): Sharp {
  return sharp(data, { raw: { width, height, channels } }).flatten({ background: 'white' }).toColourspace('srgb');
}

/** A Buffer may be a window into memory that others use; what goes to another thread must own its memory. */
function plain(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
