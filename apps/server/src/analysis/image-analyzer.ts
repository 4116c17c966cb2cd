import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import type { Analysis } from '@mememoji/vision/result';

/** Pictures to be made of an image besides reading its faces. */
export interface Wishes {
  /** The image with what was read drawn into it: boxes or emoji. */
  annotate?: 'boxes' | 'memes' | undefined;
  /** Each face cut out. */
  thumbnails?: boolean | undefined;
  /** The upright image without metadata, for the client. */
  picture?: boolean | undefined;
  /** The upright image without metadata, to be kept. */
  keep?: boolean | undefined;
}

/** Pictures that were wished for, as JPEG. */
export interface Pictures {
  annotated?: Uint8Array | undefined;
  /** One for each face; undefined for a face that lies outside the image. */
  thumbnails?: (Uint8Array | undefined)[] | undefined;
  picture?: Uint8Array | undefined;
  kept?: Uint8Array | undefined;
}

/** What an image gives. */
export interface Reading extends Analysis {
  /** Only where something was wished for. */
  pictures?: Pictures;
}

/** What the server reads expressions with: threads with networks, or a stand-in of a test. */
export interface ImageAnalyzer {
  /** What the classifier in use says of itself. */
  readonly spec: ClassifierSpec;
  /** Images that it takes at once. */
  readonly parallel: number;
  /**
   * The faces of an image file, and pictures of it. The bytes may be moved away: they must not be used afterwards.
   * @throws MememojiError as the library's `analyze`; ServerError `ANALYZER_FAILED`
   */
  analyze(image: Uint8Array, wishes?: Wishes): Promise<Reading>;
  /**
   * From now on reads with another classifier (path of an .onnx file; undefined: the shipped one). What is under way ends
   * with the old one, and no request is dropped. If the new one cannot be loaded, the old one stays and the error is thrown.
   */
  replaceModel(model: string | undefined): Promise<void>;
  close(): Promise<void>;
}
