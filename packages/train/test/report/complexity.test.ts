import { encodeModel } from '@mememoji/graph/codec';
import type { AttributeValue, ModelNode } from '@mememoji/graph/model';
import { float32, int64, sizeOf, type TensorData } from '@mememoji/graph/tensor';
import { describe, expect, it } from 'vitest';
import { countOperations } from '../../src/report/complexity.ts';

type Attributes = Record<string, AttributeValue>;

function node(operator: string, inputs: string[], output: string, attributes: Attributes = {}): ModelNode {
  return { operator, domain: '', name: output, inputs, outputs: [output], attributes };
}

const zeros = (...shape: number[]): TensorData => float32(shape, new Float32Array(sizeOf(shape)));
const ints = (...value: number[]): AttributeValue => ({ type: 'ints', value });

/** pixels [batch, 1, 8, 8] -> `out` [batch, columns]. */
function encode(nodes: ModelNode[], initializers: Record<string, TensorData>, columns: number): Uint8Array {
  return encodeModel({
    irVersion: 8,
    producer: 'test',
    producerVersion: '',
    opsets: { '': 17 },
    metadata: {},
    graph: {
      name: 'counted',
      inputs: [{ name: 'pixels', dtype: 'float32', shape: ['batch', 1, 8, 8] }],
      outputs: [{ name: 'out', dtype: 'float32', shape: ['batch', columns] }],
      initializers: new Map(Object.entries(initializers)),
      nodes,
    },
  });
}

describe('countOperations', () => {
  it('counts convolutions with stride, groups and padding, and dense layers', async () => {
    const nodes = [
      node('Conv', ['pixels', 'w1', 'b1'], 'a', { pads: ints(1, 1, 1, 1) }), // [1, 4, 8, 8]: 256 outputs of 9
      node('Relu', ['a'], 'r'),
      node('Conv', ['r', 'w2'], 'b', { group: { type: 'int', value: 2 }, strides: ints(2, 2) }), // [1, 6, 3, 3] of 2x3x3
      node('Reshape', ['b', 'flat'], 'f'),
      node('Gemm', ['f', 'w3', 'b3'], 'g', { transB: { type: 'int', value: 1 } }), // 5 outputs of 54
      node('MatMul', ['g', 'w4'], 'out'), // 3 outputs of 5
    ];
    const weights = {
      w1: zeros(4, 1, 3, 3),
      b1: zeros(4),
      w2: zeros(6, 2, 3, 3),
      w3: zeros(5, 54),
      b3: zeros(5),
      w4: zeros(5, 3),
    };
    const counted = await countOperations(encode(nodes, { ...weights, flat: int64([-1, 54]) }, 3));
    expect(counted).toEqual({
      multiplyAdds: 256 * 9 + 54 * 18 + 5 * 54 + 3 * 5,
      parameters: 36 + 4 + 108 + 270 + 5 + 15,
    });
  });

  it('finds weights behind the operators that unpack them, and leaves the tables of these out', async () => {
    const nodes = [
      node('DequantizeLinear', ['packed', 'scale', 'zero'], 'w', { axis: { type: 'int', value: 0 } }),
      node('Reshape', ['pixels', 'flat'], 'f'),
      node('Gemm', ['f', 'w'], 'g', { transB: { type: 'int', value: 1 } }),
      node('Mul', ['g', 'two'], 'out'),
    ];
    const initializers = {
      packed: { dtype: 'int8', shape: [3, 64], data: new Int8Array(192) } as const,
      scale: float32([3], [1, 1, 1]),
      zero: { dtype: 'int8', shape: [3], data: new Int8Array(3) } as const,
      flat: int64([-1, 64]),
      two: float32([], [2]),
    };
    expect(await countOperations(encode(nodes, initializers, 3))).toEqual({ multiplyAdds: 192, parameters: 192 });
  });

  it('counts nothing where there is nothing to multiply', async () => {
    const nodes = [node('ReduceMean', ['pixels'], 'out', { axes: ints(2, 3), keepdims: { type: 'int', value: 0 } })];
    expect(await countOperations(encode(nodes, {}, 1))).toEqual({ multiplyAdds: 0, parameters: 0 });
  });
});
