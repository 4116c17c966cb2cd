import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import type { Expressions } from '@mememoji/vision/expression';
import { MememojiError } from './error.ts';
import type { Session } from './session.ts';

/** Views of faces that go through the network at once; more would not be faster and take memory. */
const BATCH = 64;

/** Throws `BAD_MODEL` unless the session has the input and the output that its own description names. */
export function checkClassifier({ inputNames, outputNames }: Session, { input, output }: ClassifierSpec): void {
  if (inputNames.includes(input.name) && outputNames.includes(output.name)) return;
  throw new MememojiError('BAD_MODEL', `the classifier has no input '${input.name}' and output '${output.name}'`);
}

/**
 * Probabilities for faces that are cut out already.
 * @param pixels grey 0..255, N views of the size that the spec wants, one after the other, each row by row.
 * @param views how many of them show the same face; the mean of their logits is its answer.
 */
export async function classifyFaces(
  session: Session,
  spec: ClassifierSpec,
  pixels: Float32Array | Uint8Array | Uint8ClampedArray,
  views: 1 | 2 = 1,
): Promise<Expressions[]> {
  const size = spec.input.width * spec.input.height;
  const answer = views * spec.labels.length;
  const results: Expressions[] = [];
  for (let start = 0; start < pixels.length; start += BATCH * size) {
    const batch = toRange(pixels.subarray(start, start + BATCH * size), spec.input.range);
    const logits = await runBatch(session, spec, batch);
    for (let at = 0; at < logits.length; at += answer) {
      results.push(toExpressions(meanOfViews(logits.subarray(at, at + answer), views), spec));
    }
  }
  return results;
}

/** @param logits [views, labels]; [labels] is returned. */
function meanOfViews(logits: Float32Array, views: number): Float32Array {
  if (views === 1) return logits;
  const labels = logits.length / views;
  return Float32Array.from({ length: labels }, (_, label) => {
    let sum = 0;
    for (let at = label; at < logits.length; at += labels) sum += logits[at]!;
    return sum / views;
  });
}

async function runBatch(
  session: Session,
  { input, output }: ClassifierSpec,
  data: Float32Array,
): Promise<Float32Array> {
  const dims = [data.length / (input.width * input.height), 1, input.height, input.width];
  const outputs = await session.run({ [input.name]: { data, dims } });
  return outputs[output.name]!.data;
}

function toRange(pixels: Float32Array | Uint8Array | Uint8ClampedArray, [low, high]: [number, number]): Float32Array {
  const scale = (high - low) / 255;
  return Float32Array.from(pixels, (value) => low + scale * value);
}

/** softmax(logits / temperature), placed by the names of the labels; expressions that the model does not know get 0. */
function toExpressions(logits: Float32Array, { labels, temperature }: ClassifierSpec): Expressions {
  const largest = logits.reduce((a, b) => Math.max(a, b));
  const powers = Array.from(logits, (logit) => Math.exp((logit - largest) / temperature));
  const sum = powers.reduce((a, b) => a + b);
  const expressions: Expressions = { angry: 0, disgust: 0, fear: 0, happy: 0, sad: 0, surprise: 0, neutral: 0 };
  labels.forEach((label, i) => {
    expressions[label] = powers[i]! / sum;
  });
  return expressions;
}
