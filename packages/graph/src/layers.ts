import { GraphError } from './error.ts';
import type { Graph, Tensor } from './graph.ts';
import { mirrorKernel, pairStatistics, perChannel } from './mirror.ts';
import { relu, sigmoid } from './operators/activation.ts';
import { add, scale } from './operators/arithmetic.ts';
import { batchNorm } from './operators/batch-norm.ts';
import { batchNormInference } from './operators/batch-norm-inference.ts';
import { type ConvOptions, conv } from './operators/convolution.ts';
import { dropout } from './operators/loss.ts';
import { dense } from './operators/matmul.ts';
import { globalAveragePool } from './operators/pooling.ts';
import { float32, type Shape, sameShape, sizeOf, type TensorData } from './tensor.ts';

/**
 * Layers: operators together with the variables that they own. The same function builds a net twice: for training, where
 * variables are inputs of the graph and batch normalisation uses the batch's statistics, and for inference, where they are
 * constants that the file keeps by their names, so that a model file can be trained further.
 */

/** A value that training changes: a parameter follows its gradient, a statistic follows the data. */
export interface Variable {
  name: string;
  shape: Shape;
  kind: 'parameter' | 'statistic';
  /** Whether weight decay applies: to weights, not to biases and normalisations. */
  decay: boolean;
  initial: Initializer;
}

/** A mask of zeros (with the chance `rate`) and 1 / (1 - rate), drawn anew for each step. */
export interface DropoutMask {
  shape: Shape;
  rate: number;
}

/** How a variable starts: all of one value, or normal with mean 0 and this standard deviation. */
export type Initializer = { constant: number } | { deviation: number };

/** Float32 values by the names of variables: what a checkpoint holds. */
export type VariableValues = ReadonlyMap<string, TensorData>;

/** Where the layers of a net find their variables. */
export class Scope {
  readonly graph: Graph;
  readonly variables = new Map<string, Variable>();
  readonly tensors = new Map<string, Tensor>();
  /** What this batch alone gives for each statistic, by name. */
  readonly observed = new Map<string, Tensor>();
  /** Masks that the trainer feeds at each step, by the names of the graph's inputs. */
  readonly masks = new Map<string, DropoutMask>();
  readonly #values: VariableValues | undefined;

  /** @param values the trained values, which makes a net for inference; without them it is one for training */
  constructor(graph: Graph, values?: VariableValues) {
    this.graph = graph;
    this.#values = values;
  }

  get training(): boolean {
    return this.#values === undefined;
  }

  /** The value of a variable as a tensor of the graph; in training it is the graph's input of that name. */
  variable(variable: Variable): Tensor {
    if (this.variables.has(variable.name)) {
      throw new GraphError('DUPLICATE_NAME', `two variables are called '${variable.name}'`);
    }
    this.variables.set(variable.name, variable);
    const tensor = this.training
      ? this.graph.input(variable.name, variable.shape)
      : this.graph.constant(this.#trained(variable), variable.name);
    this.tensors.set(variable.name, tensor);
    return tensor;
  }

  #trained({ name, shape }: Variable): TensorData {
    const value = this.#values?.get(name);
    if (value?.dtype !== 'float32' || !sameShape(value.shape, shape)) {
      throw new GraphError(
        'BAD_FEED',
        `there is no trained value of shape [${shape}] for '${name}'`,
        'the checkpoint is of another net',
      );
    }
    return value;
  }
}

/** First values of the variables; `normal` draws from the standard normal distribution. */
export function initialValues(variables: Iterable<Variable>, normal: () => number): Map<string, TensorData> {
  const values = new Map<string, TensorData>();
  for (const { name, shape, initial } of variables) {
    const data = new Float32Array(sizeOf(shape));
    if ('constant' in initial) data.fill(initial.constant);
    else for (let i = 0; i < data.length; i++) data[i] = normal() * initial.deviation;
    values.set(name, { dtype: 'float32', shape, data });
  }
  return values;
}

/** He initialisation for Relu (He et al., 2015): deviation sqrt(2 / fan-in). */
export function heDeviation(fanIn: number): Initializer {
  return { deviation: Math.sqrt(2 / fanIn) };
}

export interface ConvLayerOptions extends Omit<ConvOptions, 'bias'> {
  /** Side of the kernel. */
  kernel: number;
  /** Output channels. */
  channels: number;
  /** How the kernel starts; default as He et al. */
  initial?: Initializer;
}

/** A convolution with a bias. */
export function convLayer(
  scope: Scope,
  name: string,
  x: Tensor,
  { kernel, channels, initial, ...options }: ConvLayerOptions,
): Tensor {
  const weight = scope.variable(convWeight(name, x, { kernel, channels, ...options, ...(initial && { initial }) }));
  const bias = scope.variable({
    name: `${name}.bias`,
    shape: [channels],
    kind: 'parameter',
    decay: false,
    initial: { constant: 0 },
  });
  return conv(x, weight, { ...options, bias });
}

export interface ConvNormOptions extends ConvLayerOptions {
  /** Added after the normalisation. */
  residual?: Tensor;
  /** Relu at the end; default true. */
  relu?: boolean;
  /** Makes channels in mirrored pairs, out of a picture or of such pairs (see {@link mirrorKernel}); `channels` counts both of each. */
  mirror?: 'picture' | 'pairs';
}

const EPSILON = 1e-5;

/** Convolution, batch normalisation, sum with a shortcut and Relu. */
export function convNorm(scope: Scope, name: string, x: Tensor, options: ConvNormOptions): Tensor {
  return scope.training ? convNormTraining(scope, name, x, options) : convNormInference(scope, name, x, options);
}

/**
 * Gates [N, C, 1, 1] of the channels of x [N, C, H, W], between 0 and 2 and near 1 at first: what all pixels of a picture together tell
 * of each channel, through `units` hidden units (squeeze-and-excitation, Hu et al., 2018).
 */
export function channelGates(scope: Scope, name: string, x: Tensor, units: number): Tensor {
  const squeezed = convLayer(scope, `${name}.squeeze`, globalAveragePool(x), { kernel: 1, channels: units });
  const excited = convLayer(scope, `${name}.excite`, relu(squeezed), {
    kernel: 1,
    channels: x.shape[1]!,
    initial: { deviation: 0.01 },
  });
  return scale(sigmoid(excited), 2);
}

/** A dense layer: x [N, inputs] to [N, units]. */
export function denseLayer(scope: Scope, name: string, x: Tensor, units: number, initial?: Initializer): Tensor {
  const inputs = x.shape[1]!;
  const weight = scope.variable({
    name: `${name}.weight`,
    shape: [units, inputs],
    kind: 'parameter',
    decay: true,
    initial: initial ?? heDeviation(inputs),
  });
  const bias = scope.variable({
    name: `${name}.bias`,
    shape: [units],
    kind: 'parameter',
    decay: false,
    initial: { constant: 0 },
  });
  return dense(x, weight, bias);
}

/**
 * Dropout: in training a product with a mask that is fed under `name`, in inference nothing.
 * @param rate share of zeros, 0 <= rate < 1
 */
export function dropoutLayer(scope: Scope, name: string, x: Tensor, rate: number): Tensor {
  if (!(rate >= 0 && rate < 1)) throw new GraphError('BAD_ATTRIBUTE', `a dropout rate of ${rate} is not in [0, 1)`);
  if (!scope.training || rate === 0) return x;
  scope.masks.set(name, { shape: x.shape, rate });
  return dropout(x, scope.graph.input(name, x.shape));
}

function convWeight(name: string, x: Tensor, { kernel, channels, groups = 1, initial }: ConvLayerOptions): Variable {
  const inputs = x.shape[1]! / groups;
  return {
    name: `${name}.weight`,
    shape: [channels, inputs, kernel, kernel],
    kind: 'parameter',
    decay: true,
    initial: initial ?? heDeviation(inputs * kernel * kernel),
  };
}

interface NormVariables {
  scale: Variable;
  bias: Variable;
  mean: Variable;
  variance: Variable;
}

function normVariables(name: string, channels: number): NormVariables {
  const make = (part: string, kind: Variable['kind'], constant: number): Variable => ({
    name: `${name}.${part}`,
    shape: [channels],
    kind,
    decay: false,
    initial: { constant },
  });
  return {
    scale: make('norm.scale', 'parameter', 1),
    bias: make('norm.bias', 'parameter', 0),
    mean: make('norm.mean', 'statistic', 0),
    variance: make('norm.variance', 'statistic', 1),
  };
}

/**
 * The other variables of a layer of {@link convNorm} whose normalisation has become a part of its convolution but for the bias: with them
 * the normalisation adds that and changes nothing else.
 */
export function foldedNorm(name: string, channels: number): Map<string, TensorData> {
  const { scale: gain, mean, variance } = normVariables(name, channels);
  const fill = (variable: Variable, value: number) =>
    [variable.name, float32([channels], new Float32Array(channels).fill(value))] as const;
  return new Map([fill(gain, 1), fill(mean, 0), fill(variance, 1 - EPSILON)]);
}

function convNormTraining(
  scope: Scope,
  name: string,
  x: Tensor,
  { kernel, channels, residual, relu: active = true, mirror, ...options }: ConvNormOptions,
): Tensor {
  const y = conv(x, normKernel(scope, name, x, { kernel, channels, mirror, ...options }), options);
  const { scale: gain, bias, mean, variance } = normVariables(name, mirror ? channels / 2 : channels);
  const normalised = batchNorm(y, ofChannels(scope, gain, mirror), ofChannels(scope, bias, mirror), {
    epsilon: EPSILON,
    relu: active,
    ...(residual && { residual }),
  });
  const seen = mirror ? pairStatistics(normalised.mean, normalised.variance) : normalised;
  const count = sizeOf(y.shape) / channels;
  observe(scope, mean, seen.mean);
  // The running variance is the unbiased one, as PyTorch keeps it.
  observe(scope, variance, scale(seen.variance, count / (count - 1)));
  return normalised.y;
}

function observe(scope: Scope, statistic: Variable, seen: Tensor): void {
  scope.variable(statistic);
  scope.observed.set(statistic.name, seen);
}

function convNormInference(
  scope: Scope,
  name: string,
  x: Tensor,
  { kernel, channels, residual, relu: active = true, mirror, ...options }: ConvNormOptions,
): Tensor {
  const y = conv(x, normKernel(scope, name, x, { kernel, channels, mirror, ...options }), options);
  const { scale: gain, bias, mean, variance } = normVariables(name, mirror ? channels / 2 : channels);
  const [g, b, m, v] = [gain, bias, mean, variance].map((each) => ofChannels(scope, each, mirror)) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const normalised = batchNormInference(y, g, b, m, v, EPSILON);
  const summed = residual === undefined ? normalised : add(normalised, residual);
  return active ? relu(summed) : summed;
}

type Mirror = ConvNormOptions['mirror'];

function normKernel(
  scope: Scope,
  name: string,
  x: Tensor,
  { mirror, channels, ...options }: ConvLayerOptions & { mirror: Mirror | undefined },
): Tensor {
  if (mirror === undefined) return scope.variable(convWeight(name, x, { channels, ...options }));
  const half = scope.variable(convWeight(name, x, { channels: channels / 2, ...options }));
  return mirrorKernel(half, mirror);
}

function ofChannels(scope: Scope, variable: Variable, mirror: Mirror | undefined): Tensor {
  const values = scope.variable(variable);
  return mirror === undefined ? values : perChannel(values);
}
