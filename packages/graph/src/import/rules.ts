import type { Tensor } from '../graph.ts';
import { hardSwish, leakyRelu, relu, sigmoid, tanh } from '../operators/activation.ts';
import { add, div, exp, log, mul, neg, pow, scale, sqrt, sub } from '../operators/arithmetic.ts';
import { batchNormInference } from '../operators/batch-norm-inference.ts';
import { logSoftmax, softmax } from '../operators/loss.ts';
import { gemm, matMul } from '../operators/matmul.ts';
import { globalAveragePool } from '../operators/pooling.ts';
import { reduceMean, reduceSum } from '../operators/reduction.ts';
import { sameShape } from '../tensor.ts';
import { castConstant, importDequantize, throughRounding } from './constant-rules.ts';
import { importConv, importInstanceNorm, importPool } from './image-rules.ts';
import type { NodeReader } from './node-reader.ts';
import * as shape from './shape-rules.ts';

/** Builds what a node of a file computes: its first output, which is all that models of inference use of most operators, or all. */
export type Rule = (node: NodeReader) => Tensor | readonly Tensor[];

/** A rule for each ONNX operator (https://onnx.ai/onnx/operators/), as of operator set 13 and later. */
export const RULES: Readonly<Record<string, Rule>> = {
  Add: binary(add),
  Sub: binary(sub),
  Mul: binary(mul),
  Div: binary(div),
  Pow: binary(pow),
  MatMul: binary(matMul),
  Neg: unary(neg),
  Exp: unary(exp),
  Log: unary(log),
  Sqrt: unary(sqrt),
  Reciprocal: unary((x) => div(x.graph.scalar(1), x)),
  Relu: unary(relu),
  Sigmoid: unary(sigmoid),
  Tanh: unary(tanh),
  HardSwish: unary(hardSwish),
  LeakyRelu: (node) => leakyRelu(node.input(0), node.float('alpha', 0.01)),
  Clip: importClip,
  Gemm: importGemm,
  Conv: importConv,
  MaxPool: (node) => importPool(node, 'MaxPool'),
  AveragePool: (node) => importPool(node, 'AveragePool'),
  GlobalAveragePool: unary(globalAveragePool),
  BatchNormalization: importBatchNorm,
  InstanceNormalization: importInstanceNorm,
  Softmax: (node) => alongLastAxis(node, softmax),
  LogSoftmax: (node) => alongLastAxis(node, logSoftmax),
  ReduceSum: (node) => importReduction(node, reduceSum),
  ReduceMean: (node) => importReduction(node, reduceMean),
  Reshape: shape.importReshape,
  Flatten: shape.importFlatten,
  Transpose: shape.importTranspose,
  Concat: shape.importConcat,
  Split: shape.importSplit,
  Slice: shape.importSlice,
  Pad: shape.importPad,
  Expand: shape.importExpand,
  Identity: unary((x) => x),
  Dropout: importDropout,
  Constant: (node) => node.graph.constant(node.tensor('value')),
  Cast: castConstant,
  QuantizeLinear: throughRounding,
  DequantizeLinear: importDequantize,
};

function unary(build: (x: Tensor) => Tensor): Rule {
  return (node) => build(node.input(0));
}

function binary(build: (a: Tensor, b: Tensor) => Tensor): Rule {
  return (node) => build(node.input(0), node.input(1));
}

/** max(x, low) is low + relu(x - low), and min(x, high) is high - relu(high - x). */
function importClip(node: NodeReader): Tensor {
  const x = node.input(0);
  const [low, high] = [node.constantNumber(1), node.constantNumber(2)];
  const above = low === undefined ? x : add(relu(sub(x, x.graph.scalar(low))), x.graph.scalar(low));
  return high === undefined ? above : sub(x.graph.scalar(high), relu(sub(x.graph.scalar(high), above)));
}

/** alpha * A * B + beta * C. */
function importGemm(node: NodeReader): Tensor {
  const [alpha, beta] = [node.float('alpha', 1), node.float('beta', 1)];
  const [transA, transB] = [node.int('transA', 0) === 1, node.int('transB', 0) === 1];
  const [a, b, bias] = [node.input(0), node.input(1), node.optional(2)];
  const isDense = alpha === 1 && beta === 1 && sameShape(bias?.shape ?? [], [b.shape[transB ? 0 : 1]!]);
  if (isDense) return gemm(a, b, transA, transB, bias);
  const product = gemm(a, b, transA, transB);
  const scaled = alpha === 1 ? product : scale(product, alpha);
  return bias === undefined ? scaled : add(scaled, beta === 1 ? bias : scale(bias, beta));
}

function importBatchNorm(node: NodeReader): Tensor {
  node.expect('training_mode', 0);
  node.float('momentum', 0.9); // matters in training only
  const [x, gain, bias, mean, variance] = [0, 1, 2, 3, 4].map((i) => node.input(i)) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  return batchNormInference(x, gain, bias, mean, variance, node.float('epsilon', 1e-5));
}

function alongLastAxis(node: NodeReader, build: (x: Tensor) => Tensor): Tensor {
  const x = node.input(0);
  const rank = x.shape.length;
  return node.axis(node.int('axis', -1), rank) === rank - 1 ? build(x) : node.refuse('only the last axis is supported');
}

/** Axes stand in an attribute or, in newer operator sets, in an input; without any, all of them are meant. */
function importReduction(node: NodeReader, build: (x: Tensor, axes?: number[], keepDims?: boolean) => Tensor): Tensor {
  const x = node.input(0);
  const axes = node.constantNumbers(1) ?? node.ints('axes') ?? [];
  const keepDims = node.int('keepdims', 1) === 1;
  const noAxes = node.int('noop_with_empty_axes', 0) === 1 ? [] : x.shape.map((_, axis) => axis);
  return build(x, axes.length === 0 ? noAxes : axes.map((axis) => node.axis(axis, x.shape.length)), keepDims);
}

/** Does nothing in inference; its ratio and mode are constants that say how it was trained. */
function importDropout(node: NodeReader): Tensor {
  node.optional(1);
  if (node.constantNumber(2)) node.refuse('it is in training mode');
  node.int('seed', 0);
  return node.input(0);
}
