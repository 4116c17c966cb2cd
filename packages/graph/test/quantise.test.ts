import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { decodeModel, encodeModel } from '../src/codec.ts';
import { foldNorms } from '../src/fold-norms.ts';
import { gradients } from '../src/gradient.ts';
import { Graph } from '../src/graph.ts';
import { importModel } from '../src/import.ts';
import type { Range } from '../src/int8.ts';
import { convLayer, convNorm, denseLayer, foldedNorm, initialValues, Scope } from '../src/layers.ts';
import { lower } from '../src/lowering.ts';
import type { Model } from '../src/model.ts';
import { tanh } from '../src/operators/activation.ts';
import { globalAveragePool, maxPool } from '../src/operators/pooling.ts';
import { reduceSum } from '../src/operators/reduction.ts';
import { flatten } from '../src/operators/shape.ts';
import { quantiseModel, readRanges, valuesToMeasure } from '../src/quantise.ts';
import { readWeights, replaceWeights, storeAsFloat16 } from '../src/stored-weights.ts';
import { float32, sizeOf, type TensorData } from '../src/tensor.ts';
import { createNodeSession } from './node-session.ts';
import { numbersOf } from './run-graph.ts';

const SHAPE = [2, 3, 12, 12];
const FEEDS = {
  x: float32(
    SHAPE,
    Array.from({ length: sizeOf(SHAPE) }, (_, i) => 2 * Math.sin(i * 1.7)),
  ),
};

interface NetOptions {
  /** Without it the first convolution reads the input itself. */
  squashed?: boolean;
  mirror?: boolean;
  channels?: number;
}

/** A residual net with a pooling in it, in use; its weights are waves. */
function buildNet({ squashed = true, mirror = false, channels = 8 }: NetOptions = {}): Model {
  const build = (scope: Scope) => {
    const x = scope.graph.input('x', SHAPE);
    const paired = mirror ? ({ mirror: 'picture' } as const) : {};
    const first = convNorm(scope, 'first', squashed ? tanh(x) : x, { kernel: 3, channels, ...paired });
    const pooled = maxPool(first, 2);
    const inner = convNorm(scope, 'inner', pooled, { kernel: 3, channels });
    const block = convNorm(scope, 'outer', inner, { kernel: 3, channels, residual: pooled });
    const last = convLayer(scope, 'last', block, { kernel: 1, channels });
    scope.graph.output('y', denseLayer(scope, 'dense', flatten(globalAveragePool(last)), 5));
    return scope;
  };
  let i = 0;
  const { variables } = build(new Scope(new Graph()));
  const values = new Map(
    [...initialValues(variables.values(), () => Math.sin(++i * 2.3))].map(([name, value]): [string, TensorData] => [
      name,
      /norm|bias/.test(name)
        ? float32(
            value.shape,
            numbersOf(value).map((_, k) => 0.6 + 0.1 * (k % 5)),
          )
        : value,
    ]),
  );
  return lower(build(new Scope(new Graph(), values)).graph);
}

async function run(model: Model): Promise<number[]> {
  const session = await createNodeSession(encodeModel(model));
  const { y } = await session.run(FEEDS).finally(() => session.close());
  return numbersOf(y);
}

async function measure(model: Model): Promise<Map<string, Range>> {
  const names = valuesToMeasure(model);
  const outputs = names.map((name) => ({ name, dtype: 'float32' as const, shape: ['n', 'c', 'h', 'w'] }));
  const session = await createNodeSession(encodeModel({ ...model, graph: { ...model.graph, outputs } }));
  const results = await session.run(FEEDS).finally(() => session.close());
  return new Map(
    names.map((name) => {
      const numbers = Array.from(results[name]!.data, Number);
      return [name, { low: Math.min(...numbers), high: Math.max(...numbers) }];
    }),
  );
}

async function quantised(model: Model): Promise<Model> {
  return quantiseModel(model, await measure(model));
}

/** What ONNX Runtime makes of a model before it runs it. */
async function operatorsRun(model: Model): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'mememoji-'));
  try {
    const path = join(folder, 'optimised.onnx');
    const options = { optimizedModelFilePath: path, graphOptimizationLevel: 'all', logSeverityLevel: 3 } as const;
    const session = await InferenceSession.create(encodeModel(model), options);
    await session.release();
    return decodeModel(readFileSync(path)).graph.nodes.map(({ operator }) => operator);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function operatorsOf(model: Model): string[] {
  return model.graph.nodes.map(({ operator }) => operator);
}

function largestError(a: readonly number[], b: readonly number[]): number {
  const size = Math.max(...a.map(Math.abs));
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]!))) / size;
}

describe('foldNorms', () => {
  it('makes normalisations parts of their convolutions, under the names of their biases', async () => {
    const model = buildNet();
    const folded = foldNorms(model);
    expect(operatorsOf(model).filter((operator) => operator === 'BatchNormalization')).toHaveLength(3);
    expect(operatorsOf(folded)).not.toContain('BatchNormalization');
    expect([...folded.graph.initializers.keys()].filter((name) => name.startsWith('inner')).sort()).toEqual([
      'inner.norm.bias',
      'inner.weight',
    ]);
    expect(largestError(await run(model), await run(folded))).toBeLessThan(1e-5);
    expect(folded.graph.outputs).toEqual(model.graph.outputs);
  });

  it('leaves a convolution whose result is asked for, or whose kernel is computed', () => {
    const model = buildNet();
    const conv = model.graph.nodes.find(({ operator }) => operator === 'Conv')!.outputs[0]!;
    const outputs = [...model.graph.outputs, { name: conv, dtype: 'float32' as const, shape: [2, 8, 12, 12] }];
    const norms = (folded: Model) => operatorsOf(folded).filter((operator) => operator === 'BatchNormalization');
    expect(norms(foldNorms({ ...model, graph: { ...model.graph, outputs } }))).toHaveLength(1);
    expect(norms(foldNorms(buildNet({ mirror: true })))).toHaveLength(1);
  });
});

describe('a model in 8 bits', () => {
  it('is computed in whole numbers from the first convolution to the last', async () => {
    const model = await quantised(buildNet());
    const operators = await operatorsRun(decodeModel(encodeModel(storeAsFloat16(model))));
    expect(operators.filter((operator) => operator === 'QLinearConv')).toHaveLength(4);
    expect(operators).toContain('QLinearAdd');
    expect(operators).not.toContain('Conv');
    expect(operators).not.toContain('Relu');
    expect(operators.filter((operator) => operator === 'QuantizeLinear')).toHaveLength(1);
    expect(operators.filter((operator) => operator === 'DequantizeLinear')).toHaveLength(1);
  });

  it('keeps its scales exact where weights are stored as float16, also of many channels', async () => {
    const model = await quantised(buildNet({ channels: 256 }));
    expect(readWeights(storeAsFloat16(model)).get('inner.weight')).toEqual(readWeights(model).get('inner.weight'));
    expect(storeAsFloat16(model).graph.initializers.has('inner.weight:scale')).toBe(true);
  });

  it('says nearly the same as in float32', async () => {
    const model = buildNet();
    const error = largestError(await run(model), await run(await quantised(model)));
    expect(error).toBeGreaterThan(0);
    expect(error).toBeLessThan(0.02);
  });

  it('cuts off what lies outside its ranges', async () => {
    const model = buildNet();
    const ranges = new Map([...(await measure(model))].map(([name]) => [name, { low: 0, high: 0.01 }]));
    expect(largestError(await run(model), await run(quantiseModel(model, ranges)))).toBeGreaterThan(0.1);
  });

  it('gives a pooling the grid of what it pools', async () => {
    const model = buildNet();
    const pool = model.graph.nodes.find(({ operator }) => operator === 'MaxPool')!;
    expect(valuesToMeasure(model)).toContain(pool.inputs[0]);
    expect(valuesToMeasure(model)).not.toContain(pool.outputs[0]);
    expect(valuesToMeasure(model)).toHaveLength(6);
  });

  it('leaves in float32 a convolution of the input itself, and one whose kernel is computed', async () => {
    for (const options of [{ squashed: false }, { mirror: true }]) {
      const model = buildNet(options);
      const operators = await operatorsRun(await quantised(model));
      expect(operators.filter((operator) => operator === 'QLinearConv')).toHaveLength(3);
      expect(largestError(await run(model), await run(await quantised(model)))).toBeLessThan(0.02);
    }
  });

  it('needs the range of each value', async () => {
    const ranges = await measure(buildNet());
    ranges.delete([...ranges.keys()].at(-1)!);
    expect(() => quantiseModel(buildNet(), ranges)).toThrow(expect.objectContaining({ code: 'BAD_MODEL' }));
  });

  it('is read as the float32 net that it stands for, through which gradients go', async () => {
    const model = await quantised(buildNet());
    const { graph, tensors } = importModel(model, 2);
    const imported = lower(graph);
    expect(operatorsOf(imported).some((operator) => operator.endsWith('Linear'))).toBe(false);
    expect(largestError(await run(imported), await run(model))).toBeLessThan(0.02);
    const [slope] = gradients(reduceSum(tensors.get('y')!), [graph.inputs.get('x')!]);
    expect(slope!.shape).toEqual(SHAPE);
  });

  it('gives back its ranges and weights, and is the same when made of them', async () => {
    const model = await quantised(buildNet());
    const weights = readWeights(model);
    for (const layer of ['first', 'inner', 'outer'])
      for (const [name, value] of foldedNorm(layer, 8)) weights.set(name, value);
    const plain = replaceWeights(buildNet(), weights);
    expect(quantiseModel(plain, readRanges(model))).toEqual(model);
    expect(readRanges(buildNet()).size).toBe(0);
  });

  it('takes other weights, with biases in their new units', async () => {
    const model = await quantised(buildNet());
    const doubled = (name: string): [string, TensorData] => {
      const value = readWeights(model).get(name)!;
      return [
        name,
        float32(
          value.shape,
          numbersOf(value).map((number) => 2 * number),
        ),
      ];
    };
    const weights = readWeights(replaceWeights(model, new Map([doubled('last.weight')])));
    expect(weights.get('last.weight')).toEqual(doubled('last.weight')[1]);
    const [before, after] = [readWeights(model), weights].map((all) => Array.from(all.get('last.bias')!.data, Number));
    for (const [i, value] of after!.entries()) expect(value).toBeCloseTo(before![i]!, 3);
    const both = replaceWeights(model, new Map([doubled('last.weight'), doubled('last.bias'), doubled('dense.bias')]));
    const exactly = (file: Model) => run(lower(importModel(file, 2).graph));
    const twice = (await exactly(model)).map((value) => 2 * value);
    expect(largestError(twice, await exactly(both))).toBeLessThan(1e-5);
  });
});
