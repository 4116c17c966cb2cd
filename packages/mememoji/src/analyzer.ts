import type { Detection } from '@mememoji/vision/blaze-face';
import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import { findDoubts } from '@mememoji/vision/doubts';
import { type Expressions, rankExpressions } from '@mememoji/vision/expression';
import { cropViews } from '@mememoji/vision/face-crops';
import { type FaceView, frameFace, frameTwice } from '@mememoji/vision/framing';
import { checkImage, type PixelImage } from '@mememoji/vision/image';
import type { Analysis, Face } from '@mememoji/vision/result';
import { classifyFaces } from './classifier.ts';
import { DETECTION_PLANS, type DetectionMode, type DetectionOptions, detectFaces } from './detector.ts';
import { MememojiError } from './error.ts';
import type { Session } from './session.ts';

/** What an analyzer is made of. It owns the sessions and releases them when it is closed. */
export interface AnalyzerParts<Source> {
  detector: Session;
  classifier: Session;
  /** The description that the classifier's file carries. */
  spec: ClassifierSpec;
  detection: DetectionOptions;
  /** Makes upright pixels of whatever the platform takes for an image. */
  decode: (source: Source) => Promise<PixelImage>;
}

/** What may be different for one call. */
export interface AnalyzeOptions {
  /** How the faces are looked for; as the analyzer was made for if left out. */
  detection?: DetectionMode | undefined;
}

/**
 * Finds the faces of an image and reads their expressions. Knows no platform: what decodes an image and what runs a
 * network is passed in. Calls may overlap; each works on its own data.
 */
export class Analyzer<Source> {
  readonly #parts: AnalyzerParts<Source>;
  readonly #running = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  constructor(parts: AnalyzerParts<Source>) {
    this.#parts = parts;
  }

  /** What the classifier's file says of itself. */
  get spec(): ClassifierSpec {
    return this.#parts.spec;
  }

  /**
   * The faces of an image with their expressions, from left to right.
   * @throws MememojiError when the image cannot be read, or after `close`.
   */
  analyze(source: Source, options: AnalyzeOptions = {}): Promise<Analysis> {
    return this.#run(async () => {
      const image = await this.#decode(source);
      const detection = this.#detection(options);
      const detections = await detectFaces(this.#parts.detector, image, detection);
      const { views = 1 } = detection;
      const size = this.spec.input.width * this.spec.input.height;
      const looks = detections.flatMap((face) => viewsOf(face, this.spec, views));
      const crops = cropViews(image, looks, this.spec.input);
      const expressions = await classifyFaces(this.#parts.classifier, this.spec, crops, views);
      return {
        model: `${this.spec.name} ${this.spec.version}`,
        image: { width: image.width, height: image.height },
        faces: detections.map((face, id) => {
          const first = crops.subarray(id * views * size, (id * views + 1) * size);
          return toFace(id, face, expressions[id]!, first, this.spec);
        }),
      };
    });
  }

  /** Only finds the faces, from left to right. */
  detect(source: Source): Promise<Detection[]> {
    return this.#run(async () => detectFaces(this.#parts.detector, await this.#decode(source), this.#parts.detection));
  }

  /**
   * Reads the expressions of faces that are cut out already.
   * @param pixels grey 0..255, any number of faces of `spec.input` size one after the other, each row by row.
   */
  classify(pixels: Uint8Array | Uint8ClampedArray | Float32Array): Promise<Expressions[]> {
    return this.#run(async () => {
      const { width, height } = this.spec.input;
      if (pixels.length % (width * height) !== 0) {
        throw new MememojiError('BAD_PIXELS', `${pixels.length} pixels are no number of faces of ${width}x${height}`);
      }
      return classifyFaces(this.#parts.classifier, this.spec, pixels);
    });
  }

  /** Runs both networks once, so that the first picture does not pay for what is done only once. */
  warmup(): Promise<void> {
    return this.#run(async () => {
      const { width, height } = this.spec.input;
      const { views = 1 } = this.#parts.detection;
      const image: PixelImage = { width: 4, height: 3, channels: 1, data: new Uint8Array(12) };
      await detectFaces(this.#parts.detector, image, this.#parts.detection);
      await classifyFaces(this.#parts.classifier, this.spec, new Uint8Array(views * width * height), views);
    });
  }

  /** Lets calls that are under way end, then releases both networks. Further calls are refused; closing twice is harmless. */
  close(): Promise<void> {
    this.#closing ??= this.#release();
    return this.#closing;
  }

  async #release(): Promise<void> {
    await Promise.allSettled(this.#running);
    await Promise.all([this.#parts.detector.release(), this.#parts.classifier.release()]);
  }

  async #run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#closing) throw new MememojiError('CLOSED', 'the analyzer is closed', 'create a new one');
    const result = work();
    this.#running.add(result);
    try {
      return await result;
    } finally {
      this.#running.delete(result);
    }
  }

  #detection({ detection }: AnalyzeOptions): DetectionOptions {
    if (detection === undefined) return this.#parts.detection;
    return { ...DETECTION_PLANS[detection], minDetection: this.#parts.detection.minDetection };
  }

  async #decode(source: Source): Promise<PixelImage> {
    const image = await this.#parts.decode(source);
    try {
      checkImage(image);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new MememojiError('BAD_PIXELS', reason, 'pass { width, height, channels: 1 | 3 | 4, data }', { cause });
    }
    return image;
  }
}

/** The views of a face that the classifier is asked about, the levelled one first. */
function viewsOf(face: Detection, { framing }: ClassifierSpec, count: 1 | 2): FaceView[] {
  return count === 2 ? frameTwice(face, framing) : [{ square: frameFace(face, framing), mirrored: false }];
}

/** @param data the face as the classifier saw it first. */
function toFace(
  id: number,
  { box, score, landmarks }: Detection,
  expressions: Expressions,
  data: Float32Array,
  { input: { width, height }, uncertainBelow }: ClassifierSpec,
): Face {
  const [dominant, confidence] = rankExpressions(expressions)[0]!;
  const doubts = findDoubts({ box, landmarks, confidence }, { width, height, data }, uncertainBelow);
  return {
    id,
    box,
    detection: score,
    landmarks,
    expressions,
    dominant,
    confidence,
    doubts,
    uncertain: doubts.length > 0,
  };
}
