import type { VariableValues } from '@mememoji/graph/layers';
import type { SessionFactory, Values } from '@mememoji/graph/session';
import { float32, sizeOf, type TensorData } from '@mememoji/graph/tensor';
import { softmax } from '@mememoji/vision/metrics/predictions';
import { TrainError } from '../error.ts';
import { Stepper } from '../stepper.ts';
import type { Example } from './examples.ts';
import type { Memory } from './memory.ts';
import type { SplitModel } from './split-model.ts';
import { buildTuningGraph, ROW_WEIGHTS, TARGETS } from './tuning-graph.ts';

export interface TuningOptions {
  /** Default 150. */
  steps?: number;
  /** Learning rate of the first step, which falls to zero as half a cosine. Default 0.01. */
  learningRate?: number;
  /** Share of each target that is spread over all labels. Default 0.1. */
  labelSmoothing?: number;
  /** What holds on to the old answers; see {@link Memory}. */
  memory?: Memory;
  /** Weight of the memory's rows together, where that of the examples is 1. Default 40, see docs/teach.md. */
  memoryWeight?: number;
  /** How strongly the weights are held where they were. Default 0. */
  anchor?: number;
  /** Told after each step, counted from 1; the loss is that before the step. */
  onStep?: (step: number, loss: number, steps: number) => void;
  signal?: AbortSignal;
}

/**
 * Teaches the head of a model some examples: all of them at each step, each label with the same weight however many
 * examples it has, and beside them what the model shall not forget.
 * @param logits of rows of features by the model as it is
 * @returns the new weights by their names
 * @throws TrainError `EMPTY_SELECTION` without examples, `DIVERGED`; the signal's reason
 */
export async function tuneHead(
  split: SplitModel,
  examples: readonly Example[],
  createSession: SessionFactory,
  options: TuningOptions = {},
): Promise<VariableValues> {
  const { steps = 150, learningRate = 0.01, anchor = 0, onStep, signal } = options;
  if (examples.length === 0) throw new TrainError('EMPTY_SELECTION', 'there is no example to learn from');
  const feeds = rowsOf(split, examples, options);
  const graph = buildTuningGraph(split, feeds[ROW_WEIGHTS]!.shape[0]!, anchor);
  const stepper = await Stepper.create(createSession, graph, firstState(graph.state, split.weights), 0);
  try {
    for (let step = 1; step <= steps; step++) {
      signal?.throwIfAborted();
      const rate = (learningRate * (1 + Math.cos((Math.PI * (step - 1)) / steps))) / 2;
      const { loss } = await stepper.run(feeds, { learningRate: rate, step });
      if (!Number.isFinite(loss))
        throw new TrainError('DIVERGED', `the loss became ${loss}`, 'lower the learning rate');
      onStep?.(step, loss, steps);
    }
    const state = await stepper.readState();
    return new Map([...split.weights.keys()].map((name) => [name, state[name]!]));
  } finally {
    await stepper.close();
  }
}

/** Weights as they are, zeros for what the optimiser remembers. */
function firstState(state: ReadonlyMap<string, readonly number[]>, weights: VariableValues): Values {
  const first = ([name, shape]: [string, readonly number[]]): [string, TensorData] => [
    name,
    weights.get(name) ?? float32(shape, new Float32Array(sizeOf(shape))),
  ];
  return Object.fromEntries([...state].map(first));
}

/** Examples first, then the memory. Weights are such that the mean over all rows is the sum of both parts' means. */
function rowsOf(split: SplitModel, examples: readonly Example[], options: TuningOptions): Values {
  const { labelSmoothing = 0.1, memory, memoryWeight = 40 } = options;
  const classes = split.spec.labels.length;
  const size = sizeOf(split.features.shape);
  const remembered = memory?.count ?? 0;
  const rows = examples.length + remembered;
  const features = new Float32Array(rows * size);
  const targets = new Float32Array(rows * classes).fill(labelSmoothing / classes);
  const weights = new Float32Array(rows).fill((rows * memoryWeight) / remembered);
  const counts = Map.groupBy(examples, ({ label }) => label);
  examples.forEach((example, row) => {
    features.set(example.features, row * size);
    targets[row * classes + example.label]! += 1 - labelSmoothing;
    weights[row] = rows / (counts.size * counts.get(example.label)!.length);
  });
  if (memory !== undefined) {
    features.set(memory.features, examples.length * size);
    targets.set(softmax(memory.logits, classes), examples.length * classes);
  }
  return {
    [split.features.name]: float32([rows, ...split.features.shape], features),
    [TARGETS]: float32([rows, classes], targets),
    [ROW_WEIGHTS]: float32([rows], weights),
  };
}
