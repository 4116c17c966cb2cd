import { encodeModel } from '@mememoji/graph/codec';
import type { Session, SessionFactory } from '@mememoji/graph/session';
import { replaceWeights } from '@mememoji/graph/stored-weights';
import { float32, sizeOf } from '@mememoji/graph/tensor';
import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import type { Expression } from '@mememoji/vision/expression';
import { softmax } from '@mememoji/vision/metrics/predictions';
import { type Example, holdOutLast } from './examples.ts';
import { decodeMemory, type Memory } from './memory.ts';
import { encodeDescribed, type SplitModel, splitModel } from './split-model.ts';
import { type TuningOptions, tuneHead } from './tune.ts';

/** How the examples of one person were read. */
export interface Reading {
  /** Share that is read as the person says, 0..1. */
  accuracy: number;
  /** Calibrated probabilities [count, labels]. */
  probabilities: Float32Array;
}

/** What came of a lesson. */
export interface Lesson {
  /** The taught model, an ONNX file that describes itself. */
  model: Uint8Array;
  spec: ClassifierSpec;
  /** Numbers of examples by expression. */
  taught: Partial<Record<Expression, number>>;
  /** How the examples that were kept for checking are read, before and after; undefined where there are none. */
  heldOut: { count: number; before: number; after: number } | undefined;
  /** Share of the memory's rows that are still read as before, 0..1; undefined without a memory. */
  remembered: number | undefined;
}

/** Key of the metadata entry that a taught model carries beside its description. */
export const TAUGHT_KEY = 'mememoji.taught';

/**
 * Teaches the last layers of one model. Knows no platform: it is given bytes and something that makes sessions. What the
 * frozen part makes of a face is computed once; a lesson works on that. Close it after use.
 */
export class Tutor {
  readonly split: SplitModel;
  readonly #createSession: SessionFactory;
  readonly #frozen: Session;
  readonly #memory: Memory | undefined;

  private constructor(split: SplitModel, createSession: SessionFactory, frozen: Session, memory: Memory | undefined) {
    this.split = split;
    this.#createSession = createSession;
    this.#frozen = frozen;
    this.#memory = memory;
  }

  /**
   * @param bytes of a model file that describes itself
   * @param memory bytes of its memory file; without one a lesson makes the model forget much of what it knew
   * @throws TrainError `BAD_MODEL`, GraphError, VisionError as `splitModel` and `decodeMemory` do
   */
  static async open(bytes: Uint8Array, memory: Uint8Array | undefined, createSession: SessionFactory): Promise<Tutor> {
    const split = splitModel(bytes);
    const rows = memory && decodeMemory(split, memory);
    const remembered = rows && (await remember(split, rows, createSession));
    return new Tutor(split, createSession, await createSession(encodeModel(split.frozen)), remembered);
  }

  /**
   * The features of some faces, [count, ...].
   * @param pixels grey 0..255, faces of the size that the model wants, one after the other
   */
  async features(pixels: Float32Array): Promise<Float32Array> {
    const { name, width, height, range } = this.split.spec.input;
    const [low, high] = range;
    const shape = [pixels.length / (width * height), 1, height, width];
    const feed = float32(
      shape,
      pixels.map((value) => low + ((high - low) * value) / 255),
    );
    const results = await this.#frozen.run({ [name]: feed });
    return Float32Array.from(results[this.split.features.name]!.data, Number);
  }

  /** How the model as it is reads some examples. */
  read(examples: readonly Example[]): Promise<Reading> {
    return readWith(this.split.head, this.split, examples, this.#createSession);
  }

  /**
   * Teaches the examples, but for those of the last stretch of time of each label, which are for checking.
   * @param when the day, for the model's own record
   * @throws TrainError `EMPTY_SELECTION`, `DIVERGED`; the signal's reason
   */
  async teach(examples: readonly Example[], when: Date, options: Omit<TuningOptions, 'memory'> = {}): Promise<Lesson> {
    const { taught, heldOut } = holdOutLast(examples);
    const memory = this.#memory && { memory: this.#memory };
    const weights = await tuneHead(this.split, taught, this.#createSession, { ...options, ...memory });
    const model = replaceWeights(this.split.model, weights);
    const head = replaceWeights(this.split.head, weights);
    const checked = await this.#check(head, heldOut);
    const remembered = this.#memory && (await this.#agreement(head, this.#memory));
    const counts = this.#count(taught);
    const spec = describeTaught(this.split.spec, when);
    const record = { date: when.toISOString().slice(0, 10), taught: counts, heldOut: checked, remembered };
    const bytes = encodeDescribed(model, spec, { [TAUGHT_KEY]: JSON.stringify(record) });
    return { model: bytes, spec, taught: counts, heldOut: checked, remembered };
  }

  close(): Promise<void> {
    return this.#frozen.close();
  }

  async #check(head: SplitModel['head'], heldOut: readonly Example[]): Promise<Lesson['heldOut']> {
    if (heldOut.length === 0) return undefined;
    const before = await this.read(heldOut);
    const after = await readWith(head, this.split, heldOut, this.#createSession);
    return { count: heldOut.length, before: before.accuracy, after: after.accuracy };
  }

  async #agreement(head: SplitModel['head'], { features, logits, count }: Memory): Promise<number> {
    const classes = this.split.spec.labels.length;
    const now = await runHead(head, this.split, features, this.#createSession);
    const same = Array.from(
      { length: count },
      (_, row) => likeliest(now, row, classes) === likeliest(logits, row, classes),
    );
    return same.filter(Boolean).length / count;
  }

  #count(examples: readonly Example[]): Lesson['taught'] {
    const byLabel = Map.groupBy(examples, ({ label }) => this.split.spec.labels[label]!);
    return Object.fromEntries([...byLabel].map(([name, some]) => [name, some.length]));
  }
}

/** The published numbers are no longer those of this model; that it was taught shows in its version. */
function describeTaught(spec: ClassifierSpec, when: Date): ClassifierSpec {
  const version = `${spec.version.replace(/\+taught.*$/, '')}+taught.${when.toISOString().slice(0, 10)}`;
  return { ...spec, version, metrics: {} };
}

async function remember(split: SplitModel, features: Float32Array, createSession: SessionFactory): Promise<Memory> {
  const count = features.length / sizeOf(split.features.shape);
  return { features, logits: await runHead(split.head, split, features, createSession), count };
}

async function readWith(
  head: SplitModel['head'],
  split: SplitModel,
  examples: readonly Example[],
  createSession: SessionFactory,
): Promise<Reading> {
  const { labels, temperature } = split.spec;
  const size = sizeOf(split.features.shape);
  const features = new Float32Array(examples.length * size);
  examples.forEach((example, row) => {
    features.set(example.features, row * size);
  });
  const logits = await runHead(head, split, features, createSession);
  const right = examples.filter(({ label }, row) => likeliest(logits, row, labels.length) === label);
  return { accuracy: right.length / examples.length, probabilities: softmax(logits, labels.length, temperature) };
}

/** Logits of rows of features. */
async function runHead(
  head: SplitModel['head'],
  { features: { name, shape }, spec }: SplitModel,
  features: Float32Array,
  createSession: SessionFactory,
): Promise<Float32Array> {
  const session = await createSession(encodeModel(head));
  try {
    const results = await session.run({ [name]: float32([features.length / sizeOf(shape), ...shape], features) });
    return Float32Array.from(results[spec.output.name]!.data, Number);
  } finally {
    await session.close();
  }
}

function likeliest(logits: Float32Array, row: number, classes: number): number {
  const values = logits.subarray(row * classes, (row + 1) * classes);
  return values.indexOf(Math.max(...values));
}
