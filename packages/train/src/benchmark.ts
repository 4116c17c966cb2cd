import { probeBlockSize } from '@mememoji/graph/blocks';
import { initialValues } from '@mememoji/graph/layers';
import type { SessionFactory, Values } from '@mememoji/graph/session';
import { float32, sizeOf, type TensorData } from '@mememoji/graph/tensor';
import { Random } from './random.ts';
import { parseRecipe, type Recipe } from './recipe.ts';
import { Stepper } from './stepper.ts';
import { buildTrainingGraph } from './training-graph.ts';

/** Nets whose training speed is compared between engines and versions, by the names under which they are known. */
export const BENCHMARK_MODELS = {
  /** 1x40x40, conv 32, residual stages 48, 96, 192 of two blocks: 1.56 M parameters. */
  m3: { model: { architecture: 'residual' }, inputSize: 40 },
  /** The original net of 2016. */
  cnn9: { model: { architecture: 'cnn9' }, inputSize: 48 },
} as const;

export type BenchmarkModel = keyof typeof BENCHMARK_MODELS;

export interface TrainingSpeed {
  imagesPerSecond: number;
  /** Median time of a step. */
  milliseconds: number;
  p10: number;
  p90: number;
  parameters: number;
  blockSize: number;
  /** Loss of the last step; the batch is learned by heart, so it falls. */
  loss: number;
}

export interface TrainingBenchmarkOptions {
  batchSize: number;
  /** Steps that are measured, after `warmup` others. */
  steps: number;
  warmup: number;
  createSession: SessionFactory;
}

/**
 * Times whole training steps (forward, gradients, Nesterov SGD with weight decay) over one batch of random pictures that stays
 * in memory. Pictures are drawn normalised grey values, targets smoothed labels of seven classes.
 */
export async function benchmarkTraining(
  name: BenchmarkModel,
  options: TrainingBenchmarkOptions,
): Promise<TrainingSpeed> {
  const recipe = parseRecipe({ name, ...BENCHMARK_MODELS[name], batchSize: options.batchSize, epochs: 1 });
  const blockSize = await probeBlockSize(options.createSession);
  const graph = buildTrainingGraph(recipe, CLASSES, blockSize);
  const random = new Random(1);
  const values = initialValues(graph.variables.values(), () => random.normal());
  const zero = (shape: readonly number[]): TensorData => float32(shape, new Float32Array(sizeOf(shape)));
  const state = Object.fromEntries([...graph.state].map(([key, shape]) => [key, values.get(key) ?? zero(shape)]));
  const stepper = await Stepper.create(options.createSession, graph, state, recipe.seed);
  try {
    const { times, loss } = await measure(stepper, randomBatch(recipe, random), options);
    const sorted = times.toSorted((a, b) => a - b);
    const at = (fraction: number) => sorted[Math.round(fraction * (sorted.length - 1))]!;
    const parameters = [...graph.variables.values()].filter(({ kind }) => kind === 'parameter');
    return {
      imagesPerSecond: (1000 * options.batchSize) / at(0.5),
      milliseconds: at(0.5),
      p10: at(0.1),
      p90: at(0.9),
      parameters: parameters.reduce((total, { shape }) => total + sizeOf(shape), 0),
      blockSize,
      loss,
    };
  } finally {
    await stepper.close();
  }
}

const CLASSES = 7;

async function measure(
  stepper: Stepper,
  batch: Values,
  { steps, warmup }: TrainingBenchmarkOptions,
): Promise<{ times: number[]; loss: number }> {
  const times: number[] = [];
  let loss = Number.NaN;
  for (let step = 1; step <= warmup + steps; step++) {
    const start = performance.now();
    ({ loss } = await stepper.run(batch, { learningRate: 0.02, step }));
    if (step > warmup) times.push(performance.now() - start);
  }
  return { times, loss };
}

function randomBatch({ batchSize, inputSize }: Recipe, random: Random): Values {
  const pixels = Float32Array.from({ length: batchSize * inputSize ** 2 }, () => 128 + 50 * random.normal());
  const targets = new Float32Array(batchSize * CLASSES).fill(0.1 / CLASSES);
  for (let row = 0; row < batchSize; row++) targets[row * CLASSES + (row % CLASSES)]! += 0.9;
  return {
    pixels: float32([batchSize, 1, inputSize, inputSize], pixels),
    targets: float32([batchSize, CLASSES], targets),
  };
}
