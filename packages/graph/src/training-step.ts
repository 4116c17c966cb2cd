import { gradients } from './gradient.ts';
import type { Tensor } from './graph.ts';
import type { Scope } from './layers.ts';
import { clipByNorm, movingAverage, type Optimizer } from './optimizer.ts';
import type { Shape } from './tensor.ts';

/**
 * Turns a graph with a loss into a whole training step: gradients, optimiser, running statistics and moving average. All that
 * lasts from step to step is read from an input and written to the output {@link nextName} of it.
 */

export interface StepOptions {
  optimizer: Optimizer;
  /** Largest norm of all gradients together; none by default. */
  clipNorm?: number;
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
  return `average/${name}`;
}

/**
 * Appends the step to the graph of `scope` and `loss`. Adds the scalar inputs `learningRate`, `step` (from 1) and, with an
 * average, `averageDecay`; adds the output `loss` (and `gradientNorm` when clipping).
 */
export function addTrainingStep(
  scope: Scope,
  loss: Tensor,
  { optimizer, clipNorm, average = false }: StepOptions,
): StepState {
  const { graph } = scope;
  const parameters = [...scope.variables.values()].filter(({ kind }) => kind === 'parameter');
  const values = parameters.map(({ name }) => scope.tensors.get(name)!);
  const raw = gradients(loss, values);
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
  parameters.forEach(({ name, decay }, i) => {
    const update = optimizer({ name, value: values[i]!, gradient: clipped.gradients[i]!, decay }, inputs);
    carry(name, update.next);
    for (const each of update.state) carry(each.name, each.next);
    if (averageDecay === undefined) return;
    const before = graph.input(averageName(name), update.next.shape);
    carry(averageName(name), movingAverage(before, update.next, averageDecay));
  });
  for (const [name, next] of scope.updates) carry(name, next);
  return state;
}
