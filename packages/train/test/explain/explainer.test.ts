import { encodeModel } from '@mememoji/graph/codec';
import type { Tensor } from '@mememoji/graph/graph';
import type { Model } from '@mememoji/graph/model';
import { relu } from '@mememoji/graph/operators/activation';
import { add } from '@mememoji/graph/operators/arithmetic';
import { conv } from '@mememoji/graph/operators/convolution';
import { gemm } from '@mememoji/graph/operators/matmul';
import { globalAveragePool, maxPool } from '@mememoji/graph/operators/pooling';
import { flatten, slice } from '@mememoji/graph/operators/shape';
import { quantiseModel, valuesToMeasure } from '@mememoji/graph/quantise';
import { float32 } from '@mememoji/graph/tensor';
import { describe, expect, it } from 'vitest';
import { createEngine } from '../../src/engine.ts';
import { Explainer, type ExplainerOptions, type ExplainOptions } from '../../src/explain/explainer.ts';
import type { Explanation } from '../../src/explain/explanation.ts';
import { encodeTiny, testPicture, tinyClassifier, untrained } from '../helpers/tiny-classifier.ts';

const engine = createEngine({ threads: 1, spinning: false });

const constant = (like: Tensor, shape: number[], values: number[]): Tensor =>
  like.graph.constant(float32(shape, values));

async function explain(
  bytes: Uint8Array,
  pixels: Float32Array,
  options: ExplainOptions & ExplainerOptions = {},
): Promise<Explanation> {
  const explainer = new Explainer(bytes, engine, options);
  try {
    return await explainer.explain(pixels, options);
  } finally {
    await explainer.close();
  }
}

const RESIDUAL = { architecture: 'residual', stem: 8, widths: [16, 24], blocks: 1 };
const CNN9 = { architecture: 'cnn9', widths: [8, 12], depth: 2, dense: [16] };

describe('feature maps', () => {
  it.each([
    ['residual', RESIDUAL, 'stages', [24, 12, 6]],
    ['residual', RESIDUAL, 'pooling', [12, 6]],
    ['cnn9', CNN9, 'stages', [24, 12, 6]],
    ['cnn9', CNN9, 'pooling', [12, 6]],
  ] as const)('of %s are those of the file itself', async (_, options, layers, sizes) => {
    const model = untrained(options, 24);
    const pixels = testPicture(24);
    const { features } = await explain(encodeModel(model), pixels, { layers, methods: ['features'] });
    expect(features!.map(({ width }) => width)).toEqual(sizes);
    const wanted = await runWithOutputs(
      model,
      features!.map(({ layer }) => layer),
      pixels,
    );
    for (const { layer, channels, width, height, data } of features!) {
      expect(data.length).toBe(channels * width * height);
      expect(new Set(data).size).toBeGreaterThan(10);
      expectClose(data, wanted[layer]!);
    }
  });

  it('are of the layers that are named, which may be any', async () => {
    const model = untrained(RESIDUAL, 24);
    const first = model.graph.nodes.find(({ operator }) => operator === 'Conv')!.outputs[0]!;
    const { features } = await explain(encodeModel(model), testPicture(24), { layers: [first], methods: ['features'] });
    expect(features).toMatchObject([{ layer: first, channels: 8, width: 24, height: 24 }]);
  });
});

describe('a model in 8 bits', () => {
  it('is explained under the names and with the numbers of the net that it stands for', async () => {
    const model = untrained(RESIDUAL, 24);
    const ranges = new Map(valuesToMeasure(model).map((name) => [name, { low: -6, high: 6 }]));
    const rounded = quantiseModel(model, ranges);
    const options = { layers: 'stages', methods: ['features', 'gradcam'] } as const;
    const [exact, other] = await Promise.all(
      [model, rounded].map((each) => explain(encodeModel(each), testPicture(24), options)),
    );
    expect(other!.features!.map(({ layer }) => layer)).toEqual(exact!.features!.map(({ layer }) => layer));
    for (const [i, { data }] of exact!.features!.entries()) {
      const size = Math.max(...data);
      const errors = data.map((value, k) => Math.abs(value - other!.features![i]!.data[k]!));
      expect(Math.max(...errors)).toBeLessThan(0.1 * size);
    }
    expect(Object.keys(other!)).toEqual(Object.keys(exact!));
  });
});

describe('Grad-CAM', () => {
  /** Maps x and 2 x, pooled to 2 x 2; happy is 3 times the mean of the first less the mean of the second, sad the contrary. */
  const bytes = encodeTiny(4, (pixels) => {
    const maps = maxPool(conv(pixels, constant(pixels, [2, 1, 1, 1], [1, 2])), 2);
    return gemm(flatten(globalAveragePool(maps)), constant(pixels, [2, 2], [3, -1, -3, 1]), false, true);
  });
  const pixels = Float32Array.from({ length: 16 }, (_, i) => i * 10);
  /** The largest of each quarter. */
  const pooled = [50, 70, 130, 150];

  it('is the sum of the maps, weighted by the mean of their gradients', async () => {
    const { gradcam, expression } = await explain(bytes, pixels, { methods: ['gradcam'] });
    // The gradient of a mean over four cells is a quarter in each: 3/4 x - 1/4 (2 x).
    expect(expression).toBe('happy');
    expect(gradcam).toMatchObject({ width: 2, height: 2 });
    expectClose(
      gradcam!.data,
      pooled.map((value) => value / 4),
    );
  });

  it('leaves out what speaks against the expression', async () => {
    const { gradcam, expression } = await explain(bytes, pixels, { methods: ['gradcam'], expression: 'sad' });
    expect(expression).toBe('sad');
    expect([...gradcam!.data]).toEqual([0, 0, 0, 0]);
  });
});

describe('occlusion', () => {
  /** Looks at the four pixels of the upper left corner only. */
  const corner = encodeTiny(6, (pixels) => {
    const seen = slice(pixels, [
      { axis: 2, start: 0, end: 2 },
      { axis: 3, start: 0, end: 2 },
    ]);
    return gemm(
      flatten(seen),
      constant(
        pixels,
        [4, 2],
        [1, 0, 1, 0, 1, 0, 1, 0].map((value) => value / 255),
      ),
    );
  });
  const pixels = Float32Array.from({ length: 36 }, (_, i) => (i % 6 < 2 && i < 12 ? 255 : 0));
  const grey = 4 / 36;
  /** Probability of happy when the four pixels have this sum, in units of white. */
  const happy = (sum: number): number => 1 / (1 + Math.exp(-sum));

  it('falls on what the net looks at, and nowhere else', async () => {
    const { occlusion } = await explain(corner, pixels, { methods: ['occlusion'], patch: 2, stride: 1 });
    const at = (x: number, y: number): number => occlusion!.data[y * 6 + x]!;
    expect(occlusion).toMatchObject({ width: 6, height: 6, patch: 2, stride: 1 });
    // One patch hides the first pixel, and with it the whole corner.
    expect(at(0, 0)).toBeCloseTo(happy(4) - happy(4 * grey), 5);
    // Of the two patches that hide the third pixel, one hides two of the corner, the other nothing.
    expect(at(2, 0)).toBeCloseTo((happy(4) - happy(2 + 2 * grey)) / 2, 5);
    for (let i = 0; i < 36; i++) if (i % 6 > 2 || i >= 18) expect(at(i % 6, Math.floor(i / 6))).toBe(0);
  });

  it('is a rise where something speaks against the expression', async () => {
    const { occlusion } = await explain(corner, pixels, {
      methods: ['occlusion'],
      patch: 2,
      stride: 1,
      expression: 'sad',
    });
    expect(occlusion!.data[0]).toBeCloseTo(happy(4 * grey) - happy(4), 5);
  });

  it('reaches the last pixel whatever the stride', async () => {
    const last = encodeTiny(6, (image) => {
      const seen = slice(image, [
        { axis: 2, start: 5, end: 6 },
        { axis: 3, start: 5, end: 6 },
      ]);
      return gemm(flatten(seen), constant(image, [1, 2], [0.01, 0]));
    });
    const picture = new Float32Array(36).fill(255, 35);
    const { occlusion } = await explain(last, picture, { methods: ['occlusion'], patch: 2, stride: 3 });
    expect(occlusion!.data[35]).toBeGreaterThan(0.1);
  });

  it.each([{ patch: 7 }, { patch: 0 }, { stride: 0 }])('refuses %j', async (options) => {
    await expect(explain(corner, pixels, { methods: ['occlusion'], ...options })).rejects.toMatchObject({
      code: 'BAD_OPTION',
    });
  });
});

describe('integrated gradients', () => {
  it('of a linear net are its weights times the way from grey', async () => {
    const weights = [0.01, -0.02, 0.03, 0];
    const bytes = encodeTiny(2, (pixels) => {
      const both = weights.flatMap((weight) => [weight, -weight]);
      return gemm(flatten(pixels), constant(pixels, [4, 2], both));
    });
    const { integratedGradients } = await explain(bytes, Float32Array.of(0, 100, 200, 255), {
      methods: ['integrated-gradients'],
      expression: 'happy',
    });
    const wanted = [0, 100, 200, 255].map((value, i) => weights[i]! * (value - 127.5));
    expectClose(integratedGradients!.data, wanted);
    expect(integratedGradients!.sum).toBeCloseTo(integratedGradients!.difference, 4);
  });

  it.each([
    ['residual', RESIDUAL],
    ['cnn9', CNN9],
  ])('of %s sum to the difference of the logits', async (_, options) => {
    const model = untrained(options, 24);
    const pixels = testPicture(24);
    const { integratedGradients, expression } = await explain(encodeModel(model), pixels, {
      methods: ['integrated-gradients'],
      steps: 200,
    });
    const { sum, difference, data } = integratedGradients!;
    const label = ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'].indexOf(expression);
    const logits = await runWithOutputs(model, ['logits'], pixels);
    const flat = await runWithOutputs(model, ['logits'], new Float32Array(24 * 24).fill(127.5));
    expect(difference).toBeCloseTo(logits.logits![label]! - flat.logits![label]!, 4);
    expect(Math.abs(difference)).toBeGreaterThan(1e-3);
    expect(Math.abs(sum - difference)).toBeLessThan(0.02 * Math.abs(difference));
    expect(data.length).toBe(24 * 24);
  });
});

describe('Explainer', () => {
  const bytes = encodeTiny(8, (pixels) => {
    const maps = relu(
      add(
        conv(
          pixels,
          constant(
            pixels,
            [2, 1, 3, 3],
            Array.from({ length: 18 }, (_, i) => Math.sin(i)),
          ),
        ),
        pixels,
      ),
    );
    return gemm(flatten(globalAveragePool(maps)), constant(pixels, [2, 2], [0.01, 0.02, 0.02, 0.01]));
  });

  it('gives probabilities, and of maps only those that are asked for', async () => {
    const explanation = await explain(bytes, testPicture(8), { methods: ['gradcam'] });
    expect(Object.keys(explanation).sort()).toEqual(['expression', 'gradcam', 'model', 'picture', 'probabilities']);
    expect(explanation.model).toBe('tiny 1');
    const { happy, sad } = explanation.probabilities;
    expect(happy! + sad!).toBeCloseTo(1, 6);
    expect(explanation.expression).toBe(happy! > sad! ? 'happy' : 'sad');
    expect(explanation.picture).toEqual({ width: 8, height: 8, data: testPicture(8) });
  });

  it('gives all of them by default', async () => {
    const explanation = await explain(bytes, testPicture(8));
    expect(explanation).toMatchObject({
      features: [{}],
      gradcam: {},
      occlusion: { patch: 2 },
      integratedGradients: { steps: 64 },
    });
  });

  it('may be asked again, also at once', async () => {
    const explainer = new Explainer(bytes, engine);
    const [first, second] = await Promise.all([explainer.explain(testPicture(8)), explainer.explain(testPicture(8))]);
    expect(second).toEqual(first);
    await explainer.close();
  });

  it('tells of what it cannot do', async () => {
    expect(() => new Explainer(bytes, engine, { layers: ['nowhere'] })).toThrow(
      expect.objectContaining({ code: 'BAD_OPTION', message: expect.stringContaining("'nowhere'") }),
    );
    await expect(explain(bytes, new Float32Array(9))).rejects.toMatchObject({ code: 'BAD_OPTION' });
    await expect(explain(bytes, testPicture(8), { expression: 'fear' })).rejects.toMatchObject({
      code: 'BAD_OPTION',
      hint: 'it knows happy, sad',
    });
    const dense = encodeTiny(4, (pixels) =>
      gemm(flatten(pixels), constant(pixels, [16, 2], new Array(32).fill(0.001))),
    );
    await expect(explain(dense, testPicture(4))).rejects.toMatchObject({ code: 'BAD_MODEL' });
    const rest = await explain(dense, testPicture(4), { methods: ['occlusion', 'integrated-gradients'] });
    expect(Object.keys(rest)).toEqual(expect.arrayContaining(['occlusion', 'integratedGradients']));
  });

  it('reads pixels in the range that the model wants', async () => {
    const model = tinyClassifier(4, (pixels) =>
      gemm(flatten(pixels), constant(pixels, [16, 2], [1, ...new Array(31).fill(0)])),
    );
    const spec = JSON.parse(model.metadata.mememoji!);
    spec.input.range = [-1, 1];
    const halved = encodeModel({ ...model, metadata: { mememoji: JSON.stringify(spec) } });
    const { probabilities } = await explain(halved, new Float32Array(16).fill(255), { methods: [] });
    expect(probabilities.happy).toBeCloseTo(1 / (1 + Math.exp(-1)), 6);
  });
});

/** Runs the file as it is, with values of its inside as outputs. */
async function runWithOutputs(
  model: Model,
  names: string[],
  pixels: Float32Array,
): Promise<Record<string, Float32Array>> {
  const outputs = names.map(
    (name) => ({ name, dtype: 'float32', shape: ['a', 'b', 'c', 'd'].slice(0, name === 'logits' ? 2 : 4) }) as const,
  );
  const session = await engine(encodeModel({ ...model, graph: { ...model.graph, outputs } }));
  const side = Math.sqrt(pixels.length);
  const results = await session.run({ pixels: float32([1, 1, side, side], pixels) });
  await session.close();
  return Object.fromEntries(names.map((name) => [name, Float32Array.from(results[name]!.data, Number)]));
}

function expectClose(found: Float32Array, wanted: ArrayLike<number>): void {
  expect(found.length).toBe(wanted.length);
  const largest = Math.max(1e-6, ...Array.from(wanted, Math.abs));
  found.forEach((value, i) => {
    expect(Math.abs(value - wanted[i]!) / largest).toBeLessThan(1e-5);
  });
}
