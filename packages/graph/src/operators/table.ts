import type { Operator } from '../graph.ts';
import { HardSwish, LeakyRelu, Relu, ReluGradient, Sigmoid, Tanh } from './activation.ts';
import { Add, Div, Exp, Log, Mul, Neg, Pow, Sqrt, Step, Sub } from './arithmetic.ts';
import { BatchNorm, BatchNormGradient } from './batch-norm.ts';
import { BatchNormInference } from './batch-norm-inference.ts';
import { Conv, ConvBiasGradient, ConvInputGradient, ConvWeightGradient } from './convolution.ts';
import { Gate, GateGradient } from './gate.ts';
import { InstanceNorm } from './instance-norm.ts';
import { LogSoftmax, Softmax } from './loss.ts';
import { Gemm, MatMul } from './matmul.ts';
import {
  AveragePool,
  AveragePoolGradient,
  GlobalAveragePool,
  GlobalAveragePoolGradient,
  MaxPool,
  MaxPoolGradient,
} from './pooling.ts';
import { ReduceMean, ReduceSum } from './reduction.ts';
import { Concat, Expand, Pad, Reshape, Slice, Split, Transpose } from './shape.ts';

/** Every operator, for whoever goes through all of them: the tests of the gradients do. */
export const OPERATORS = {
  Add,
  Sub,
  Mul,
  Div,
  Pow,
  Neg,
  Exp,
  Log,
  Sqrt,
  Step,
  Relu,
  ReluGradient,
  LeakyRelu,
  Sigmoid,
  Tanh,
  HardSwish,
  Conv,
  ConvBiasGradient,
  ConvInputGradient,
  ConvWeightGradient,
  MatMul,
  Gemm,
  MaxPool,
  MaxPoolGradient,
  AveragePool,
  AveragePoolGradient,
  GlobalAveragePool,
  GlobalAveragePoolGradient,
  BatchNorm,
  BatchNormGradient,
  BatchNormInference,
  Gate,
  GateGradient,
  InstanceNorm,
  Softmax,
  LogSoftmax,
  ReduceSum,
  ReduceMean,
  Reshape,
  Transpose,
  Concat,
  Split,
  Slice,
  Pad,
  Expand,
} satisfies Record<string, Operator<never>>;
