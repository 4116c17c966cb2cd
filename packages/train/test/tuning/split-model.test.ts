import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { decodeModel, encodeModel } from '@mememoji/graph/codec';
import type { Model } from '@mememoji/graph/model';
import { mul } from '@mememoji/graph/operators/arithmetic';
import { flatten } from '@mememoji/graph/operators/shape';
import { replaceWeights } from '@mememoji/graph/stored-weights';
import { float32, sizeOf, type TensorData } from '@mememoji/graph/tensor';
import { parseClassifierSpec } from '@mememoji/vision/classifier-spec';
import { describe, expect, it } from 'vitest';
import { encodeInferenceModel } from '../../src/inference-model.ts';
import { readStartingWeights } from '../../src/model-variables.ts';
import { parseRecipe } from '../../src/recipe.ts';
import { type SplitModel, splitModel } from '../../src/tuning/split-model.ts';
import { encodeTiny, testPicture, untrained } from '../helpers/tiny-classifier.ts';
import { engine, numbersOf } from '../helpers/tiny-run.ts';

const SHIPPED = fileURLToPath(new URL('../../../../models/mememoji.onnx', import.meta.url));

async function run(model: Model, feeds: Record<string, TensorData>, output: string): Promise<TensorData> {
  const session = await engine(encodeModel(model));
  const results = await session.run(feeds);
  await session.close();
  return results[output]!;
}

/** The shipped model as it is before it computes in 8 bits. */
async function shippedInFloat32(): Promise<Uint8Array> {
  const { values } = await readStartingWeights(SHIPPED);
  const spec = parseClassifierSpec(decodeModel(readFileSync(SHIPPED)).metadata);
  return encodeInferenceModel(parseRecipe(JSON.parse(spec.training.recipe)), values, spec);
}

/** Two pictures. */
function pictures(size: number): TensorData {
  const picture = testPicture(size);
  return float32([2, 1, size, size], [...picture, ...picture.map((value) => 255 - value / 2)]);
}

/** What the two parts give one after the other. */
async function runParts({ frozen, head, features }: SplitModel, pixels: TensorData): Promise<TensorData> {
  const value = await run(frozen, { pixels }, features.name);
  expect(value.shape.slice(1)).toEqual(features.shape);
  return run(head, { [features.name]: value }, 'logits');
}

function largestDifference(a: TensorData, b: TensorData): number {
  return Math.max(...numbersOf(a).map((value, i) => Math.abs(value - Number(b.data[i]))));
}

/** What a convolution of the shipped model computes on, by the name of its weights: names of values change with every net. */
function inputOf({ graph }: Model, weight: string): string {
  const node = graph.nodes.find(({ inputs }) => inputs[1] === weight);
  if (node === undefined) throw new Error(`no node has the weights ${weight}`);
  return node.inputs[0]!;
}

describe('splitModel', () => {
  const NETS = [
    { options: { architecture: 'residual', stem: 4, widths: [4, 16], blocks: 1 }, size: 16, features: [16] },
    { options: { architecture: 'cnn9', widths: [4, 4, 5], depth: 1, dense: [40] }, size: 16, features: [40] },
  ];
  it.each(NETS)('gives two parts that are the whole: $options.architecture', async ({ options, size, features }) => {
    const model = untrained(options, size);
    const split = splitModel(encodeModel(model));
    expect(split.features.shape).toEqual(features);
    expect([...split.weights.keys()].sort()).toEqual(['classifier.bias', 'classifier.weight']);
    const pixels = pictures(size);
    const whole = await run(model, { pixels }, 'logits');
    expect(largestDifference(await runParts(split, pixels), whole)).toBeLessThan(1e-5);
  });

  it('splits the shipped model before its last block too', async () => {
    const bytes = await shippedInFloat32();
    const split = splitModel(bytes, inputOf(decodeModel(bytes), 'stage3.1.conv1.weight'));
    const [, channels] = split.weights.get('classifier.weight')!.shape;
    expect(split.features.shape).toEqual([channels, 5, 5]);
    expect([...split.weights.keys()].sort()).toEqual([
      'classifier.bias',
      'classifier.weight',
      ...['conv1', 'conv2'].flatMap((name) =>
        ['norm.bias', 'norm.scale', 'weight'].map((part) => `stage3.1.${name}.${part}`),
      ),
    ]);
    const pixels = pictures(40);
    const whole = await run(split.model, { pixels }, 'logits');
    expect(largestDifference(await runParts(split, pixels), whole)).toBeLessThan(1e-4);
  });

  it('splits it in 8 bits too, where normalisations are parts of their convolutions', async () => {
    const bytes = readFileSync(SHIPPED);
    const split = splitModel(bytes, inputOf(decodeModel(bytes), 'stage3.1.conv1.weight'));
    expect([...split.weights.keys()].sort()).toEqual([
      'classifier.bias',
      'classifier.weight',
      ...['conv1', 'conv2'].flatMap((name) => ['norm.bias', 'weight'].map((part) => `stage3.1.${name}.${part}`)),
    ]);
    const pixels = pictures(40);
    const whole = await run(split.model, { pixels }, 'logits');
    // Its last block begins in float32 and rounds what comes after.
    expect(largestDifference(await runParts(split, pixels), whole)).toBeLessThan(0.05);
  });

  it('refuses what it cannot split', () => {
    const noDense = encodeTiny(2, (pixels) => flatten(mul(pixels, pixels.graph.scalar(2))));
    expect(() => splitModel(noDense)).toThrow(expect.objectContaining({ code: 'BAD_MODEL' }));
    const bytes = encodeModel(untrained({ architecture: 'residual', stem: 4, widths: [4], blocks: 1 }, 8));
    expect(() => splitModel(bytes, 'nowhere')).toThrow("it has no value 'nowhere'");
  });

  it('refuses a value that part of the net goes around', () => {
    const bytes = readFileSync(SHIPPED);
    // Inside the last block: its shortcut does not come through here.
    const inside = inputOf(decodeModel(bytes), 'stage3.1.conv2.weight');
    expect(() => splitModel(bytes, inside)).toThrow(/goes around|looks at the pixels/);
  });
});

describe('replaceWeights of a split model', () => {
  it('changes the answers, and keeps names and precision of the file', async () => {
    const split = splitModel(readFileSync(SHIPPED));
    const bias = float32([7], [0, 0, 0, 100, 0, 0, 0]);
    const { shape } = split.weights.get('classifier.weight')!;
    const weight = float32(shape, new Float32Array(sizeOf(shape)).fill(1 / 3));
    const changed = replaceWeights(
      split.model,
      new Map([
        ['classifier.bias', bias],
        ['classifier.weight', weight],
      ]),
    );
    expect([...changed.graph.initializers.keys()]).toEqual([...split.model.graph.initializers.keys()]);
    const stored = changed.graph.initializers.get('classifier.weight:half')!;
    expect(stored.dtype).toBe('float16');
    expect(stored.data[0]).toBe(0x3555); // 1/3, from IEEE 754's own table of examples
    const logits = numbersOf(await run(changed, { pixels: pictures(40) }, 'logits'));
    expect(logits[3]! - logits[0]!).toBeCloseTo(100, 3);
    expect(logits[1]).toBeCloseTo(logits[0]!, 4);
  });
});
