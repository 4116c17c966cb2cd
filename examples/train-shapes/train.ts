/** The loop over steps, and the test. Who calls it brings the engine: a function that makes a session of an ONNX model. */
import { encodeModel } from '@mememoji/graph/codec';
import type { VariableValues } from '@mememoji/graph/layers';
import type { SessionFactory } from '@mememoji/graph/session';
import { float32 } from '@mememoji/graph/tensor';
import { nextName } from '@mememoji/graph/training-step';
import { buildClassifier, buildTraining, createRandom, drawBatch, SHAPES } from './shapes.ts';

export interface TrainOptions {
  /** Default 400. */
  steps?: number;
  /** Pictures in a step. Default 48. */
  batchSize?: number;
  /** Learning rate of the first step, which falls to zero as half a cosine. Default 0.2. */
  learningRate?: number;
  /** Of the first values and of the pictures. Default 1. */
  seed?: number;
  /** As `probeBlockSize` finds it for this machine; default 0, which every engine can run. */
  blockSize?: number;
  /** Called after each step, counted from 1, and waited for. */
  onStep?: (step: number, loss: number) => void | Promise<void>;
}

/** Trains the net on pictures drawn anew for each step; gives the trained values by name. */
export async function train(createSession: SessionFactory, options: TrainOptions = {}): Promise<VariableValues> {
  const { steps = 400, batchSize = 48, learningRate = 0.2, seed = 1, blockSize = 0, onStep } = options;
  const { model, state, initial } = buildTraining(batchSize, blockSize, seed);
  const random = createRandom(seed + 1);
  const session = await createSession(encodeModel(model));
  let values = initial;
  try {
    for (let step = 1; step <= steps; step++) {
      const { pixels, targets } = drawBatch(batchSize, random);
      const rate = (learningRate * (1 + Math.cos((Math.PI * (step - 1)) / steps))) / 2;
      const scalars = { learningRate: float32([], [rate]), step: float32([], [step]) };
      const results = await session.run({ ...values, ...scalars, pixels, targets });
      // What a step gives under `next/NAME` is what the next one takes under NAME.
      values = Object.fromEntries([...state.keys()].map((name) => [name, results[nextName(name)]!]));
      await onStep?.(step, Number(results.loss!.data[0]));
    }
  } finally {
    await session.close();
  }
  return new Map(Object.entries(values));
}

/** Share of `count` fresh pictures that the trained net names rightly. */
export async function testAccuracy(
  createSession: SessionFactory,
  values: VariableValues,
  count = 600,
): Promise<number> {
  const { pixels, labels } = drawBatch(count, createRandom(1_000_000));
  const session = await createSession(encodeModel(buildClassifier(values)));
  try {
    const { data } = (await session.run({ pixels })).probabilities!;
    const rows = labels.map((_, i) => Array.from(data.slice(i * SHAPES.length, (i + 1) * SHAPES.length), Number));
    return rows.filter((row, i) => row.indexOf(Math.max(...row)) === labels[i]).length / count;
  } finally {
    await session.close();
  }
}
