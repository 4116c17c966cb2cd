import { decodeModel, encodeModel } from '@mememoji/graph/codec';
import type { Model } from '@mememoji/graph/model';
import type { Session, SessionFactory, Values } from '@mememoji/graph/session';
import { float32 } from '@mememoji/graph/tensor';
import { type ClassifierSpec, parseClassifierSpec } from '@mememoji/vision/classifier-spec';
import type { Expression } from '@mememoji/vision/expression';
import { softmax } from '@mememoji/vision/metrics/predictions';
import { TrainError } from '../error.ts';
import { type Explanation, type Heatmap, type IntegratedGradients, METHODS, type Method } from './explanation.ts';
import { buildInspection, floats, HEAD, type Inspection, readFeatures, readGradCam, TARGET } from './inspection.ts';
import type { LayerChoice } from './layers.ts';
import { type OcclusionOptions, occlude } from './occlusion.ts';
import { buildPathModel, integrateGradients } from './path-gradients.ts';

export interface ExplainerOptions {
  /** Layers whose feature maps are shown; by default the last of each resolution. */
  layers?: LayerChoice;
  /** Steps of integrated gradients; default 64. */
  steps?: number;
}

export interface ExplainOptions extends OcclusionOptions {
  /** Default all. */
  methods?: readonly Method[];
  /** The expression to explain; by default the likeliest. */
  expression?: Expression;
}

/**
 * Looks into a classifier: what its layers make of a face, and which parts of the face an expression is read from. It makes
 * graphs of the model's own file and differentiates them; knows no platform. Close it after use.
 */
export class Explainer {
  readonly spec: ClassifierSpec;
  readonly #model: Model;
  readonly #inspection: Inspection;
  readonly #steps: number;
  readonly #createSession: SessionFactory;
  readonly #sessions = new Map<string, Promise<Session>>();

  /**
   * @param bytes of a model file that describes itself
   * @throws GraphError `BAD_MODEL`, `UNKNOWN_OPERATOR` and others where the file cannot be read as a graph; TrainError
   * `BAD_OPTION` for a layer that it does not have; VisionError `BAD_METADATA`
   */
  constructor(
    bytes: Uint8Array,
    createSession: SessionFactory,
    { layers = 'stages', steps = 64 }: ExplainerOptions = {},
  ) {
    this.#model = decodeModel(bytes);
    this.spec = parseClassifierSpec(this.#model.metadata);
    this.#inspection = buildInspection(this.#model, this.spec, layers);
    this.#steps = steps;
    this.#createSession = createSession;
  }

  /**
   * @param pixels of one face as the model wants it, grey 0..255, row by row
   * @throws TrainError `BAD_OPTION` for an expression that the model does not know, or pixels that do not fit;
   * `BAD_MODEL` where feature maps are asked for and the model has none
   */
  async explain(pixels: Float32Array, options: ExplainOptions = {}): Promise<Explanation> {
    const { methods = METHODS } = options;
    const { width, height } = this.spec.input;
    if (pixels.length !== width * height)
      throw new TrainError('BAD_OPTION', `a face has ${width}x${height} pixels, not ${pixels.length}`);
    const picture = { width, height, data: pixels };
    const probabilities = await this.#classify(pixels, 1);
    const label = this.#labelOf(options.expression, probabilities);
    return {
      model: `${this.spec.name} ${this.spec.version}`,
      expression: this.spec.labels[label]!,
      probabilities: Object.fromEntries(this.spec.labels.map((name, i) => [name, probabilities[i]!])),
      picture,
      ...(await this.#inspect(picture, label, methods)),
      ...(methods.includes('occlusion') && { occlusion: await this.#occlude(picture, label, options) }),
    };
  }

  /** Releases what the sessions hold. */
  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.#sessions.values());
    this.#sessions.clear();
    await Promise.all(opened.map((each) => (each.status === 'fulfilled' ? each.value.close() : undefined)));
  }

  /** What is read from inside the net, forwards and backwards. */
  async #inspect(picture: Heatmap, label: number, methods: readonly Method[]): Promise<Partial<Explanation>> {
    if (!methods.some((method) => method !== 'occlusion')) return {};
    const results = await this.#runInspection(picture.data, label);
    const gradcam = readGradCam(this.#inspection, results);
    if (gradcam === undefined && (methods.includes('features') || methods.includes('gradcam'))) {
      throw new TrainError('BAD_MODEL', 'the model has no convolution and so no feature maps', 'choose other methods');
    }
    return {
      ...(methods.includes('features') && { features: readFeatures(this.#inspection, results) }),
      ...(methods.includes('gradcam') && gradcam && { gradcam }),
      ...(methods.includes('integrated-gradients') && { integratedGradients: await this.#integrate(results, label) }),
    };
  }

  async #runInspection(pixels: Float32Array, label: number): Promise<Values> {
    const { input, labels } = this.spec;
    const session = await this.#session('inspection', () => this.#inspection.model);
    return session.run({
      [input.name]: this.#feed(pixels, 1),
      [TARGET]: float32([1, labels.length], oneHot(label, labels.length)),
    });
  }

  /** The way starts at what the net makes of a flat grey picture. */
  async #integrate(results: Values, label: number): Promise<IntegratedGradients> {
    const { input, labels } = this.spec;
    const path = { head: this.#inspection.head, steps: this.#steps };
    const flat = await this.#runInspection(new Float32Array(input.width * input.height).fill(127.5), label);
    const session = await this.#session('path', () => buildPathModel(this.#model, this.spec, path));
    const ends = [floats(flat, HEAD), floats(results, HEAD), oneHot(label, labels.length)] as const;
    return integrateGradients(session, this.spec, path, ends);
  }

  #occlude(picture: Heatmap, label: number, options: OcclusionOptions) {
    const classes = this.spec.labels.length;
    const score = async (pictures: Float32Array, count: number): Promise<Float32Array> => {
      const probabilities = await this.#classify(pictures, count);
      return Float32Array.from({ length: count }, (_, i) => probabilities[i * classes + label]!);
    };
    return occlude(picture, score, options);
  }

  /** Calibrated probabilities [count, labels]. */
  async #classify(pixels: Float32Array, count: number): Promise<Float32Array> {
    const { input, output, labels, temperature } = this.spec;
    const session = await this.#session('model', () => this.#model);
    const logits = floats(await session.run({ [input.name]: this.#feed(pixels, count) }), output.name);
    return softmax(logits, labels.length, temperature);
  }

  /** Grey 0..255 in the range that the model wants. */
  #feed(pixels: Float32Array, count: number) {
    const { width, height, range } = this.spec.input;
    const [low, high] = range;
    return float32(
      [count, 1, height, width],
      pixels.map((value) => low + ((high - low) * value) / 255),
    );
  }

  #labelOf(expression: Expression | undefined, probabilities: Float32Array): number {
    const { labels } = this.spec;
    if (expression === undefined) return probabilities.indexOf(Math.max(...probabilities));
    const label = labels.indexOf(expression);
    if (label < 0)
      throw new TrainError('BAD_OPTION', `the model does not know '${expression}'`, `it knows ${labels.join(', ')}`);
    return label;
  }

  /** Made when it is first needed, and kept. */
  #session(name: string, build: () => Model): Promise<Session> {
    const known = this.#sessions.get(name) ?? this.#createSession(encodeModel(build()));
    this.#sessions.set(name, known);
    return known;
  }
}

function oneHot(index: number, size: number): Float32Array {
  return new Float32Array(size).fill(1, index, index + 1);
}
