import { mkdir } from 'node:fs/promises';
import { join, parse } from 'node:path';
import type { Expressions } from '@mememoji/vision/expression';
import type { PixelImage } from '@mememoji/vision/image';
import type { Face } from '@mememoji/vision/result';
import { type AnnotationFormat, type AnnotationStyle, Annotator, annotateImage } from 'mememoji/annotate';
import type { VideoInfo, VideoOptions } from 'mememoji/video';
import { scaleFace } from 'mememoji/video/scale-face';
import type { SixFace } from '../entry.ts';
import { type Input, STANDARD_INPUT } from '../inputs.ts';
import { refuseOutput, writeFileWhole } from '../whole-files.ts';
import { type Encoder, findEncoder } from './encoder.ts';
import { VideoWriter } from './video-writer.ts';

export interface AnnotationOptions {
  folder: string;
  style: AnnotationStyle;
  /** The program and what it can write. */
  ffmpeg: string;
}

type VideoPart = Pick<VideoOptions, 'every' | 'fps' | 'from' | 'to'>;

/**
 * Writes pictures and videos with what was read in their faces into a folder: as a JPEG stays a JPEG and a WebP a WebP,
 * all other pictures become PNG, and videos MP4, or WebM where ffmpeg cannot write H.264.
 */
export class Annotations {
  readonly #options: AnnotationOptions;
  readonly #names: ReadonlyMap<Input, string>;
  #encoder: Promise<Encoder> | undefined;

  private constructor(options: AnnotationOptions, names: ReadonlyMap<Input, string>) {
    this.#options = options;
    this.#names = names;
  }

  /**
   * Makes the folder.
   * @param inputs all of them, so that each gets the same name in every run
   * @throws CliError `BAD_OUTPUT`
   */
  static async create(options: AnnotationOptions, inputs: readonly Input[]): Promise<Annotations> {
    const { folder } = options;
    await mkdir(folder, { recursive: true }).catch((cause: unknown) => refuseOutput(folder, cause));
    return new Annotations(options, uniqueNames(inputs));
  }

  /** @throws CliError `BAD_OUTPUT` */
  async writePicture(input: Input, source: string | Uint8Array, faces: readonly (Face | SixFace)[]): Promise<void> {
    const { style } = this.#options;
    const { format, extension } = formatOf(input.path);
    const bytes = await annotateImage(source, faces.map(toSeven), { style, bars: true, format });
    await writeFileWhole(this.#place(input, extension), [bytes]);
  }

  /** @throws CliError `NO_ENCODER`, `BAD_OUTPUT` */
  async openVideo(input: Input, info: VideoInfo, part: VideoPart): Promise<VideoDrawing> {
    this.#encoder ??= findEncoder(this.#options.ffmpeg);
    const encoder = await this.#encoder;
    const sound = input.path === STANDARD_INPUT || input.kind === 'video' ? undefined : input.path;
    const file = this.#place(input, encoder.extension);
    return new VideoDrawing(
      new Annotator({ style: this.#options.style, bars: true }),
      new VideoWriter(file, encoder, { rate: rateOf(info, part), sound, from: part.from, to: part.to }),
      info,
    );
  }

  #place(input: Input, extension: string): string {
    return join(this.#options.folder, `${this.#names.get(input) ?? 'unnamed'}.${extension}`);
  }
}

/** One video that is being annotated. */
export class VideoDrawing {
  readonly #annotator: Annotator;
  readonly #writer: VideoWriter;
  readonly #width: number;

  constructor(annotator: Annotator, writer: VideoWriter, { width }: VideoInfo) {
    this.#annotator = annotator;
    this.#writer = writer;
    this.#width = width;
  }

  /** @param image perhaps smaller than the video, in whose pixels the faces are */
  async write(image: PixelImage, timestamp: number, faces: readonly (Face | SixFace)[]): Promise<void> {
    const scaled = faces.map((face) => scaleFace(toSeven(face), image.width / this.#width));
    await this.#writer.write(await this.#annotator.annotate(image, scaled), timestamp);
  }

  /** Puts the file in its place. */
  async finish(): Promise<void> {
    await this.#writer.finish();
  }

  /** Ends the encoder; without `finish` nothing is left. */
  async close(): Promise<void> {
    await this.#writer.close();
  }
}

/** What is drawn takes seven expressions; with six of them disgust has gone into angry. */
function toSeven(face: Face | SixFace): Face {
  const expressions: Expressions = { disgust: 0, ...face.expressions };
  return { ...face, expressions };
}

function formatOf(path: string): { format: AnnotationFormat; extension: string } {
  const extension = parse(path).ext.toLowerCase();
  if (extension === '.jpg' || extension === '.jpeg') return { format: 'jpeg', extension: extension.slice(1) };
  return extension === '.webp' ? { format: 'webp', extension: 'webp' } : { format: 'png', extension: 'png' };
}

/** Frames a second of what is written: as many as are analyzed. */
function rateOf({ frameRate = 25 }: VideoInfo, { every = 1, fps }: VideoPart): number {
  return Math.min(frameRate / every, fps ?? Number.POSITIVE_INFINITY);
}

/** Names without extension, no two alike, also where upper and lower case are one. */
function uniqueNames(inputs: readonly Input[]): Map<Input, string> {
  const taken = new Set<string>();
  return new Map(
    inputs.map((input) => {
      const plain = input.path === STANDARD_INPUT ? 'stdin' : parse(input.path).name;
      let name = plain;
      for (let i = 2; taken.has(name.toLowerCase()); i++) name = `${plain}-${i}`;
      taken.add(name.toLowerCase());
      return [input, name];
    }),
  );
}
