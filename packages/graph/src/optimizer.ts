import { GraphError } from './error.ts';
import type { Tensor } from './graph.ts';
import { relu } from './operators/activation.ts';
import { add, div, mul, pow, scale, sqrt, sub } from './operators/arithmetic.ts';
import { reduceSum } from './operators/reduction.ts';

/**
 * Optimisers as pure functions: they append nodes to the graph. What they remember from step to step are named inputs with
 * their next values, so that a checkpoint is nothing but tensors by name. State starts at zero.
 */

export interface Parameter {
  name: string;
  value: Tensor;
  gradient: Tensor;
  /** Whether this parameter's group takes weight decay. */
  decay: boolean;
}

/** Scalars of shape [] fed at each step. */
export interface StepInputs {
  learningRate: Tensor;
  /** Counts from 1. */
  step: Tensor;
}

/** A tensor that a step reads under its name and gives back changed. */
export interface StateUpdate {
  name: string;
  next: Tensor;
}

/** Next value of a parameter, and the next values of the state kept for it (inputs made with `state`). */
export interface ParameterUpdate {
  next: Tensor;
  state: StateUpdate[];
}

export type Optimizer = (parameter: Parameter, inputs: StepInputs) => ParameterUpdate;

export interface SgdOptions {
  /** Default 0.9; 0 keeps no state. */
  momentum?: number;
  /** Default true (Sutskever et al., 2013, in PyTorch's form). */
  nesterov?: boolean;
  /** Added to the gradient as `weightDecay * value`. Default 0. */
  weightDecay?: number;
}

/** Stochastic gradient descent. */
export function sgd({ momentum = 0.9, nesterov = true, weightDecay = 0 }: SgdOptions = {}): Optimizer {
  return (parameter, { learningRate }) => {
    const gradient = decayed(parameter, weightDecay);
    if (momentum === 0) return { next: sub(parameter.value, mul(gradient, learningRate)), state: [] };
    const velocity = state(parameter, 'velocity');
    const next = add(scale(velocity.tensor, momentum), gradient);
    const direction = nesterov ? add(gradient, scale(next, momentum)) : next;
    return { next: sub(parameter.value, mul(direction, learningRate)), state: [{ name: velocity.name, next }] };
  };
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
  return (parameter, inputs) => {
    const { direction, moments } = adamDirection(
      { ...parameter, gradient: decayed(parameter, options.weightDecay ?? 0) },
      inputs,
      options,
    );
    return { next: sub(parameter.value, mul(direction, inputs.learningRate)), state: moments };
  };
}

/** AdamW (Loshchilov and Hutter, 2019): weight decay shrinks the value itself. */
export function adamW({ weightDecay = 0.01, ...options }: AdamOptions = {}): Optimizer {
  return (parameter, inputs) => {
    const { direction, moments } = adamDirection(parameter, inputs, options);
    const { value, decay } = parameter;
    const shrunk = decay && weightDecay > 0 ? sub(value, mul(scale(value, weightDecay), inputs.learningRate)) : value;
    return { next: sub(shrunk, mul(direction, inputs.learningRate)), state: moments };
  };
}

/**
 * Scales all gradients down so that their common norm is at most `maximum`; gives them and the norm before.
 * @throws GraphError `BAD_ATTRIBUTE` where there are none, or `maximum` is not above zero
 */
export function clipByNorm(gradients: readonly Tensor[], maximum: number): { gradients: Tensor[]; norm: Tensor } {
  if (gradients.length === 0 || !(maximum > 0)) {
    throw new GraphError('BAD_ATTRIBUTE', `${gradients.length} gradients cannot be clipped to a norm of ${maximum}`);
  }
  const norm = sqrt(gradients.map((gradient) => reduceSum(mul(gradient, gradient))).reduce((a, b) => add(a, b)));
  // maximum / max(norm, maximum), with max(a, b) = b + Relu(a - b), which is exactly 1 below the maximum.
  const limit = norm.graph.scalar(maximum);
  const factor = div(limit, add(limit, relu(sub(norm, limit))));
  return { gradients: gradients.map((gradient) => mul(gradient, factor)), norm };
}

/** Exponential moving average of a value (Polyak averaging). */
export function movingAverage(average: Tensor, value: Tensor, decay: Tensor): Tensor {
  return add(mul(sub(average, value), decay), value);
}

function decayed({ value, gradient, decay }: Parameter, weightDecay: number): Tensor {
  return decay && weightDecay > 0 ? add(gradient, scale(value, weightDecay)) : gradient;
}

function state({ name, value }: Parameter, kind: string): { name: string; tensor: Tensor } {
  const full = `${kind}/${name}`;
  return { name: full, tensor: value.graph.input(full, value.shape) };
}

function adamDirection(
  parameter: Parameter,
  { step }: StepInputs,
  { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions,
) {
  const { gradient } = parameter;
  const graph = gradient.graph;
  const [first, second] = [state(parameter, 'moment1'), state(parameter, 'moment2')];
  const mean = add(scale(first.tensor, beta1), scale(gradient, 1 - beta1));
  const square = add(scale(second.tensor, beta2), scale(mul(gradient, gradient), 1 - beta2));
  const unbiased = (moment: Tensor, beta: number) => div(moment, sub(graph.scalar(1), pow(graph.scalar(beta), step)));
  const direction = div(unbiased(mean, beta1), add(sqrt(unbiased(square, beta2)), graph.scalar(epsilon)));
  const moments: StateUpdate[] = [
    { name: first.name, next: mean },
    { name: second.name, next: square },
  ];
  return { direction, moments };
}
