import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeModel } from '@mememoji/graph/codec';
import type { ModelNode } from '@mememoji/graph/model';
import { float32, int64 } from '@mememoji/graph/tensor';
import { type ClassifierSpec, SPEC_KEY } from '@mememoji/vision/classifier-spec';
import { EXPRESSIONS, type Expression } from '@mememoji/vision/expression';
import { checkDataset, type Dataset, SPLITS, type Split } from '../../src/dataset.ts';

/** Side of the pictures. */
export const SIDE = 8;

/** A picture by what the row reader says of it: row i of its pixels is ten times logit i, so it is its own mirror image. */
export interface Said {
  split: Split;
  truth: Expression;
  /** 0..25.5 for each expression that the reader shall name; 0 for the others. */
  logits: Partial<Record<Expression, number>>;
}

export function datasetOf(rows: readonly Said[], labels: readonly Expression[] = EXPRESSIONS): Dataset {
  return checkDataset({
    labels,
    width: SIDE,
    height: SIDE,
    count: rows.length,
    pixels: Uint8Array.from(rows.flatMap(({ logits }) => picture(logits))),
    targets: Uint8Array.from(rows, ({ truth }) => labels.indexOf(truth)),
    splits: Uint8Array.from(rows, ({ split }) => SPLITS.indexOf(split)),
    rows: Uint32Array.from(rows, (_, row) => row),
    source: { path: 'made-up.csv', sha256: 'da7a' },
  });
}

function picture(logits: Said['logits']): number[] {
  return Array.from({ length: SIDE * SIDE }, (_, i) => {
    const name = EXPRESSIONS[Math.floor(i / SIDE)];
    return name === undefined ? 0 : Math.round(10 * (logits[name] ?? 0));
  });
}

export type ReaderSpec = Partial<Omit<ClassifierSpec, 'input' | 'output' | 'format'>>;

/** A model whose logit of a label is a tenth of the first pixel in the row that belongs to it, written to a file. */
export function writeRowReader(folder: string, file: string, spec: ReaderSpec = {}): string {
  const path = join(folder, file);
  writeFileSync(path, encodeRowReader(spec));
  return path;
}

function encodeRowReader(changes: ReaderSpec): Uint8Array {
  const spec = specOf(changes);
  const weights = new Float32Array(SIDE * SIDE * spec.labels.length);
  spec.labels.forEach((label, i) => {
    weights[EXPRESSIONS.indexOf(label) * SIDE * spec.labels.length + i] = 0.1;
  });
  const node = (operator: string, inputs: string[], output: string): ModelNode => {
    return { operator, domain: '', name: output, inputs, outputs: [output], attributes: {} };
  };
  return encodeModel({
    irVersion: 8,
    producer: 'test',
    producerVersion: '',
    opsets: { '': 17 },
    metadata: { [SPEC_KEY]: JSON.stringify(spec) },
    graph: {
      name: spec.name,
      inputs: [{ name: 'pixels', dtype: 'float32', shape: ['batch', 1, SIDE, SIDE] }],
      outputs: [{ name: 'logits', dtype: 'float32', shape: ['batch', spec.labels.length] }],
      initializers: new Map([
        ['flat', int64([-1, SIDE * SIDE])],
        ['weights', float32([SIDE * SIDE, spec.labels.length], weights)],
        ['bias', float32([spec.labels.length], new Float32Array(spec.labels.length))],
      ]),
      nodes: [node('Reshape', ['pixels', 'flat'], 'row'), node('Gemm', ['row', 'weights', 'bias'], 'logits')],
    },
  });
}

function specOf(changes: ReaderSpec): ClassifierSpec {
  return {
    format: 1,
    name: 'reader',
    version: '1',
    labels: [...EXPRESSIONS],
    input: { name: 'pixels', width: SIDE, height: SIDE, range: [0, 255] },
    output: { name: 'logits' },
    normalisation: 'none',
    temperature: 1,
    uncertainBelow: 0,
    framing: { scale: 1, shiftY: 0, rotate: false },
    training: { run: 'abc', seed: 7, epochs: 3, recipe: '{"name":"reader"}', dataHash: 'da7a', date: '2026-01-02' },
    metrics: {},
    ...changes,
  };
}

/** Eleven test faces and two to train on: the numbers of the report about them are worked out by hand. */
export const FACES: readonly Said[] = [
  { split: 'Training', truth: 'happy', logits: { happy: 3 } },
  { split: 'Training', truth: 'sad', logits: { sad: 5 } },
  { split: 'PublicTest', truth: 'happy', logits: { happy: 3 } }, // right, and a copy of the first
  { split: 'PublicTest', truth: 'happy', logits: { happy: 4 } },
  { split: 'PublicTest', truth: 'happy', logits: { happy: 2, neutral: 1 } },
  { split: 'PublicTest', truth: 'happy', logits: { surprise: 6, happy: 5 } }, // second
  { split: 'PublicTest', truth: 'angry', logits: { disgust: 3, angry: 2 } }, // second; right with six classes
  { split: 'PublicTest', truth: 'disgust', logits: { angry: 4, disgust: 1, sad: 2 } }, // third; right with six classes
  { split: 'PublicTest', truth: 'sad', logits: { sad: 5.5 } },
  { split: 'PublicTest', truth: 'sad', logits: { neutral: 8, angry: 3, fear: 2, sad: 1 } }, // fourth, surest mistake
  { split: 'PublicTest', truth: 'neutral', logits: { neutral: 2.5 } },
  { split: 'PublicTest', truth: 'surprise', logits: { surprise: 4.5 } },
  { split: 'PrivateTest', truth: 'fear', logits: { fear: 1 } },
];
