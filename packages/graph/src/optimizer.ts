import { GraphError } from './error.ts';
import type { Tensor } from './graph.ts';
import { relu } from './operators/activation.ts';
import { add, div, mul, pow, scale, sqrt, sub } from './operators/arithmetic.ts';
import { reduceSum } from './operators/reduction.ts';

/**
 * Optimisers as pure functions: they append nodes to the graph and know no names. All that they do is done element by element, so
 * that several parameters may be laid end to end and updated as one.
 */
export interface Optimizer {
  /** Names of what is remembered of a parameter from step to step, each of the parameter's shape; all start at zero. */
  readonly memory: readonly string[];
  update(parameter: Parameter, inputs: StepInputs): ParameterUpdate;
}

export interface Parameter {
  value: Tensor;
  gradient: Tensor;
  /** In the order of the optimiser's names. */
  memory: readonly Tensor[];
  /** Whether this parameter's group takes weight decay. */
  decay: boolean;
}

/** Scalars of shape [] fed at each step. */
export interface StepInputs {
  learningRate: Tensor;
  /** Counts from 1. */
  step: Tensor;
}

/** Next values of a parameter and of its memory. */
export interface ParameterUpdate {
  value: Tensor;
  memory: readonly Tensor[];
}

export interface SgdOptions {
  /** Default 0.9; 0 keeps no memory. */
  momentum?: number;
  /** Default true (Sutskever et al., 2013, in PyTorch's form). */
  nesterov?: boolean;
  /** Added to the gradient as `weightDecay * value`. Default 0. */
  weightDecay?: number;
}

/** Stochastic gradient descent. */
export function sgd({ momentum = 0.9, nesterov = true, weightDecay = 0 }: SgdOptions = {}): Optimizer {
  const descend = (value: Tensor, direction: Tensor, rate: Tensor) => sub(value, mul(direction, rate));
  if (momentum === 0) {
    const update: Optimizer['update'] = (parameter, { learningRate }) => ({
      value: descend(parameter.value, decayed(parameter, weightDecay), learningRate),
      memory: [],
    });
    return { memory: [], update };
  }
  const update: Optimizer['update'] = (parameter, { learningRate }) => {
    const gradient = decayed(parameter, weightDecay);
    const velocity = add(scale(parameter.memory[0]!, momentum), gradient);
    const direction = nesterov ? add(gradient, scale(velocity, momentum)) : velocity;
    return { value: descend(parameter.value, direction, learningRate), memory: [velocity] };
  };
  return { memory: ['velocity'], update };
}

export interface AdamOptions {
  /** Default 0.9 and 0.999. */
  beta1?: number;
  beta2?: number;
  /** Default 1e-8. */
  epsilon?: number;
  /** Default 0. */
  weightDecay?: number;
}

/** Adam (Kingma and Ba, 2015); weight decay is added to the gradient. */
export function adam(options: AdamOptions = {}): Optimizer {
  const update: Optimizer['update'] = (parameter, inputs) => {
    const gradient = decayed(parameter, options.weightDecay ?? 0);
    const { direction, memory } = adamDirection({ ...parameter, gradient }, inputs, options);
    return { value: sub(parameter.value, mul(direction, inputs.learningRate)), memory };
  };
  return { memory: ADAM_MEMORY, update };
}

/** AdamW (Loshchilov and Hutter, 2019): weight decay shrinks the value itself. */
export function adamW({ weightDecay = 0.01, ...options }: AdamOptions = {}): Optimizer {
  const update: Optimizer['update'] = (parameter, inputs) => {
    const { direction, memory } = adamDirection(parameter, inputs, options);
    const { value, decay } = parameter;
    const shrunk = decay && weightDecay > 0 ? sub(value, mul(scale(value, weightDecay), inputs.learningRate)) : value;
    return { value: sub(shrunk, mul(direction, inputs.learningRate)), memory };
  };
  return { memory: ADAM_MEMORY, update };
}

const ADAM_MEMORY = ['moment1', 'moment2'];

/**
 * Scales all gradients down so that their common norm is at most `maximum`; gives them and the norm before.
 * @throws GraphError `BAD_ATTRIBUTE` where there are none, or `maximum` is not above zero
 */
export function clipByNorm(gradients: readonly Tensor[], maximum: number): { gradients: Tensor[]; norm: Tensor } {
  if (gradients.length === 0 || !(maximum > 0)) {
    throw new GraphError('BAD_ATTRIBUTE', `${gradients.length} gradients cannot be clipped to a norm of ${maximum}`);
  }
  const norm = normOf(gradients);
  // maximum / max(norm, maximum), with max(a, b) = b + Relu(a - b), which is exactly 1 below the maximum.
  const limit = norm.graph.scalar(maximum);
  const factor = div(limit, add(limit, relu(sub(norm, limit))));
  return { gradients: gradients.map((gradient) => mul(gradient, factor)), norm };
}

/** Euclidean norm of tensors laid end to end, a scalar. @param tensors at least one */
export function normOf(tensors: readonly Tensor[]): Tensor {
  return sqrt(tensors.map((tensor) => reduceSum(mul(tensor, tensor))).reduce((a, b) => add(a, b)));
}

/** Exponential moving average of a value (Polyak averaging). */
export function movingAverage(average: Tensor, value: Tensor, decay: Tensor): Tensor {
  return add(mul(sub(average, value), decay), value);
}

function decayed({ value, gradient, decay }: Parameter, weightDecay: number): Tensor {
  return decay && weightDecay > 0 ? add(gradient, scale(value, weightDecay)) : gradient;
}

function adamDirection(
  { gradient, memory: [first, second] }: Parameter,
  { step }: StepInputs,
  { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions,
): { direction: Tensor; memory: Tensor[] } {
  const graph = gradient.graph;
  const mean = add(scale(first!, beta1), scale(gradient, 1 - beta1));
  const square = add(scale(second!, beta2), scale(mul(gradient, gradient), 1 - beta2));
  const unbiased = (moment: Tensor, beta: number) => div(moment, sub(graph.scalar(1), pow(graph.scalar(beta), step)));
  const direction = div(unbiased(mean, beta1), add(sqrt(unbiased(square, beta2)), graph.scalar(epsilon)));
  return { direction, memory: [mean, square] };
}
