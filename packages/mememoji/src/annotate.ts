/** Pictures with what was read in their faces: boxes with labels and bars, or the emoji of the original Mememoji. Node only. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { checkImage, type PixelImage } from '@mememoji/vision/image';
import { memeName, memeOf, memePlacement } from '@mememoji/vision/meme';
import { EXPRESSION_COLOURS, parseColour, type Rgb, textColourOn } from '@mememoji/vision/palette';
import type { Face } from '@mememoji/vision/result';
import sharp, { type Sharp } from 'sharp';
import { type Bars, type FaceLayout, type Label, layoutFaces } from './annotate-layout.ts';
import { drawText, fillBox, type Raster, strokeBox, toRaster } from './annotate-raster.ts';
import { createSprite, drawSprite, type Sprite } from './annotate-sprite.ts';
import { decodeImage } from './decode.ts';
import { MememojiError } from './error.ts';
import type { ImageSource } from './node.ts';

export const ANNOTATION_STYLES = ['boxes', 'memes'] as const;

export const ANNOTATION_FORMATS = ['png', 'jpeg', 'webp'] as const;

export type AnnotationStyle = (typeof ANNOTATION_STYLES)[number];

export type AnnotationFormat = (typeof ANNOTATION_FORMATS)[number];

export interface DrawingOptions {
  /** `boxes` (default): outline and label of each face. `memes`: an emoji over it. */
  style?: AnnotationStyle | undefined;
  /** With `boxes`: also a bar for each expression, always in the same order; false if left out. */
  bars?: boolean | undefined;
}

export interface AnnotateOptions extends DrawingOptions {
  /** Of the picture that is made; `png` if left out. */
  format?: AnnotationFormat | undefined;
  /** Pictures with more pixels are refused; 100 million if left out. */
  maxPixels?: number | undefined;
}

const BLACK: Rgb = [0, 0, 0];
const WHITE: Rgb = [255, 255, 255];
const PLATE_OPACITY = 0.6;
/** Where the pictures of the emoji lie, seen from this file, in the repository and in the published package. */
const MEMES = new URL('../memes/', import.meta.url);

/**
 * Draws what was read in the faces of a picture into it.
 * @param source the picture; its own pixels stay as they are
 * @param faces as `analyze` gave them for the same picture
 * @returns the file of a picture as large as the upright one
 * @throws MememojiError as `decodeImage`, `BAD_PIXELS` and `BAD_OPTION`
 */
export async function annotateImage(
  source: ImageSource,
  faces: readonly Face[],
  options: AnnotateOptions = {},
): Promise<Uint8Array> {
  const { format = 'png', maxPixels = 100e6 } = options;
  checkOption('format', format, ANNOTATION_FORMATS);
  const encoded = typeof source === 'string' || source instanceof Uint8Array;
  const image = encoded ? await decodeImage(source, maxPixels) : source;
  const { width, height, data } = await annotatePixels(image, faces, options);
  return encode(sharp(data, { raw: { width, height, channels: 3 } }), format).toBuffer();
}

/** The same for decoded pixels. For many, such as the frames of a video, make one {@link Annotator}. */
export async function annotatePixels(
  image: PixelImage,
  faces: readonly Face[],
  options: DrawingOptions = {},
): Promise<PixelImage> {
  return new Annotator(options).annotate(image, faces);
}

/** Annotates picture after picture, and keeps the emoji that it has read. */
export class Annotator {
  readonly #style: AnnotationStyle;
  readonly #bars: boolean;
  readonly #sprites = new Map<string, Promise<Sprite>>();

  /** @throws MememojiError `BAD_OPTION` */
  constructor({ style = 'boxes', bars = false }: DrawingOptions = {}) {
    checkOption('style', style, ANNOTATION_STYLES);
    this.#style = style;
    this.#bars = bars;
  }

  /**
   * @param image upright, grey, RGB or RGBA; it is not changed
   * @returns a new image of RGB; transparent pixels stand on white
   * @throws MememojiError `BAD_PIXELS`
   */
  async annotate(image: PixelImage, faces: readonly Face[]): Promise<PixelImage> {
    checkPixels(image);
    const raster = toRaster(image);
    if (this.#style === 'memes') await this.#drawMemes(raster, faces);
    else drawBoxes(raster, layoutFaces(image, faces, this.#bars));
    return raster;
  }

  /** Large faces, which are nearer, lie over small ones. */
  async #drawMemes(raster: Raster, faces: readonly Face[]): Promise<void> {
    const placed = faces.map((face) => ({ name: memeName(memeOf(face.expressions)), ...memePlacement(face) }));
    for (const { name, center, size, angle } of placed.sort((a, b) => a.size - b.size)) {
      drawSprite(raster, await this.#sprite(name), { centre: center, side: size, angle });
    }
  }

  #sprite(name: string): Promise<Sprite> {
    const known = this.#sprites.get(name);
    if (known !== undefined) return known;
    const sprite = readMeme(name);
    this.#sprites.set(name, sprite);
    return sprite;
  }
}

async function readMeme(name: string): Promise<Sprite> {
  const png = await readFile(fileURLToPath(new URL(`${name}.png`, MEMES)));
  const { data, info } = await sharp(png)
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return createSprite(data, info.width);
}

function drawBoxes(raster: Raster, layouts: readonly FaceLayout[]): void {
  for (const { face, line } of layouts) drawOutline(raster, face, line);
  for (const { bars } of layouts) if (bars !== undefined) drawBars(raster, bars);
  for (const { face, label } of layouts) drawLabel(raster, face, label);
}

/** In the colour of the expression within a black edge, so that it shows on any ground; dashed where the model is not sure. */
function drawOutline(raster: Raster, { box, dominant, uncertain }: Face, line: number): void {
  const dash = uncertain ? 4 * line : undefined;
  strokeBox(raster, box, 1.8 * line, BLACK, dash);
  strokeBox(raster, box, line, parseColour(EXPRESSION_COLOURS[dominant]), dash);
}

function drawLabel(raster: Raster, { dominant, uncertain }: Face, { text, box, baseline, size }: Label): void {
  const colour = EXPRESSION_COLOURS[dominant];
  fillBox(raster, box, uncertain ? BLACK : parseColour(colour), uncertain ? PLATE_OPACITY : 1);
  const ink = uncertain ? WHITE : parseColour(textColourOn(colour));
  drawText(raster, text, baseline, size, ink);
}

function drawBars(raster: Raster, { box, size, bars }: Bars): void {
  fillBox(raster, box, BLACK, PLATE_OPACITY);
  for (const { expression, name, track, filled } of bars) {
    if (size !== undefined) drawText(raster, expression, name, size, WHITE);
    fillBox(raster, track, WHITE, 0.15);
    fillBox(raster, filled, parseColour(EXPRESSION_COLOURS[expression]));
  }
}

function encode(picture: Sharp, format: AnnotationFormat): Sharp {
  switch (format) {
    case 'png':
      return picture.png({ compressionLevel: 6 });
    case 'jpeg':
      // Thin coloured lines lose their colour where it is stored at half the size.
      return picture.jpeg({ quality: 90, chromaSubsampling: '4:4:4' });
    case 'webp':
      return picture.webp({ quality: 90 });
  }
}

function checkOption(name: string, value: string, known: readonly string[]): void {
  if (known.includes(value)) return;
  throw new MememojiError('BAD_OPTION', `${name} ${value} is not possible`, `it must be one of ${known.join(', ')}`);
}

function checkPixels(image: PixelImage): void {
  try {
    checkImage(image);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MememojiError('BAD_PIXELS', reason, 'pass { width, height, channels: 1 | 3 | 4, data }', { cause });
  }
}
