/**
 * The task and the net, with nothing of Node or the browser in it: circles, squares and triangles to be told apart, the
 * pictures drawn as they are needed, and a small convolutional net as two ONNX graphs, one that trains and one that is used.
 */
import { Graph, type Tensor } from '@mememoji/graph/graph';
import { convNorm, denseLayer, initialValues, Scope, type VariableValues } from '@mememoji/graph/layers';
import { lower } from '@mememoji/graph/lowering';
import type { Model } from '@mememoji/graph/model';
import { crossEntropy, softmax } from '@mememoji/graph/operators/loss';
import { globalAveragePool, maxPool } from '@mememoji/graph/operators/pooling';
import { flatten } from '@mememoji/graph/operators/shape';
import { sgd } from '@mememoji/graph/optimizer';
import type { Values } from '@mememoji/graph/session';
import { float32, sizeOf, type TensorData } from '@mememoji/graph/tensor';
import { addTrainingStep, type StepState } from '@mememoji/graph/training-step';

export const SHAPES = ['circle', 'square', 'triangle'] as const;

/** Side of a picture in pixels. */
export const SIDE = 16;

/** Uniform numbers 0..1, the same for the same seed (mulberry32 by Tommy Ettinger, public domain). */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Standard normal numbers made of uniform ones (Box and Muller, 1958). */
export function createNormal(random: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

export interface Batch {
  /** [N, 1, 16, 16], about -1..1. */
  pixels: TensorData;
  /** [N, 3], a single 1 in each row. */
  targets: TensorData;
  /** Numbers into {@link SHAPES}. */
  labels: number[];
}

/** Draws `count` pictures whose shapes take turns. */
export function drawBatch(count: number, random: () => number): Batch {
  const pixels = new Float32Array(count * SIDE * SIDE);
  const targets = new Float32Array(count * SHAPES.length);
  const labels = Array.from({ length: count }, (_, i) => i % SHAPES.length);
  for (const [i, label] of labels.entries()) {
    drawShape(pixels.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE), label, random);
    targets[i * SHAPES.length + label] = 1;
  }
  return {
    pixels: float32([count, 1, SIDE, SIDE], pixels),
    targets: float32([count, SHAPES.length], targets),
    labels,
  };
}

/** One shape of random place, size, turn and brightness, bright on dark or dark on bright, under noise. */
function drawShape(picture: Float32Array, label: number, random: () => number): void {
  const between = (low: number, high: number) => low + (high - low) * random();
  const [x, y, radius, turn] = [between(6, 10), between(6, 10), between(3.5, 5.5), between(0, 2 * Math.PI)];
  const contrast = between(0.5, 1.5) * (random() < 0.5 ? -1 : 1);
  const normal = createNormal(random);
  for (let i = 0; i < picture.length; i++) {
    const distance = distanceTo(label, (i % SIDE) + 0.5 - x, Math.floor(i / SIDE) + 0.5 - y, radius, turn);
    const coverage = Math.min(Math.max(0.5 - distance, 0), 1);
    picture[i] = contrast * (coverage - 0.5) + 0.1 * normal();
  }
}

/** How far a point lies outside a shape of the area of a circle of that radius; negative inside. */
function distanceTo(label: number, dx: number, dy: number, radius: number, turn: number): number {
  if (label === 0) return Math.hypot(dx, dy) - radius;
  const sides = label === 1 ? 4 : 3;
  const apothem = radius * Math.sqrt(Math.PI / (sides * Math.tan(Math.PI / sides)));
  const toSides = Array.from({ length: sides }, (_, i) => {
    const angle = turn + (2 * Math.PI * i) / sides;
    return dx * Math.cos(angle) + dy * Math.sin(angle) - apothem;
  });
  return Math.max(...toSides);
}

/** Pixels [N, 1, 16, 16] -> logits [N, 3]. The scope decides whether the net trains or is used. */
function shapesNet(scope: Scope, pixels: Tensor): Tensor {
  const stem = maxPool(convNorm(scope, 'stem', pixels, { kernel: 3, channels: 16 }), 2);
  const body = convNorm(scope, 'body', stem, { kernel: 3, channels: 48, stride: 2 });
  const sum = convNorm(scope, 'residual', body, { kernel: 3, channels: 48, residual: body });
  return denseLayer(scope, 'classifier', flatten(globalAveragePool(sum)), SHAPES.length);
}

export interface TrainingModel {
  model: Model;
  /** What lasts from step to step: parameters, running statistics and what the optimiser remembers. */
  state: StepState;
  /** Values of all state before the first step. */
  initial: Values;
}

/**
 * One step of training as an ONNX model: forward pass, gradients, Nesterov SGD. Inputs: `pixels`, `targets`, `learningRate`,
 * `step` and the state by name; outputs: `loss` and the state as `next/NAME`.
 * @param blockSize as probeBlockSize finds it, or 0
 */
export function buildTraining(batchSize: number, blockSize: number, seed: number): TrainingModel {
  const graph = new Graph();
  const scope = new Scope(graph);
  const logits = shapesNet(scope, graph.input('pixels', [batchSize, 1, SIDE, SIDE]));
  const loss = crossEntropy(logits, graph.input('targets', [batchSize, SHAPES.length]));
  const state = addTrainingStep(scope, loss, { optimizer: sgd({ momentum: 0.9, weightDecay: 1e-4 }) });
  const variables = initialValues(scope.variables.values(), createNormal(createRandom(seed)));
  const zeros = [...state].map(([name, shape]) => [name, float32(shape, new Float32Array(sizeOf(shape)))] as const);
  const initial = { ...Object.fromEntries(zeros), ...Object.fromEntries(variables) };
  return { model: lower(graph, { blockSize, name: 'train-shapes' }), state, initial };
}

/** The trained net as an ONNX model for any number of pictures: `pixels` in, `probabilities` [N, 3] out. */
export function buildClassifier(values: VariableValues): Model {
  const graph = new Graph();
  const pixels = graph.input('pixels', [1, 1, SIDE, SIDE]);
  graph.output('probabilities', softmax(shapesNet(new Scope(graph, values), pixels)));
  const dynamic = { pixels: { 0: 'batch' }, probabilities: { 0: 'batch' } };
  return lower(graph, { dynamic, name: 'shapes', metadata: { labels: SHAPES.join() } });
}
