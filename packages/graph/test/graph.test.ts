import { describe, expect, test } from 'vitest';
import { gradients } from '../src/gradient.ts';
import { Graph, reject, topologicalOrder } from '../src/graph.ts';
import { relu } from '../src/operators/activation.ts';
import { add, exp, mul, step, sub } from '../src/operators/arithmetic.ts';
import { batchNorm } from '../src/operators/batch-norm.ts';
import { reduceSum } from '../src/operators/reduction.ts';
import { concat, reshape } from '../src/operators/shape.ts';
import { float32, int64 } from '../src/tensor.ts';
import { numbersOf, runGraph } from './run-graph.ts';

const coded = (code: string) => expect.objectContaining({ name: 'GraphError', code });

describe('names', () => {
  test.each<[string, (graph: Graph) => void, string]>([
    ['two inputs', (graph) => graph.input('x', [2]), "an input 'x'"],
    ['an output and an input', (graph) => graph.output('x', graph.inputs.get('x')!), "an input 'x'"],
    ['two outputs', (graph) => graph.output('y', graph.inputs.get('x')!), "an output 'y'"],
    ['an input and an output', (graph) => graph.input('y', [2]), "an output 'y'"],
    ['two constants', (graph) => graph.constant(float32([1], [1]), 'w'), "a constant 'w'"],
    ['an input and a constant', (graph) => graph.input('w', [1]), "a constant 'w'"],
  ])('are not shared by %s', (_, build, owner) => {
    const graph = new Graph();
    graph.output('y', relu(graph.input('x', [2])));
    graph.constant(float32([1], [2]), 'w');
    expect(() => build(graph)).toThrow(coded('DUPLICATE_NAME'));
    expect(() => build(graph)).toThrow(`the graph has ${owner} already`);
  });

  test('are free again after a refusal', () => {
    const graph = new Graph();
    expect(() => graph.input('x', [0])).toThrow(coded('BAD_SHAPE'));
    expect(graph.input('x', [1]).shape).toEqual([1]);
  });

  test('are not empty', () => {
    const graph = new Graph();
    expect(() => graph.input('', [1])).toThrow(coded('BAD_ATTRIBUTE'));
    expect(() => graph.output('', graph.scalar(1))).toThrow(coded('BAD_ATTRIBUTE'));
  });

  test('of inputs, outputs and constants are what the graph tells', () => {
    const graph = new Graph();
    graph.output('y', add(graph.input('x', [1]), graph.constant(float32([1], [1]), 'w')));
    expect(graph.names).toEqual(new Set(['x', 'w', 'y']));
  });
});

describe('tensors', () => {
  test.each([[[0]], [[2, -1]], [[1.5]], [[Number.NaN]]])('of shape %j cannot be fed', (shape) => {
    expect(() => new Graph().input('x', shape)).toThrow(coded('BAD_SHAPE'));
  });

  test('hold as many values as their shape says', () => {
    expect(() => new Graph().constant({ dtype: 'float32', shape: [2], data: Float32Array.of(1) })).toThrow(
      '1 values do not fill a constant of shape [2]',
    );
    expect(() => float32([2, 2], [1, 2, 3])).toThrow(coded('BAD_SHAPE'));
  });

  test('of another graph are refused, by operators and outputs', () => {
    const [graph, other] = [new Graph(), new Graph()];
    const [x, foreign] = [graph.input('x', [2]), other.input('x', [2])];
    expect(() => add(x, foreign)).toThrow(coded('FOREIGN_TENSOR'));
    expect(() => add(x, foreign)).toThrow('Add was given a tensor of another graph');
    expect(() => concat([x, foreign], 0)).toThrow(coded('FOREIGN_TENSOR'));
    expect(() => graph.output('y', foreign)).toThrow(coded('FOREIGN_TENSOR'));
    expect(graph.outputs.size).toBe(0);
  });

  test('of different element types do not mix', () => {
    const graph = new Graph();
    const [x, n] = [graph.input('x', [2]), graph.constant(int64([1, 2]))];
    expect(() => add(x, n)).toThrow(coded('BAD_TYPE'));
    expect(() => add(x, n)).toThrow('Add cannot take [2] and int64 [2]: the element types differ');
  });

  test('know their producer, in the order of creation', () => {
    const graph = new Graph();
    const x = graph.input('x', [2]);
    const y = exp(relu(x));
    expect(y.source).toMatchObject({ kind: 'node', index: 0, node: { operator: { name: 'Exp' } } });
    expect(y.id).toBeGreaterThan(x.id);
    expect(topologicalOrder([y]).map(({ operator }) => operator.name)).toEqual(['Relu', 'Exp']);
  });

  test('a node does not follow changes of the list that it was made of', () => {
    const graph = new Graph();
    const parts: [ReturnType<typeof relu>, ...ReturnType<typeof relu>[]] = [graph.input('a', [2])];
    const y = concat(parts, 0);
    parts.push(graph.input('b', [2]));
    expect(y.source.kind === 'node' && y.source.node.inputs.length).toBe(1);
  });
});

test('reject names the operator, all shapes, and types other than float32', () => {
  const inputs = [
    { dtype: 'float32', shape: [2, 3] },
    { dtype: 'int64', shape: [] },
  ] as const;
  expect(() => reject('Conv', inputs, 'no')).toThrow('Conv cannot take [2, 3] and int64 []: no');
  expect(() => reject('Conv', inputs, 'no')).toThrow(coded('BAD_SHAPE'));
  expect(() => reject('Conv', inputs, 'no', 'BAD_ATTRIBUTE')).toThrow(coded('BAD_ATTRIBUTE'));
});

describe('gradients', () => {
  test('are of a scalar of float32 only', () => {
    const graph = new Graph();
    expect(() => gradients(graph.input('x', [2]), [])).toThrow(coded('BAD_SHAPE'));
    expect(() => gradients(graph.constant(int64([1])), [])).toThrow(coded('BAD_TYPE'));
  });

  test('do not exist for what the loss does not depend on', () => {
    const graph = new Graph();
    const [x, unused] = [graph.input('x', [2]), graph.input('unused', [2])];
    const loss = reduceSum(x);
    expect(() => gradients(loss, [x, unused])).toThrow(coded('NOT_DIFFERENTIABLE'));
    expect(() => gradients(loss, [unused])).toThrow("with respect to the tensor 'unused'");
    expect(() => gradients(loss, [relu(x)])).toThrow('with respect to the tensor of shape [2]');
    expect(() => gradients(loss, [new Graph().input('x', [2])])).toThrow(coded('NOT_DIFFERENTIABLE'));
  });

  test('do not pass a step, and do not exist where it is the only way', () => {
    const graph = new Graph();
    const x = graph.input('x', [2]);
    expect(() => gradients(reduceSum(step(x)), [x])).toThrow(coded('NOT_DIFFERENTIABLE'));
  });

  test('are not differentiated again', () => {
    const graph = new Graph();
    const x = graph.input('x', [2]);
    const [first] = gradients(reduceSum(relu(x)), [x]);
    expect(() => gradients(reduceSum(first!), [x])).toThrow(coded('NOT_DIFFERENTIABLE'));
    expect(() => gradients(reduceSum(first!), [x])).toThrow('ReluGradient is itself part of a gradient');
  });

  test('do not flow through the statistics of a batch', () => {
    const graph = new Graph();
    const x = graph.input('x', [4, 2]);
    const { y, mean } = batchNorm(x, graph.input('scale', [2]), graph.input('bias', [2]));
    expect(() => gradients(reduceSum(mean), [x])).toThrow(coded('NOT_DIFFERENTIABLE'));
    expect(() => gradients(add(reduceSum(y), reduceSum(mean)), [x])).toThrow('statistics of BatchNorm');
  });

  test('sum over all uses, of inputs and of values in between', async () => {
    const graph = new Graph();
    const x = graph.input('x', [2]);
    const square = mul(x, x);
    const loss = reduceSum(sub(add(square, mul(square, x)), x)); // x^2 + x^3 - x
    const [byX, bySquare, byLoss] = gradients(loss, [x, square, loss]);
    graph.output("x'", byX!);
    graph.output("square'", bySquare!);
    graph.output("loss'", byLoss!);
    const outputs = await runGraph(graph, { x: float32([2], [2, -3]) });
    expect(numbersOf(outputs["x'"])).toEqual([4 + 12 - 1, -6 + 27 - 1]);
    expect(numbersOf(outputs["square'"])).toEqual([1 + 2, 1 - 3]);
    expect(numbersOf(outputs["loss'"])).toEqual([1]);
  });

  test('do not go through what no entry needs', () => {
    const graph = new Graph();
    const [x, w] = [graph.input('x', [2]), graph.input('w', [2])];
    const [byW] = gradients(reduceSum(mul(exp(relu(x)), w)), [w]);
    const names = topologicalOrder([byW!]).map(({ operator }) => operator.name);
    expect(names).not.toContain('ReluGradient');
  });

  test('of a loss of shape [1] have the shape of their tensor', () => {
    const graph = new Graph();
    const x = graph.input('x', [1, 1]);
    expect(gradients(reshape(x, [1]), [x]).map(({ shape }) => shape)).toEqual([[1, 1]]);
  });
});
