/**
 * Every operator's gradient against finite differences of its forward pass, in plain and in blocked layout.
 *
 * ONNX Runtime convolves in float32 only, so the differences are made as exact as float32 allows: inputs and steps are
 * small binary fractions, so that x + h is exact; the weighted sum of the outputs' differences is formed in float64, so
 * that nothing is lost to the size of the loss; and the stencil is of fourth order. Where a net is linear in its input the
 * step is as large as the input and the difference is exact but for the convolution's own rounding.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { probeBlockSize } from '../src/blocks.ts';
import { encodeModel } from '../src/codec.ts';
import { gradients } from '../src/gradient.ts';
import { Graph, noGradient, noSecondGradient, type Operator, type Tensor, topologicalOrder } from '../src/graph.ts';
import { lower } from '../src/lowering.ts';
import { add, mul } from '../src/operators/arithmetic.ts';
import { reduceSum } from '../src/operators/reduction.ts';
import { OPERATORS } from '../src/operators/table.ts';
import type { Session, Values } from '../src/session.ts';
import { float32, sizeOf } from '../src/tensor.ts';
import type { Fill, GradientCase } from './gradient-case.ts';
import { CASES } from './gradient-cases.ts';
import { createNodeSession } from './node-session.ts';

/** Largest error allowed, relative to the largest gradient of the same input: where the net is linear in it, and elsewhere. */
const TOLERANCE = { linear: 2e-5, curved: 3e-4 };
/** Of a large input only some elements are moved; every gradient is computed all the same. */
const MOST_ELEMENTS = 40;

const isDifferentiable = ({ gradient }: Operator<never>) => gradient !== noSecondGradient && gradient !== noGradient;
const differentiable = Object.values<Operator<never>>(OPERATORS).filter(isDifferentiable);

describe.each(differentiable.map(({ name }) => name))('%s', (operator) => {
  const cases = CASES[operator] ?? [];

  test('has a case that uses it', () => {
    expect(cases).not.toEqual([]);
    for (const { name, ...net } of cases) expect(operatorsOf(forward(net).graph), name).toContain(operator);
  });

  test.each(cases)('$name', async (net) => {
    const feeds = fillInputs(net);
    const differences = await finiteDifferences(net, feeds);
    for (const blockSize of new Set([0, machineBlockSize])) {
      const analytic = await runGradients(net, feeds, blockSize);
      for (const [input, samples] of differences) {
        const values = analytic[`d_${input}`]!.data;
        const largest = samples.reduce((most, { slope }) => Math.max(most, Math.abs(slope)), 1e-3);
        for (const { element, slope } of samples) {
          const error = Math.abs(Number(values[element]) - slope) / largest;
          expect(error, `${input}[${element}], blocks of ${blockSize}: ${values[element]} for ${slope}`).toBeLessThan(
            net.linear ? TOLERANCE.linear : TOLERANCE.curved,
          );
        }
      }
    }
  });
});

test('every operator stands in a net or in the gradient of one', () => {
  const used = new Set(
    Object.values(CASES).flatMap((cases) => cases.flatMap((net) => operatorsOf(gradientGraph(net)))),
  );
  for (const name of Object.keys(OPERATORS)) expect(used, name).toContain(name);
});

test('operators without a gradient say so, or pass none', () => {
  const nodes = Object.values(CASES).flatMap((cases) =>
    cases.flatMap((net) => topologicalOrder(gradientGraph(net).outputs.values())),
  );
  for (const operator of Object.values<Operator<never>>(OPERATORS)) {
    if (isDifferentiable(operator)) continue;
    const node = nodes.find((each) => each.operator.name === operator.name)!;
    if (operator.gradient === noGradient) {
      expect(noGradient(node)).toEqual(node.inputs.map(() => undefined));
      continue;
    }
    const differentiate = () => gradients(reduceSum(node.outputs[0]!), [node.inputs[0]!]);
    expect(differentiate).toThrow(expect.objectContaining({ code: 'NOT_DIFFERENTIABLE' }));
    expect(differentiate).toThrow(operator.name);
  }
});

test('the table names each operator by its own name', () => {
  for (const [key, operator] of Object.entries<Operator<never>>(OPERATORS)) expect(operator.name).toBe(key);
});

let machineBlockSize = 0;

beforeAll(async () => {
  machineBlockSize = await probeBlockSize(createNodeSession);
});

type Net = Omit<GradientCase, 'name'>;

/** The net alone, with its output `y`. */
function forward(net: Net): { graph: Graph; inputs: Tensor[]; output: Tensor } {
  const graph = new Graph();
  const inputs = net.inputs.map(([shape], i) => graph.input(`x${i}`, shape));
  const output = net.build(...(inputs as [Tensor, Tensor, Tensor, Tensor]));
  graph.output('y', output);
  return { graph, inputs, output };
}

/** The gradients `d_x0`, ... of the weighted sum of the net's output. */
function gradientGraph(net: Net): Graph {
  const { graph, inputs, output } = forward(net);
  const loss = reduceSum(mul(output, graph.constant(float32(output.shape, weightsOf(sizeOf(output.shape))))));
  const wanted = inputs.filter((_, i) => !net.fixed?.includes(i));
  const found = gradients(loss, wanted);
  wanted.forEach((input, i) => {
    // A gradient may be one tensor with another, or with an input: the sum with zero makes it an output of its own.
    const name = input.source.kind === 'input' ? input.source.name : '';
    graph.output(`d_${name}`, add(found[i]!, graph.scalar(0)));
  });
  return graph;
}

function operatorsOf(graph: Graph): string[] {
  return topologicalOrder(graph.outputs.values()).map((node) => node.operator.name);
}

async function runGradients(net: Net, feeds: Values, blockSize: number): Promise<Values> {
  const session = await createNodeSession(encodeModel(lower(gradientGraph(net), { blockSize })));
  try {
    return await session.run(feeds);
  } finally {
    await session.close();
  }
}

interface Sample {
  element: number;
  slope: number;
}

/** Slopes of the weighted sum along elements of each input, by the input's name. */
async function finiteDifferences(net: Net, feeds: Values): Promise<Map<string, Sample[]>> {
  const session = await createNodeSession(encodeModel(lower(forward(net).graph)));
  const slopes = new Map<string, Sample[]>();
  try {
    for (const [i, name] of Object.keys(feeds).entries()) {
      if (net.fixed?.includes(i)) continue;
      const samples: Sample[] = [];
      for (const element of chooseElements(sizeOf(net.inputs[i]![0]), i)) {
        samples.push({ element, slope: await slopeAlong(session, feeds, name, element, net.linear ? 1 : 1 / 32) });
      }
      slopes.set(name, samples);
    }
  } finally {
    await session.close();
  }
  return slopes;
}

/** (8 f(h) - 8 f(-h) - f(2h) + f(-2h)) / 12h: the error falls with h to the fourth. */
async function slopeAlong(session: Session, feeds: Values, name: string, element: number, h: number): Promise<number> {
  let slope = 0;
  for (const [steps, factor] of [
    [1, 8],
    [-1, -8],
    [2, -1],
    [-2, 1],
  ] as const) {
    const { shape, data } = feeds[name]!;
    const moved = Float32Array.from(data as Float32Array);
    moved[element]! += steps * h;
    const y = (await session.run({ ...feeds, [name]: float32(shape, moved) })).y!.data as Float32Array;
    const weights = weightsOf(y.length);
    slope += factor * y.reduce((sum, value, i) => sum + value * weights[i]!, 0);
  }
  return slope / (12 * h);
}

function chooseElements(size: number, seed: number): number[] {
  const all = Array.from({ length: size }, (_, i) => i);
  if (size <= MOST_ELEMENTS) return all;
  const random = numbers(seed + 1);
  return Array.from({ length: MOST_ELEMENTS }, () => Math.floor(random() * size));
}

/** Between -1 and 1 in steps of 1/64, the same for the same size. */
function weightsOf(size: number): Float32Array {
  const random = numbers(size + 1000);
  return Float32Array.from({ length: size }, () => grid(random()));
}

function fillInputs({ inputs }: Net): Values {
  const entries = inputs.map(
    ([shape, fill = 'any'], i) =>
      [`x${i}`, float32(shape, fillValues(sizeOf(shape), fill, i, shape.at(-1) ?? 1))] as const,
  );
  return Object.fromEntries(entries);
}

function fillValues(size: number, fill: Fill, seed: number, columns: number): Float32Array {
  const random = numbers(seed + 7);
  const values = Float32Array.from({ length: size }, () => grid(random()));
  if (fill === 'positive') return values.map((value) => 1 + value / 2);
  if (fill === 'far') return values.map((_, i) => (i % 2 === 0 ? 4 : -4));
  if (fill === 'spaced') return spaced(size, random);
  if (fill === 'shares') return shares(values, columns);
  return values;
}

/** Distinct odd sixteenths about zero, in random order. */
function spaced(size: number, random: () => number): Float32Array {
  const order = Array.from({ length: size }, (_, i) => [random(), i] as const).sort(([a], [b]) => a - b);
  return Float32Array.from(order, ([, i]) => (i - Math.floor(size / 2)) / 8 + 1 / 16);
}

function shares(values: Float32Array, columns: number): Float32Array {
  const raised = values.map((value) => 1.5 + value);
  return raised.map((value, i) => {
    const start = i - (i % columns);
    return value / raised.subarray(start, start + columns).reduce((a, b) => a + b);
  });
}

const grid = (uniform: number) => (Math.floor(uniform * 128) - 64) / 64;

/** Uniform numbers 0..1 (the minimal standard generator of Park and Miller, 1988). */
function numbers(seed: number): () => number {
  let state = seed * 7919 + 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}
