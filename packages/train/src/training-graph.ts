import { Graph, type Tensor } from '@mememoji/graph/graph';
import { type DropoutMask, denseLayer, Scope, type Variable } from '@mememoji/graph/layers';
import { lower } from '@mememoji/graph/lowering';
import type { Model } from '@mememoji/graph/model';
import { add, log, scale } from '@mememoji/graph/operators/arithmetic';
import { crossEntropy, klDivergence, softmax } from '@mememoji/graph/operators/loss';
import { adam, adamW, type Optimizer, sgd } from '@mememoji/graph/optimizer';
import { sizeOf } from '@mememoji/graph/tensor';
import { addTrainingStep, nextName, type StepState } from '@mememoji/graph/training-step';
import { FERPLUS_EXPRESSIONS } from './ferplus-csv.ts';
import type { Recipe } from './recipe.ts';
import { askTeachers, type TeacherNet } from './teacher-graph.ts';
import { normalise } from './zoo/net.ts';
import { createNet } from './zoo/zoo.ts';

/** A whole training step as an ONNX model, and what must be fed to it. */
export interface TrainingGraph {
  model: Model;
  /** What lasts from step to step, in the order of the outputs. */
  state: StepState;
  variables: ReadonlyMap<string, Variable>;
  masks: ReadonlyMap<string, DropoutMask>;
}

/** Inputs of a step beside its state: `pixels` [B, 1, s, s], `targets` [B, C], and with votes `votes` [B, 8], `voteWeights` [B], with teachers that were asked before `teacher` [B, C], with votes joined to them `voteLabels` [B, C]. */
export function buildTrainingGraph(
  recipe: Recipe,
  classes: number,
  blockSize: number,
  teachers: readonly TeacherNet[] = [],
): TrainingGraph {
  const graph = new Graph();
  const scope = new Scope(graph);
  const { batchSize, inputSize } = recipe;
  const pixels = graph.input('pixels', [batchSize, 1, inputSize, inputSize]);
  const { features } = createNet(recipe.model)(scope, normalise(pixels));
  const loss = labelLoss(classifier(scope, features, classes), pixels, recipe, teachers);
  const state = addTrainingStep(scope, recipe.voteWeight > 0 ? add(loss, voteLoss(scope, features, recipe)) : loss, {
    optimizer: createOptimizer(recipe),
    average: recipe.averageDecay !== undefined,
    ...(recipe.sharpness !== undefined && { sharpness: recipe.sharpness }),
    ...(recipe.clipNorm !== undefined && { clipNorm: recipe.clipNorm }),
  });
  return {
    model: lower(graph, { blockSize, name: recipe.name }),
    state,
    variables: scope.variables,
    masks: scope.masks,
  };
}

const CLASSIFIER = 'classifier';

/** Names of the last dense layer's weights [C, F], and of what is added to the logits [C]. */
export const CLASSIFIER_WEIGHT = `${CLASSIFIER}.weight`;
export const CLASSIFIER_BIAS = `${CLASSIFIER}.bias`;

/** The dense layer that gives the logits; the same in training and in the exported model. */
export function classifier(scope: Scope, features: Tensor, classes: number): Tensor {
  return denseLayer(scope, CLASSIFIER, features, classes, { deviation: 0.01 });
}

/** Parameters of the exported model: weights, biases and normalisations, without what is used in training alone. */
export function countParameters(recipe: Recipe, classes: number): number {
  const graph = new Graph();
  const scope = new Scope(graph);
  // Two pictures, since one has no variance where a channel has one pixel.
  const pixels = graph.input('pixels', [2, 1, recipe.inputSize, recipe.inputSize]);
  classifier(scope, createNet(recipe.model)(scope, normalise(pixels)).features, classes);
  const parameters = [...scope.variables.values()].filter(({ kind }) => kind === 'parameter');
  return parameters.reduce((total, { shape }) => total + sizeOf(shape), 0);
}

/** Cross-entropy against the labels; with teachers a part of it gives way to the divergence from what they say. */
function labelLoss(logits: Tensor, pixels: Tensor, { distillation }: Recipe, teachers: readonly TeacherNet[]): Tensor {
  const loss = crossEntropy(logits, logits.graph.input('targets', logits.shape));
  if (distillation === undefined) return loss;
  const { weight, temperature, consistent, votes } = distillation;
  const taught = consistent ? askTeachers(pixels, teachers, distillation) : logits.graph.input('teacher', logits.shape);
  const teacher =
    votes === 0 ? taught : joinVotes(taught, logits.graph.input('voteLabels', logits.shape), votes / temperature);
  const divergence = klDivergence(logits, teacher, temperature);
  return add(scale(loss, 1 - weight), scale(divergence, weight));
}

/** Probabilities [B, C] of two that judge independently, the second to a power: their product, brought back to sum 1. */
function joinVotes(taught: Tensor, voted: Tensor, power: number): Tensor {
  const tiny = taught.graph.scalar(1e-6);
  return softmax(add(log(add(taught, tiny)), scale(log(add(voted, tiny)), power)));
}

function voteLoss(scope: Scope, features: Tensor, recipe: Recipe): Tensor {
  const votes = scope.graph.input('votes', [recipe.batchSize, FERPLUS_EXPRESSIONS]);
  const weights = scope.graph.input('voteWeights', [recipe.batchSize]);
  const logits = denseLayer(scope, 'voteClassifier', features, FERPLUS_EXPRESSIONS, { deviation: 0.01 });
  return scale(crossEntropy(logits, votes, weights), recipe.voteWeight);
}

function createOptimizer({ optimizer }: Recipe): Optimizer {
  switch (optimizer.kind) {
    case 'sgd':
      return sgd(optimizer);
    case 'adam':
      return adam(optimizer);
    case 'adamw':
      return adamW(optimizer);
  }
}

/** The net in training form without loss or gradients: its outputs are what this batch alone gives for each statistic. */
export function buildStatisticsGraph(
  recipe: Recipe,
  blockSize: number,
): { model: Model; variables: ReadonlyMap<string, Variable>; masks: ReadonlyMap<string, DropoutMask> } {
  const graph = new Graph();
  const scope = new Scope(graph);
  const pixels = graph.input('pixels', [recipe.batchSize, 1, recipe.inputSize, recipe.inputSize]);
  createNet(recipe.model)(scope, normalise(pixels));
  for (const [name, seen] of scope.observed) graph.output(nextName(name), seen);
  return {
    model: lower(graph, { blockSize, name: `${recipe.name}-statistics` }),
    variables: scope.variables,
    masks: scope.masks,
  };
}
