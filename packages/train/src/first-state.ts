import { initialValues, type VariableValues } from '@mememoji/graph/layers';
import type { Values } from '@mememoji/graph/session';
import { float32, sameShape, sizeOf, type TensorData } from '@mememoji/graph/tensor';
import { averageName } from '@mememoji/graph/training-step';
import { Random } from './random.ts';
import type { TrainingGraph } from './training-graph.ts';

const INIT_STREAM = 5;

/**
 * What a training begins with: the variables as their layers want them, drawn from the seed alone; averages equal to them;
 * zeros for what the optimiser remembers. Variables that `start` has in the same shape begin with its values.
 */
export function firstState(
  { variables, state }: Pick<TrainingGraph, 'variables' | 'state'>,
  seed: number,
  start?: VariableValues,
): Values {
  const random = new Random(seed, 0, 0, INIT_STREAM);
  const drawn = initialValues(variables.values(), () => random.normal());
  const values = new Map([...drawn].map(([name, value]) => [name, matching(start?.get(name), value) ?? value]));
  const averages = new Map([...values].map(([name, value]) => [averageName(name), value]));
  const first = (name: string, shape: readonly number[]) =>
    values.get(name) ?? averages.get(name) ?? float32(shape, new Float32Array(sizeOf(shape)));
  return Object.fromEntries([...state].map(([name, shape]) => [name, first(name, shape)]));
}

function matching(start: TensorData | undefined, { shape }: Pick<TensorData, 'shape'>): TensorData | undefined {
  return start !== undefined && start.dtype === 'float32' && sameShape(start.shape, shape) ? start : undefined;
}

/** The names of those of a net's variables that `start` does not have in the same shape, so that they are drawn. */
export function drawnVariables({ variables }: Pick<TrainingGraph, 'variables'>, start: VariableValues): string[] {
  const drawn = [...variables.values()].filter(({ name, shape }) => matching(start.get(name), { shape }) === undefined);
  return drawn.map(({ name }) => name);
}
