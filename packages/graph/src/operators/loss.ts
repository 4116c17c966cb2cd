import { apply, type Operator, reject, type Tensor } from '../graph.ts';
import { sameShape, type TensorType } from '../tensor.ts';
import { add, exp, log, mul, neg, scale, sub } from './arithmetic.ts';
import { reduceSum } from './reduction.ts';

/** Softmax over the last axis and the losses on it. Batches are the first axis. */

export const Softmax = overLastAxis('Softmax', (gradient, y) => mul(y, sub(gradient, rowSums(mul(gradient, y)))));
export const LogSoftmax = overLastAxis('LogSoftmax', (gradient, y) => sub(gradient, mul(exp(y), rowSums(gradient))));

export const softmax = (x: Tensor): Tensor => apply(Softmax, [x], undefined);
export const logSoftmax = (x: Tensor): Tensor => apply(LogSoftmax, [x], undefined);

/**
 * Cross-entropy of logits [N, C] against soft targets [N, C] (rows that sum to 1), mean over the batch: a scalar.
 * Rows are weighted by `weights` [N] if given; the mean is over N all the same.
 */
export function crossEntropy(logits: Tensor, targets: Tensor, weights?: Tensor): Tensor {
  checkRows('crossEntropy', logits, targets);
  if (weights !== undefined && !sameShape(weights.shape, logits.shape.slice(0, 1))) {
    reject('crossEntropy', [logits, targets, weights], 'there is one weight per row, [N]');
  }
  const perRow = reduceSum(mul(targets, logSoftmax(logits)), [1]);
  const weighted = weights === undefined ? perRow : mul(perRow, weights);
  return scale(reduceSum(weighted), -1 / logits.shape[0]!);
}

/**
 * Kullback-Leibler divergence of softmax(logits / T) from target probabilities [N, C], mean over the batch, times T squared so
 * that its gradient keeps its size (Hinton et al., Distilling the knowledge in a neural network, 2015). Targets of 0 are safe.
 */
export function klDivergence(logits: Tensor, targets: Tensor, temperature = 1): Tensor {
  checkRows('klDivergence', logits, targets);
  const tiny = logits.graph.scalar(1e-12);
  const entropy = reduceSum(mul(targets, log(add(targets, tiny))));
  const cross = reduceSum(mul(targets, neg(logSoftmax(scale(logits, 1 / temperature)))));
  return scale(add(entropy, cross), (temperature * temperature) / logits.shape[0]!);
}

/** x times a mask of zeros and 1 / (1 - rate), fed from outside so that its seed is the trainer's (Srivastava et al., 2014). */
export const dropout = (x: Tensor, mask: Tensor): Tensor => mul(x, mask);

function checkRows(loss: string, logits: Tensor, targets: Tensor): void {
  if (logits.shape.length !== 2 || !sameShape(logits.shape, targets.shape)) {
    reject(loss, [logits, targets], 'both need the shape [N, C]');
  }
}

function overLastAxis(name: string, gradient: (gradient: Tensor, result: Tensor) => Tensor): Operator<undefined> {
  return {
    name,
    infer(inputs) {
      const [x] = inputs as [TensorType];
      if (x.shape.length === 0) reject(name, inputs, 'a scalar has no last axis');
      return [x];
    },
    gradient: (node, [outputGradient]) => [gradient(outputGradient!, node.outputs[0]!)],
    lower(node, lowering) {
      const input = lowering.value(node.inputs[0]!);
      lowering.define(node.outputs[0]!, lowering.emit(name, [input], { axis: { type: 'int', value: -1 } }));
    },
  };
}

/** Sums along the last axis, which stays with size 1. */
function rowSums(x: Tensor): Tensor {
  return reduceSum(x, [x.shape.length - 1], true);
}
