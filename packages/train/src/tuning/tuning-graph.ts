import type { Tensor } from '@mememoji/graph/graph';
import { importModel } from '@mememoji/graph/import';
import { Scope, type Variable, type VariableValues } from '@mememoji/graph/layers';
import { lower } from '@mememoji/graph/lowering';
import type { Model, ValueInfo } from '@mememoji/graph/model';
import { add, mul, scale, sub } from '@mememoji/graph/operators/arithmetic';
import { crossEntropy } from '@mememoji/graph/operators/loss';
import { reduceSum } from '@mememoji/graph/operators/reduction';
import { adam } from '@mememoji/graph/optimizer';
import { addTrainingStep } from '@mememoji/graph/training-step';
import type { StepGraph } from '../stepper.ts';
import type { SplitModel } from './split-model.ts';

/** Names of what a step takes beside its state and the features, which have their name in the file. */
export const TARGETS = 'targets';
export const ROW_WEIGHTS = 'rowWeights';

/**
 * A training step (Adam) of a model's head over `rows` rows of features: inputs are the features, `targets` [rows, labels],
 * each row a distribution, and `rowWeights` [rows]. The loss is their weighted cross-entropy, mean over the rows, and
 * `anchor` times the squared distance of the weights from where they began (L2-SP: Li, Grandvalet, Davoine, Explicit inductive
 * bias for transfer learning with convolutional networks, 2018).
 */
export function buildTuningGraph(
  { head, features, weights, spec }: SplitModel,
  rows: number,
  anchor: number,
): StepGraph {
  const { graph, tensors } = importModel(withOpenWeights(head, weights), rows);
  const scope = new Scope(graph);
  for (const [name, { shape }] of weights) adopt(scope, { name, shape }, tensors.get(name)!);
  const logits = graph.outputs.get(spec.output.name)!;
  const targets = graph.input(TARGETS, [rows, spec.labels.length]);
  const loss = crossEntropy(logits, targets, graph.input(ROW_WEIGHTS, [rows]));
  const total = anchor === 0 ? loss : add(loss, scale(distance(scope, weights), anchor));
  const state = addTrainingStep(scope, total, { optimizer: adam() });
  return { model: lower(graph, { name: `${features.name}-tuning` }), state, masks: new Map() };
}

/** The head with its weights as inputs; an input hides what the file has under its name. */
function withOpenWeights({ graph, ...model }: Model, weights: VariableValues): Model {
  const initializers = new Map([...graph.initializers].filter(([name]) => !weights.has(name)));
  const open = [...weights].map(([name, { shape }]): ValueInfo => ({ name, dtype: 'float32', shape }));
  return { ...model, graph: { ...graph, inputs: [...graph.inputs, ...open], initializers } };
}

/** Makes a value of an imported graph a variable, as if a layer had made it. */
function adopt(scope: Scope, { name, shape }: Pick<Variable, 'name' | 'shape'>, tensor: Tensor): void {
  scope.variables.set(name, { name, shape, kind: 'parameter', decay: false, initial: { constant: 0 } });
  scope.tensors.set(name, tensor);
}

/** Sum of the squared differences of all weights from their first values. */
function distance({ graph, tensors }: Scope, weights: VariableValues): Tensor {
  const parts = [...weights].map(([name, first]) => {
    const difference = sub(tensors.get(name)!, graph.constant(first));
    return reduceSum(mul(difference, difference));
  });
  return parts.reduce((a, b) => add(a, b));
}
