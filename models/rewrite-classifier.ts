/**
 * Writes the file of a shipped classifier anew: the same weights in the graph that this version of the program makes, which may be
 * faster than the one that it was published with. What was measured stays, since the answers do: they are compared before anything is
 * written. The memory is bound to its model's file, so a model that has one needs the data too.
 *
 *     node --conditions=source models/rewrite-classifier.ts --name mememoji --data fer2013.csv.gz
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { decodeModel } from '@mememoji/graph/codec';
import { float32 } from '@mememoji/graph/tensor';
import { createEngine } from '@mememoji/train/engine';
import { writeWhole } from '@mememoji/train/files';
import { encodeInferenceModel } from '@mememoji/train/inference-model';
import { readStartingWeights } from '@mememoji/train/model-variables';
import { openDataset } from '@mememoji/train/open-dataset';
import { parseRecipe } from '@mememoji/train/recipe';
import { type ClassifierSpec, parseClassifierSpec } from '@mememoji/vision/classifier-spec';
import { writeCard } from './card.ts';
import { makeMemory } from './make-memory.ts';
import type { ModelRecord } from './publish-classifier.ts';

/** Pictures that both graphs are asked about. */
const PICTURES = 64;

/** Logits of two graphs of the same weights may differ by this, since they add up in another order. */
const TOLERANCE = 1e-4;

/** The bytes of a classifier's file, with the same weights and description, as this version writes them. */
export async function rewriteClassifier(path: string): Promise<Uint8Array> {
  const spec = parseClassifierSpec(decodeModel(await readFile(path)).metadata);
  const { values, ranges } = await readStartingWeights(path);
  return encodeInferenceModel(parseRecipe(JSON.parse(spec.training.recipe)), values, spec, ranges);
}

/** The largest difference between what two classifiers of the same input say of pictures of noise. */
export async function largestDifference(first: Uint8Array, second: Uint8Array): Promise<number> {
  const spec = parseClassifierSpec(decodeModel(first).metadata);
  const [a, b] = [await logitsOf(first, spec), await logitsOf(second, spec)];
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0);
}

async function logitsOf(model: Uint8Array, { input, output }: ClassifierSpec): Promise<Float32Array> {
  const session = await createEngine({ threads: 1, spinning: false })(model);
  try {
    const shape = [PICTURES, 1, input.height, input.width];
    const pixels = Float32Array.from({ length: PICTURES * input.height * input.width }, (_, i) => (i * 7919) % 256);
    const { [output.name]: logits } = await session.run({ [input.name]: float32(shape, pixels) });
    return logits!.data as Float32Array;
  } finally {
    await session.close();
  }
}

async function main(): Promise<void> {
  const { name, data } = parseArgs({ options: { name: { type: 'string' }, data: { type: 'string' } } }).values;
  if (name === undefined) throw new Error('--name is needed');
  const path = (ending: string) => join(import.meta.dirname, `${name}${ending}`);
  const before = await readFile(path('.onnx'));
  const after = await rewriteClassifier(path('.onnx'));
  const difference = await largestDifference(before, after);
  if (!(difference < TOLERANCE)) throw new Error(`the answers would differ by ${difference}: nothing was written`);
  const memory = existsSync(path('.memory')) ? await memoryOf(after, data) : undefined;
  const record = JSON.parse(await readFile(path('.json'), 'utf8')) as ModelRecord;
  const rewritten: ModelRecord = { ...record, bytes: after.length };
  await writeWhole(path('.onnx'), [after]);
  if (memory !== undefined) await writeWhole(path('.memory'), [memory]);
  await writeWhole(path('.json'), [Buffer.from(`${JSON.stringify(rewritten, null, 2)}\n`)]);
  await writeWhole(path('.md'), [Buffer.from(writeCard(rewritten))]);
  console.log(`${name}: ${before.length} bytes before, ${after.length} now; answers differ by at most ${difference}`);
}

async function memoryOf(model: Uint8Array, data: string | undefined): Promise<Uint8Array> {
  if (data === undefined) throw new Error('--data is needed: the model has a memory, which is bound to its file');
  return makeMemory(model, await openDataset(data, { votes: false }));
}

if (import.meta.main) await main();
