import { VisionError } from './error.ts';
import { EXPRESSIONS, type Expression } from './expression.ts';

/**
 * How a face is cut out of a photo before it meets the net, so that it looks like the training data.
 * The crop is a square whose side is `scale` times the longer side of the detector's box, its centre moved down the face
 * by `shiftY` times the longer side of the box, turned so that the eyes are level if `rotate`. How the numbers were found:
 * docs/framing.md.
 */
export interface Framing {
  scale: number;
  shiftY: number;
  rotate: boolean;
}

export type Arithmetic = 'float32' | 'int8';

/** What made some weights. */
export interface TrainingOrigin {
  /** Beginning of the SHA-256 of all that decided the outcome. */
  run: string;
  seed: number;
  epochs: number;
  /** With all defaults filled in, JSON. */
  recipe: string;
  /** SHA-256 of the data, unpacked. */
  dataHash: string;
  /** Day, as in 2026-11-30. */
  date: string;
}

/**
 * Everything a program must know about a classifier, kept in the ONNX file's own metadata (key `mememoji`, JSON), so that
 * labels, sizes and thresholds are hard-coded nowhere. The net takes grey pixels and normalises them itself.
 */
export interface ClassifierSpec {
  /** Version of this description. */
  format: 1;
  /** Short name, as in `mememoji models list`. */
  name: string;
  version: string;
  /** Labels of the logits, in their order. */
  labels: Expression[];
  /** Input tensor: float32 [N, 1, height, width], grey in `range`, row by row. */
  input: { name: string; width: number; height: number; range: [number, number] };
  /** Output tensor: float32 [N, labels.length], logits before temperature. */
  output: { name: string };
  /** What the graph does to the pixels first; a description, the graph itself does it. */
  normalisation: string;
  /**
   * What its convolutions compute in; float32 if it is left out. Numbers of 8 bits are for processors: a graphics card would get them from
   * there and give them back layer by layer.
   */
  arithmetic?: Arithmetic;
  /** Probabilities are softmax(logits / temperature); fitted on PublicTest. */
  temperature: number;
  /** A face is `uncertain` when its largest probability is below this; chosen on PublicTest. */
  uncertainBelow: number;
  framing: Framing;
  /** Where the weights come from; of a joint net, `epochs` are those of all its members, each of which was trained by itself. */
  training: TrainingOrigin & { members?: (TrainingOrigin & { name: string; version: string })[] };
  /** Published numbers by name, for example `privateTest.accuracy`. */
  metrics: Record<string, number>;
}

/** Key of the ONNX metadata entry that holds the JSON of a {@link ClassifierSpec}. */
export const SPEC_KEY = 'mememoji';

/**
 * Reads the spec out of a model file's metadata.
 * @throws VisionError `BAD_METADATA` if the entry is missing, is not JSON or lacks what a reader needs.
 */
export function parseClassifierSpec(metadata: Readonly<Record<string, string>>): ClassifierSpec {
  const text = metadata[SPEC_KEY];
  if (text === undefined) {
    throw new VisionError(
      'BAD_METADATA',
      `the model file has no '${SPEC_KEY}' entry`,
      'use a model written by `mememoji train`',
    );
  }
  let spec: ClassifierSpec;
  try {
    spec = JSON.parse(text) as ClassifierSpec;
  } catch (cause) {
    throw new VisionError('BAD_METADATA', `the '${SPEC_KEY}' entry of the model file is not JSON`, undefined, {
      cause,
    });
  }
  const fault = findFault(spec);
  if (fault !== undefined) {
    throw new VisionError('BAD_METADATA', `the '${SPEC_KEY}' entry of the model file is wrong: ${fault}`);
  }
  return spec;
}

function findFault(spec: ClassifierSpec): string | undefined {
  if (spec?.format !== 1) return `format ${spec?.format} is not known (1 is)`;
  const known: readonly string[] = EXPRESSIONS;
  if (!Array.isArray(spec.labels) || spec.labels.length < 2) return 'labels are missing';
  const stranger = spec.labels.find((label) => !known.includes(label));
  if (stranger !== undefined) return `label '${stranger}' is not an expression`;
  if (new Set(spec.labels).size !== spec.labels.length) return 'a label stands twice';
  if (!(spec.input?.width > 0 && spec.input.height > 0 && spec.input.range?.length === 2)) return 'input is missing';
  if (!spec.output?.name) return 'output is missing';
  if (!['float32', 'int8'].includes(spec.arithmetic ?? 'float32')) return `arithmetic ${spec.arithmetic} is not known`;
  if (!(spec.temperature > 0)) return `temperature ${spec.temperature} is not positive`;
  if (!(spec.uncertainBelow >= 0 && spec.uncertainBelow <= 1))
    return `uncertainBelow ${spec.uncertainBelow} is not in 0..1`;
  if (!(spec.framing?.scale > 0)) return 'framing is missing';
  return undefined;
}
