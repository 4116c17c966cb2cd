/**
 * Whole training steps against PyTorch's numbers; fixtures/torch-step.py made them. What is carried from step to step is
 * this graph's own, so that errors would add up.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { probeBlockSize } from '../src/blocks.ts';
import { encodeModel } from '../src/codec.ts';
import { gradients } from '../src/gradient.ts';
import { Graph, type Tensor } from '../src/graph.ts';
import { convNorm, denseLayer, Scope } from '../src/layers.ts';
import { lower } from '../src/lowering.ts';
import { tanh } from '../src/operators/activation.ts';
import { crossEntropy } from '../src/operators/loss.ts';
import { globalAveragePool, maxPool } from '../src/operators/pooling.ts';
import { flatten } from '../src/operators/shape.ts';
import { adam, adamW, type Optimizer, sgd } from '../src/optimizer.ts';
import type { Session, Values } from '../src/session.ts';
import { float32, type TensorData } from '../src/tensor.ts';
import { addTrainingStep, averageName, nextName, type StepOptions, type StepState } from '../src/training-step.ts';
import reference from './fixtures/torch-step.json' with { type: 'json' };
import { createNodeSession } from './node-session.ts';

/** Largest error allowed, relative to the largest value of the tensor. */
const TOLERANCE = 1e-5;

type Stored = { shape: number[]; data: number[] };
type Named = Readonly<Record<string, Stored>>;
type Net = (scope: Scope, x: Tensor) => Tensor;

const residualNet: Net = (scope, x) => {
  const stem = maxPool(convNorm(scope, 'conv1', x, { kernel: 3, channels: 16 }), 2);
  const shortcut = convNorm(scope, 'shortcut', stem, { kernel: 1, channels: 32, relu: false });
  const body = convNorm(scope, 'conv2', stem, { kernel: 3, channels: 32 });
  const sum = convNorm(scope, 'conv3', body, { kernel: 3, channels: 32, residual: shortcut });
  return denseLayer(scope, 'dense', flatten(globalAveragePool(sum)), 3);
};

const perceptron: Net = (scope, x) => denseLayer(scope, 'dense', tanh(denseLayer(scope, 'hidden', x, 8)), 3);

/** `bn1.weight` there is `conv1.norm.scale` here. */
function ownName(name: string): string {
  const [module = '', part = ''] = name.split('.');
  const norm = module.replace(/^bn(\d)$/, 'conv$1.norm').replace(/^shortcutBn$/, 'shortcut.norm');
  if (norm === module) return name;
  const parts: Record<string, string> = {
    weight: 'scale',
    bias: 'bias',
    running_mean: 'mean',
    running_var: 'variance',
  };
  return `${norm}.${parts[part]}`;
}

function fromStored({ shape, data }: Stored): TensorData & { data: Float32Array } {
  return float32(shape, data);
}

/** Compares with a tensor that may be stored in part. */
function expectClose(actual: TensorData | undefined, { shape, data }: Stored, what: string): void {
  expect(actual?.shape, what).toEqual(shape);
  const values = Array.from(actual?.data ?? [], Number);
  const stride = values.length > reference.large && data.length < values.length ? reference.stride : 1;
  const seen = values.filter((_, i) => i % stride === 0);
  expect(seen.length, what).toBe(data.length);
  const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const error = seen.reduce((most, value, i) => Math.max(most, Math.abs(value - data[i]!)), 0);
  expect(error, `${what}: largest error, beside values up to ${largest}`).toBeLessThanOrEqual(TOLERANCE * largest);
}

interface Training {
  session: Session;
  state: StepState;
  values: Values;
}

interface Step {
  inputs: Stored;
  targets: Stored;
  loss: number;
  parameters: Named;
  gradientNorm?: number;
  averages?: Named;
}

interface Reference {
  initial: Named;
  logits: Stored;
  gradients: Named;
  steps: readonly Step[];
}

interface PerceptronReference extends Reference {
  optimizer: { kind: string; weight_decay: number; clip: number | null; ema: number | null };
}

const perceptrons: readonly PerceptronReference[] = reference.perceptron;

async function prepare(net: Net, numbers: Reference, options: StepOptions, blockSize: number): Promise<Training> {
  const { inputs, targets } = numbers.steps[0]!;
  const graph = new Graph();
  const scope = new Scope(graph);
  const logits = net(scope, graph.input('x', inputs.shape));
  const loss = crossEntropy(logits, graph.input('targets', targets.shape));
  graph.output('logits', logits);
  for (const name of Object.keys(numbers.gradients)) {
    const [gradient] = gradients(loss, [scope.tensors.get(ownName(name))!]);
    graph.output(`gradient/${ownName(name)}`, gradient!);
  }
  const state = addTrainingStep(scope, loss, options);
  const session = await createNodeSession(encodeModel(lower(graph, { blockSize })));
  return { session, state, values: startingValues(scope, numbers.initial, state) };
}

/** PyTorch's weights, averages equal to them, statistics as they begin, and zeros for what the optimiser remembers. */
function startingValues(scope: Scope, initial: Named, state: StepState): Values {
  const values: Values = {};
  for (const [name, shape] of state) values[name] = float32(shape, new Float32Array(shape.reduce((a, b) => a * b, 1)));
  for (const { name, initial: start } of scope.variables.values()) {
    if ('constant' in start) (values[name]!.data as Float32Array).fill(start.constant);
  }
  for (const [name, stored] of Object.entries(initial)) {
    values[ownName(name)] = fromStored(stored);
    if (state.has(averageName(ownName(name)))) values[averageName(ownName(name))] = fromStored(stored);
  }
  return values;
}

/** One step; the state moves on. */
async function runStep(
  training: Training,
  scalars: Record<string, number>,
  batch: { inputs: Stored; targets: Stored },
) {
  const feeds = Object.entries(scalars).map(([name, value]) => [name, float32([], [value])] as const);
  const outputs = await training.session.run({
    ...training.values,
    ...Object.fromEntries(feeds),
    x: fromStored(batch.inputs),
    targets: fromStored(batch.targets),
  });
  for (const name of training.state.keys()) training.values[name] = outputs[nextName(name)]!;
  return outputs;
}

const machineBlockSize = await probeBlockSize(createNodeSession);

describe.each([...new Set([0, machineBlockSize])])('a residual net under Nesterov SGD, blocks of %d', (blockSize) => {
  const { residual } = reference;
  const { lr, momentum, weight_decay: weightDecay } = residual.optimizer;
  const losses: number[] = [];
  let training: Training;

  beforeAll(async () => {
    training = await prepare(residualNet, residual, { optimizer: sgd({ momentum, weightDecay }) }, blockSize);
  });
  afterAll(() => training.session.close());

  test.each(residual.steps.map((_, i) => i))('step %d', async (index) => {
    const step = residual.steps[index]!;
    const outputs = await runStep(training, { learningRate: lr, step: index + 1 }, step);
    losses.push(Number(outputs.loss!.data[0]));
    expect(losses[index]! / step.loss).toBeCloseTo(1, 5);
    if (index === 0) {
      expectClose(outputs.logits, residual.logits, 'logits');
      for (const [name, gradient] of Object.entries(residual.gradients)) {
        expectClose(outputs[`gradient/${ownName(name)}`], gradient, `gradient of ${name}`);
      }
    }
    for (const [name, value] of Object.entries({ ...step.parameters, ...step.running })) {
      expectClose(training.values[ownName(name)], value, name);
    }
  });

  test('inference with the trained values, normalisation folded into the convolutions', async () => {
    const { inputs } = residual.steps.at(-1)!;
    const graph = new Graph();
    const scope = new Scope(graph, new Map(Object.entries(training.values)));
    graph.output('logits', residualNet(scope, graph.input('x', inputs.shape)));
    const session = await createNodeSession(encodeModel(lower(graph, { blockSize })));
    expectClose((await session.run({ x: fromStored(inputs) })).logits, residual.inference, 'logits');
    await session.close();
  });
});

describe.each(perceptrons)('a dense net under $optimizer.kind', (numbers) => {
  const { kind, weight_decay: weightDecay, clip, ema } = numbers.optimizer;
  const optimizers: Record<string, { optimizer: Optimizer; learningRate: number }> = {
    sgd: { optimizer: sgd({ momentum: 0, weightDecay }), learningRate: 0.1 },
    momentum: { optimizer: sgd({ momentum: 0.9, nesterov: false, weightDecay }), learningRate: 0.1 },
    adam: { optimizer: adam({ weightDecay }), learningRate: 0.01 },
    adamw: { optimizer: adamW({ beta2: 0.99, epsilon: 1e-6, weightDecay }), learningRate: 0.01 },
  };
  const { optimizer, learningRate } = optimizers[kind]!;

  test('three steps', async () => {
    const options = { optimizer, average: ema !== null, ...(clip !== null && { clipNorm: clip }) };
    const training = await prepare(perceptron, numbers, options, 0);
    for (const [index, step] of numbers.steps.entries()) {
      const scalars = { learningRate, step: index + 1, ...(ema !== null && { averageDecay: ema }) };
      const outputs = await runStep(training, scalars, step);
      expect(Number(outputs.loss!.data[0]) / step.loss).toBeCloseTo(1, 5);
      if (clip !== null) expect(Number(outputs.gradientNorm!.data[0]) / step.gradientNorm!).toBeCloseTo(1, 5);
      for (const [name, value] of Object.entries(step.parameters)) expectClose(training.values[name], value, name);
      for (const [name, value] of Object.entries(step.averages ?? {})) {
        expectClose(training.values[averageName(name)], value, `average of ${name}`);
      }
    }
    await training.session.close();
  });
});
