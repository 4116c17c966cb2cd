import { gradients } from './gradient.ts';
import type { Tensor } from './graph.ts';
import type { Scope, Variable } from './layers.ts';
import { concat, reshape, split } from './operators/shape.ts';
import { clipByNorm, movingAverage, type Optimizer } from './optimizer.ts';
import { sharpnessAwareGradients } from './sharpness.ts';
import { type Shape, sizeOf } from './tensor.ts';

/**
 * Turns a graph with a loss into a whole training step: gradients, optimiser, running statistics and moving average. All that
 * lasts from step to step is read from an input and written to the output {@link nextName} of it.
 */

export interface StepOptions {
  optimizer: Optimizer;
  /** Largest norm of all gradients together; none by default. */
  clipNorm?: number;
  /** Radius of sharpness-aware minimisation, see {@link sharpnessAwareGradients}; plain gradients by default. */
  sharpness?: number;
  /** Keep an exponential moving average of the parameters (input `averageDecay`). Default false. */
  average?: boolean;
}

/** Names and shapes of everything that a step carries on; their first values are zero but for variables and averages. */
export type StepState = ReadonlyMap<string, Shape>;

/** The output that holds the value which the input `name` takes in the next step. */
export function nextName(name: string): string {
  return `next/${name}`;
}

/** Name of the moving average of a parameter. */
export function averageName(name: string): string {
  return AVERAGE + name;
}

const AVERAGE = 'average/';

/**
 * Appends the step to the graph of `scope` and `loss`. Adds the scalar inputs `learningRate`, `step` (from 1) and, with an
 * average, `averageDecay`; adds the output `loss` (and `gradientNorm` when clipping).
 */
export function addTrainingStep(
  scope: Scope,
  loss: Tensor,
  { optimizer, clipNorm, sharpness, average = false }: StepOptions,
): StepState {
  const { graph } = scope;
  const parameters = [...scope.variables.values()].filter(({ kind }) => kind === 'parameter');
  const values = parameters.map(({ name }) => scope.tensors.get(name)!);
  const raw = sharpness === undefined ? gradients(loss, values) : sharpnessAwareGradients(loss, values, sharpness);
  const clipped = clipNorm === undefined ? { gradients: raw } : clipByNorm(raw, clipNorm);
  const inputs = { learningRate: graph.input('learningRate', []), step: graph.input('step', []) };
  const state = new Map<string, Shape>();
  const carry = (name: string, next: Tensor) => {
    state.set(name, next.shape);
    graph.output(nextName(name), next);
  };
  graph.output('loss', loss);
  if ('norm' in clipped) graph.output('gradientNorm', clipped.norm);
  const averageDecay = average ? graph.input('averageDecay', []) : undefined;
  const trained = parameters.map((variable, i) => ({
    ...variable,
    value: values[i]!,
    gradient: clipped.gradients[i]!,
  }));
  for (const bundle of bundles(trained)) {
    const remembered = (prefix: string) =>
      layEndToEnd(bundle.map(({ name, shape }) => graph.input(prefix + name, shape)));
    const carryBundle = (prefix: string, next: Tensor) => {
      for (const [i, part] of takeApart(next, bundle).entries()) carry(prefix + bundle[i]!.name, part);
    };
    const memory = optimizer.memory.map((kind) => remembered(`${kind}/`));
    const value = layEndToEnd(bundle.map((parameter) => parameter.value));
    const gradient = layEndToEnd(bundle.map((parameter) => parameter.gradient));
    const updated = optimizer.update({ value, gradient, memory, decay: bundle[0]!.decay }, inputs);
    carryBundle('', updated.value);
    for (const [i, kind] of optimizer.memory.entries()) carryBundle(`${kind}/`, updated.memory[i]!);
    if (averageDecay === undefined) continue;
    carryBundle(AVERAGE, movingAverage(remembered(AVERAGE), updated.value, averageDecay));
  }
  for (const [name, next] of runningStatistics(scope)) carry(name, next);
  return state;
}

/** How fast running statistics follow the batches, as PyTorch's `momentum`. */
export const STATISTICS_MOMENTUM = 0.1;

/** The next values of all statistics, by name. */
function runningStatistics({ graph, observed, tensors }: Scope): Map<string, Tensor> {
  const names = [...observed.keys()];
  if (names.length === 0) return new Map();
  const before = names.map((name) => tensors.get(name)!);
  const seen = layEndToEnd([...observed.values()]);
  const next = movingAverage(layEndToEnd(before), seen, graph.scalar(1 - STATISTICS_MOMENTUM));
  return new Map(takeApart(next, before).map((part, i) => [names[i]!, part]));
}

interface TrainedVariable extends Variable {
  value: Tensor;
  gradient: Tensor;
}

/**
 * Parameters that are updated together. A net has many of a few elements, on which ONNX Runtime spends more time calling its
 * kernels than computing; those with the same decay make one bundle. Large ones are not worth the copy.
 */
function bundles(variables: readonly TrainedVariable[]): TrainedVariable[][] {
  const [small, large] = [true, false].map((wanted) =>
    variables.filter(({ shape }) => sizeOf(shape) <= SMALL === wanted),
  ) as [TrainedVariable[], TrainedVariable[]];
  const together = [true, false].map((wanted) => small.filter(({ decay }) => decay === wanted));
  return [...together.filter((bundle) => bundle.length > 0), ...large.map((variable) => [variable])];
}

/** Elements. */
const SMALL = 2048;

/** One tensor as it is, several as one of shape [elements of all]. */
function layEndToEnd(tensors: readonly Tensor[]): Tensor {
  const [first, ...rest] = tensors as [Tensor, ...Tensor[]];
  // ONNX Runtime multiplies a shape that ends in 1, such as a 1x1 kernel's, by a scalar element after element, in a tenth of the speed.
  if (rest.length === 0) return first.shape.at(-1) === 1 ? flat(first) : first;
  return concat([flat(first), ...rest.map(flat)], 0);
}

/** The way back. */
function takeApart(packed: Tensor, parts: readonly { shape: Shape }[]): Tensor[] {
  const sizes = parts.map(({ shape }) => sizeOf(shape));
  const pieces = parts.length === 1 ? [packed] : split(packed, 0, sizes);
  return pieces.map((piece, i) => reshape(piece, parts[i]!.shape));
}

function flat(tensor: Tensor): Tensor {
  return reshape(tensor, [sizeOf(tensor.shape)]);
}
