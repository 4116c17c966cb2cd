import type { ClassifierSpec } from '@mememoji/vision/classifier-spec';
import type { EpochMetrics, Position } from './checkpoint.ts';
import { FER2013_FRAMING } from './framing.ts';
import type { Recipe } from './recipe.ts';
import type { TrainingData } from './training-data.ts';
import { countParameters } from './training-graph.ts';
import { NORMALISATION } from './zoo/net.ts';

/** What report.json holds. */
export interface RunReport {
  status: 'finished' | 'stopped early' | 'interrupted';
  name: string;
  seed: number;
  /** Of the exported model. */
  parameters: number;
  trainingSamples: number;
  validationSamples: number;
  dataHash: string;
  fingerprint: string;
  epochs: number;
  seconds: number;
  /** Channels of a block of the layout that the convolutions ran in; 0 is plain. */
  blockSize: number;
  best: BestEpoch;
  /** Of the exported model on the validation rows. */
  validation?: { accuracy: number; loss: number; temperature: number; uncertainBelow: number };
  node: string;
}

/** The epoch, from 1, with the best validation accuracy; of equal ones the first. 0 before the first. */
export interface BestEpoch {
  epoch: number;
  accuracy: number;
}

export function bestEpoch(history: readonly EpochMetrics[]): BestEpoch {
  return history.reduce<BestEpoch>(
    (best, { epoch, validationAccuracy }) =>
      validationAccuracy > best.accuracy ? { epoch, accuracy: validationAccuracy } : best,
    { epoch: 0, accuracy: 0 },
  );
}

/** Where a run stands, without what only its exported model can tell. */
export function describeRun(
  status: RunReport['status'],
  { fingerprint, history, seconds }: Position,
  recipe: Recipe,
  { dataset, training, validation }: TrainingData,
  blockSize: number,
): RunReport {
  return {
    status,
    name: recipe.name,
    seed: recipe.seed,
    parameters: countParameters(recipe, dataset.labels.length),
    trainingSamples: training.length,
    validationSamples: validation.length,
    dataHash: dataset.source.sha256,
    fingerprint,
    epochs: history.length,
    seconds,
    blockSize,
    best: bestEpoch(history),
    node: process.version,
  };
}

/** What the model file says of itself, before it is calibrated and measured. */
export function describeModel(
  recipe: Recipe,
  { dataset }: TrainingData,
  { fingerprint, history }: Position,
): ClassifierSpec {
  const { name, inputSize, evaluationSize = inputSize, seed } = recipe;
  return {
    format: 1,
    name,
    version: '1',
    labels: [...dataset.labels],
    input: { name: 'pixels', width: evaluationSize, height: evaluationSize, range: [0, 255] },
    output: { name: 'logits' },
    normalisation: NORMALISATION,
    temperature: 1,
    uncertainBelow: 0,
    framing: { ...FER2013_FRAMING, scale: (FER2013_FRAMING.scale * evaluationSize) / dataset.width },
    training: {
      run: fingerprint.slice(0, 12),
      seed,
      epochs: history.length,
      recipe: JSON.stringify(recipe),
      dataHash: dataset.source.sha256,
      date: new Date().toISOString().slice(0, 10),
    },
    metrics: {},
  };
}
