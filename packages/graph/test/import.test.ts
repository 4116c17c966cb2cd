/**
 * Models as files and models imported and written again give the same numbers, in ONNX Runtime: every net that the tests of
 * the gradients use, and every form of an operator that other tools write and this project does not.
 */
import { describe, expect, test } from 'vitest';
import { decodeModel, encodeModel } from '../src/codec.ts';
import { gradients } from '../src/gradient.ts';
import { Graph, type Tensor } from '../src/graph.ts';
import { toHalf } from '../src/half.ts';
import { RULES } from '../src/import/rules.ts';
import { importModel } from '../src/import.ts';
import { lower } from '../src/lowering.ts';
import type { AttributeValue, Model, ModelNode } from '../src/model.ts';
import { relu } from '../src/operators/activation.ts';
import { conv } from '../src/operators/convolution.ts';
import { dense } from '../src/operators/matmul.ts';
import { maxPool } from '../src/operators/pooling.ts';
import { reduceSum } from '../src/operators/reduction.ts';
import { flatten } from '../src/operators/shape.ts';
import type { Values } from '../src/session.ts';
import { storeAsFloat16 } from '../src/stored-weights.ts';
import { float32, int64, type Shape, sizeOf, type TensorData } from '../src/tensor.ts';
import type { Fill, GradientCase } from './gradient-case.ts';
import { CASES } from './gradient-cases.ts';
import { createNodeSession } from './node-session.ts';

const nets = Object.entries(CASES).flatMap(([operator, cases]) => cases.map((net) => ({ ...net, operator })));

test.each(nets)('the same after a round trip: $operator, $name', async (net) => {
  const model = decodeModel(encodeModel(lower(forward(net))));
  await expectSame(model, fillInputs(net));
});

describe('forms that other tools write', () => {
  test.each(foreignForms())('$name', async ({ node, inputs, constants, opset }) => {
    const model = modelOf([node], inputs, constants ?? {}, opset);
    const feeds = Object.entries(inputs).map(([name, shape]) => [name, ramp(shape)] as const);
    await expectSame(model, Object.fromEntries(feeds));
  });

  test('weights in float16, made float32 before they are used', async () => {
    const model = storeAsFloat16(lower(smallNet()));
    expect(model.graph.nodes.map(({ operator }) => operator)).toEqual(expect.arrayContaining(['Cast']));
    await expectSame(model, { x: ramp([2, 2, 8, 8]) });
  });

  test('every operator that is known is tried', () => {
    const models = [
      ...nets.map((net) => lower(forward(net))),
      ...foreignForms().map(({ node }) => modelOf([node], {}, {})),
    ];
    const tried = new Set(models.flatMap(({ graph }) => graph.nodes.map(({ operator }) => operator)));
    // What QuantizeLinear rounds is imported as it was before: see quantise.test.ts.
    expect(Object.keys(RULES).filter((name) => !tried.has(name) && name !== 'QuantizeLinear')).toEqual([]);
  });
});

describe('an imported model', () => {
  test('takes the batch size that is asked for, and keeps the names of the file', () => {
    const model = lower(smallNet(), { dynamic: { x: { 0: 'batch' } } });
    const { graph, tensors } = importModel(model, 5);
    expect([...graph.inputs.keys(), ...graph.outputs.keys()]).toEqual(['x', 'y']);
    expect(graph.outputs.get('y')!.shape).toEqual([5, 3]);
    const names = model.graph.nodes.flatMap(({ outputs }) => outputs);
    expect([...tensors.keys()]).toEqual(expect.arrayContaining(names));
    expect(tensors.get('x')).toBe(graph.inputs.get('x'));
  });

  test('can be differentiated', async () => {
    const { graph } = importModel(decodeModel(encodeModel(lower(smallNet()))), 2);
    const own = smallNet();
    const results = [];
    for (const each of [graph, own]) {
      const [gradient] = gradients(reduceSum(each.outputs.get('y')!), [each.inputs.get('x')!]) as [Tensor];
      each.output('slope', gradient);
      results.push((await run(lower(each), { x: ramp([2, 2, 8, 8]) })).slope!);
    }
    expect(results[0]!.data.some((value) => value !== 0)).toBe(true);
    expect(results[0]).toEqual(results[1]);
  });

  test('is imported in part by naming a value in the middle as its input', async () => {
    const model = lower(smallNet());
    const pooled = model.graph.nodes.find(({ operator }) => operator === 'MaxPool')!.outputs[0]!;
    const whole = importModel(model, 2);
    whole.graph.output('middle', whole.tensors.get(pooled)!);
    const seen = await run(lower(whole.graph), { x: ramp([2, 2, 8, 8]) });
    const inputs = [{ name: pooled, dtype: 'float32', shape: seen.middle!.shape } as const];
    const back = importModel({ ...model, graph: { ...model.graph, inputs } }, 2);
    expect([...back.graph.inputs.keys()]).toEqual([pooled]);
    expect((await run(lower(back.graph), { [pooled]: seen.middle! })).y).toEqual(seen.y);
  });
});

describe('what cannot be imported is told of', () => {
  const image = { x: [1, 2, 6, 6] };
  const nodeOf = (operator: string, attributes: ModelNode['attributes'] = {}, inputs = ['x']) =>
    modelOf([{ ...node(operator, inputs, attributes) }], image, { w: ramp([2, 2, 3, 3]), n: int64([1]) });
  const fail = (model: Model) => () => importModel(model, 1);
  const coded = (code: string, message: RegExp) =>
    expect.objectContaining({ code, message: expect.stringMatching(message) });

  test.each<[string, Model, string, RegExp]>([
    ['an operator without a rule', nodeOf('LSTM'), 'UNKNOWN_OPERATOR', /LSTM/],
    [
      'an operator of another domain',
      modelOf([{ ...node('Conv', ['x', 'w']), domain: 'com.microsoft.nchwc' }], image, { w: ramp([2, 2, 3, 3]) }),
      'UNKNOWN_OPERATOR',
      /com\.microsoft\.nchwc\.Conv/,
    ],
    ['an attribute that no rule reads', nodeOf('Relu', { slope: int(2) }), 'BAD_ATTRIBUTE', /Relu 'n0'.*'slope'/],
    ['an input that no rule reads', nodeOf('Relu', {}, ['x', 'w']), 'BAD_ATTRIBUTE', /Relu 'n0'.*input 1/],
    [
      'pooling that rounds up',
      nodeOf('MaxPool', { kernel_shape: ints(2, 2), ceil_mode: int(1) }),
      'BAD_ATTRIBUTE',
      /ceil_mode/,
    ],
    ['windows that are not square', nodeOf('MaxPool', { kernel_shape: ints(2, 3) }), 'BAD_ATTRIBUTE', /kernel_shape/],
    [
      'padding by the size',
      nodeOf('Conv', { auto_pad: text('SAME_UPPER') }, ['x', 'w']),
      'BAD_ATTRIBUTE',
      /SAME_UPPER/,
    ],
    ['an attribute of another type', nodeOf('LeakyRelu', { alpha: int(1) }), 'BAD_ATTRIBUTE', /'alpha'/],
    ['a missing input', nodeOf('Add'), 'BAD_ATTRIBUTE', /input 1 is missing/],
    ['a shape that is computed', nodeOf('Reshape', {}, ['x', 'x']), 'BAD_ATTRIBUTE', /must be a constant/],
    ['an axis that is not there', nodeOf('Concat', { axis: int(4) }, ['x', 'x']), 'BAD_ATTRIBUTE', /no axis 4/],
    ['a value that nothing makes', nodeOf('Relu', {}, ['z']), 'BAD_MODEL', /'z'/],
    ['shapes that do not fit', nodeOf('Add', {}, ['x', 'w']), 'BAD_SHAPE', /Add/],
    ['an old operator set', { ...nodeOf('Relu'), opsets: { '': 11 } }, 'BAD_MODEL', /11/],
  ])('%s', (_, model, code, message) => {
    expect(fail(model)).toThrow(coded(code, message));
  });

  test('an open size that is not the batch', () => {
    const model = nodeOf('Relu');
    const inputs = [{ name: 'x', dtype: 'float32', shape: ['batch', 2, 'height', 6] } as const];
    expect(fail({ ...model, graph: { ...model.graph, inputs } })).toThrow(
      coded('BAD_SHAPE', /axis 2 of the input 'x'/),
    );
  });
});

interface Form {
  name: string;
  node: ModelNode;
  inputs: Record<string, Shape>;
  constants?: Record<string, TensorData>;
  /** 17 if left out. */
  opset?: number;
}

/** One node each, with what stands about it. */
function foreignForms(): Form[] {
  const x = { x: [2, 3, 6, 6] };
  const form = (
    name: string,
    operator: string,
    attributes: ModelNode['attributes'],
    inputs: Record<string, Shape>,
    constants: Record<string, TensorData> = {},
    names: string[] = [...Object.keys(inputs), ...Object.keys(constants)],
    outputs: string[] = ['y'],
  ): Form => ({ name, node: { ...node(operator, names, attributes), outputs }, inputs, constants });
  return [
    form('Conv with a bias, sides apart', 'Conv', { pads: ints(2, 1, 0, 1), strides: ints(2, 1) }, x, {
      w: ramp([4, 3, 3, 2]),
      b: ramp([4]),
    }),
    form('Conv without a word', 'Conv', {}, x, { w: ramp([4, 3, 3, 3]) }),
    form('Conv without padding', 'Conv', { auto_pad: text('VALID'), kernel_shape: ints(3, 3) }, x, {
      w: ramp([4, 3, 3, 3]),
    }),
    form(
      'Gemm with factors and a bias',
      'Gemm',
      { alpha: float(0.5), beta: float(2), transB: int(1) },
      { x: [2, 5] },
      {
        w: ramp([4, 5]),
        b: ramp([4]),
      },
    ),
    form('Gemm with a bias', 'Gemm', {}, { x: [2, 5] }, { w: ramp([5, 4]), b: ramp([1, 4]) }),
    form('MaxPool with defaults', 'MaxPool', { kernel_shape: ints(2, 2), ceil_mode: int(0), dilations: ints(1, 1) }, x),
    form(
      'AveragePool over padding left out',
      'AveragePool',
      { kernel_shape: ints(3, 3), strides: ints(2, 2), pads: ints(1, 1, 1, 1) },
      x,
    ),
    form(
      'AveragePool that would count padding',
      'AveragePool',
      { kernel_shape: ints(2, 2), count_include_pad: int(1) },
      x,
    ),
    form('BatchNormalization', 'BatchNormalization', { epsilon: float(1e-3), momentum: float(0.9) }, x, {
      gain: ramp([3]),
      bias: ramp([3]),
      mean: ramp([3]),
      variance: float32([3], [0.5, 1, 2]),
    }),
    form('InstanceNormalization', 'InstanceNormalization', { epsilon: float(1e-3) }, x, {
      gain: ramp([3]),
      bias: ramp([3]),
    }),
    form('Clip on both sides', 'Clip', {}, x, { low: float32([], [-0.5]), high: float32([], [2]) }),
    form('Clip from above', 'Clip', {}, x, { high: float32([], [1]) }, ['x', '', 'high']),
    form('Reciprocal', 'Reciprocal', {}, x),
    form('LeakyRelu with its default', 'LeakyRelu', {}, x),
    form('Softmax over the last axis by number', 'Softmax', { axis: int(3) }, x),
    form('ReduceSum over everything', 'ReduceSum', { keepdims: int(0) }, x),
    form('ReduceSum over nothing', 'ReduceSum', { noop_with_empty_axes: int(1) }, x),
    form('ReduceMean over axes from the end', 'ReduceMean', { axes: ints(-1, -2) }, x),
    form('Reshape to what is left', 'Reshape', {}, x, { shape: int64([0, -1, 6]) }),
    form('Flatten', 'Flatten', {}, x),
    form('Flatten from the end', 'Flatten', { axis: int(-1) }, x),
    form('Transpose without a permutation', 'Transpose', {}, x),
    form('Concat along an axis from the end', 'Concat', { axis: int(-3) }, { x: [2, 3, 2], z: [2, 3, 2] }),
    form('Split into equal parts', 'Split', { axis: int(-1) }, x, {}, ['x'], ['y', 'rest']),
    {
      ...form(
        'Split into a smaller last part',
        'Split',
        { axis: int(1), num_outputs: int(2) },
        x,
        {},
        ['x'],
        ['rest', 'y'],
      ),
      opset: 18,
    },
    form('Split with sizes', 'Split', {}, x, { sizes: int64([1, 1]) }, ['x', 'sizes'], ['other', 'y']),
    form('Slice with numbers from the end and beyond it', 'Slice', {}, x, {
      starts: int64([-3, 1]),
      ends: int64([2 ** 40, -1]),
      axes: int64([-1, 2]),
    }),
    form('Slice of the first axes, in steps', 'Slice', {}, x, {
      starts: int64([0, 2]),
      ends: int64([2, -(2 ** 40)]),
      axes: int64([0, 1]),
      steps: int64([2, -1]),
    }),
    form('Pad with nothing said', 'Pad', {}, x, { pads: int64([0, 1, 2, 0, 0, 0, 1, 3]) }),
    form('Expand that keeps a size', 'Expand', {}, { x: [3, 1, 4] }, { shape: int64([2, 1, 5, 1]) }),
    form('Identity', 'Identity', {}, x),
    form('Dropout', 'Dropout', {}, x, { ratio: float32([], [0.5]) }),
    form('Constant', 'Constant', { value: { type: 'tensor', value: ramp([2, 2]) } }, {}),
    form('Cast of what is float32', 'Cast', { to: int(1) }, x),
    form('Cast of float16', 'Cast', { to: int(1) }, {}, { w: toHalf(ramp([2, 3])) }),
    form(
      'DequantizeLinear with one scale',
      'DequantizeLinear',
      {},
      {},
      {
        q: { dtype: 'uint8', shape: [2, 3], data: Uint8Array.of(0, 1, 2, 127, 200, 255) },
        scale: float32([], [0.25]),
        zero: { dtype: 'uint8', shape: [], data: Uint8Array.of(128) },
      },
    ),
    form(
      'DequantizeLinear with a scale for each output',
      'DequantizeLinear',
      { axis: int(0) },
      {},
      {
        q: { dtype: 'int8', shape: [2, 3, 1], data: Int8Array.of(-128, 1, 2, 127, 20, 5) },
        scale: float32([2], [0.25, 3]),
      },
    ),
  ];
}

const int = (value: number): AttributeValue => ({ type: 'int', value });
const ints = (...value: number[]): AttributeValue => ({ type: 'ints', value });
const float = (value: number): AttributeValue => ({ type: 'float', value });
const text = (value: string): AttributeValue => ({ type: 'string', value });

function node(operator: string, inputs: string[], attributes: ModelNode['attributes'] = {}): ModelNode {
  return { operator, domain: '', name: 'n0', inputs, outputs: ['y'], attributes };
}

/** A file with the output `y` of unknown shape of four axes; its own description of that does not matter here. */
function modelOf(
  nodes: ModelNode[],
  inputs: Record<string, Shape>,
  constants: Record<string, TensorData>,
  opset = 17,
): Model {
  return {
    irVersion: 8,
    producer: 'test',
    producerVersion: '',
    opsets: { '': opset },
    metadata: {},
    graph: {
      name: 'test',
      inputs: Object.entries(inputs).map(([name, shape]) => ({ name, dtype: 'float32', shape })),
      outputs: [{ name: 'y', dtype: 'float32', shape: [] }],
      initializers: new Map(Object.entries(constants)),
      nodes,
    },
  };
}

function smallNet(): Graph {
  const graph = new Graph();
  const x = graph.input('x', [2, 2, 8, 8]);
  const y = maxPool(relu(conv(x, graph.constant(ramp([16, 2, 3, 3])))), 2);
  graph.output('y', dense(flatten(y), graph.constant(ramp([3, 256])), graph.constant(ramp([3]))));
  return graph;
}

function forward({ inputs, build }: Pick<GradientCase, 'inputs' | 'build'>): Graph {
  const graph = new Graph();
  const tensors = inputs.map(([shape], i) => graph.input(`x${i}`, shape));
  graph.output('y', build(...(tensors as [Tensor, Tensor, Tensor, Tensor])));
  return graph;
}

function fillInputs({ inputs }: Pick<GradientCase, 'inputs'>): Values {
  return Object.fromEntries(inputs.map(([shape, fill], i) => [`x${i}`, ramp(shape, fill)] as const));
}

/** Numbers of -2 to 2, or of 0.5 to 1.5 where they must be positive. */
function ramp(shape: Shape, fill: Fill = 'any'): TensorData {
  const positive = fill === 'positive' || fill === 'shares';
  const values = Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(1 + i * 1.7));
  return float32(
    shape,
    values.map((value) => (positive ? 1 + value / 2 : 2 * value)),
  );
}

async function run(model: Model, feeds: Values): Promise<Values> {
  const session = await createNodeSession(encodeModel(model));
  try {
    return await session.run(feeds);
  } finally {
    await session.close();
  }
}

/** ONNX Runtime gives the same for the file and for what it was imported to, but for the last bits. */
async function expectSame(model: Model, feeds: Values): Promise<void> {
  const { y: wanted } = await run(model, feeds);
  const { y: found } = await run(lower(importModel(model, 1).graph), feeds);
  expect(found!.shape).toEqual(wanted!.shape);
  const [seen, right] = [numbersOf(found!), numbersOf(wanted!)];
  const largest = Math.max(1e-3, ...right.map(Math.abs));
  const difference = Math.max(...seen.map((value, i) => Math.abs(value - right[i]!)));
  expect(difference / largest).toBeLessThan(1e-6);
}

function numbersOf({ data }: TensorData): number[] {
  return Array.from<number | bigint, number>(data, Number);
}
