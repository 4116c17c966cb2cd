import { encodeModel } from './codec.ts';
import { Graph } from './graph.ts';
import { lower } from './lowering.ts';
import { conv } from './operators/convolution.ts';
import type { SessionFactory } from './session.ts';
import { float32, type TensorData } from './tensor.ts';

/**
 * Finds the number of channels that ONNX Runtime puts in a block on this machine: 16 with AVX-512, 8 with AVX2, 0 where it
 * has no blocked convolution (browsers, other processors). It cannot be asked, so a small convolution is run in each block
 * size and compared with the plain one: a wrong size gives other numbers or an error.
 */
export async function probeBlockSize(createSession: SessionFactory): Promise<number> {
  const expected = await runProbe(createSession, 0);
  for (const blockSize of [16, 8]) {
    const seen = await runProbe(createSession, blockSize).catch(() => undefined);
    if (seen !== undefined && agree(seen, expected)) return blockSize;
  }
  return 0;
}

async function runProbe(createSession: SessionFactory, blockSize: number): Promise<TensorData> {
  const graph = new Graph();
  const x = graph.input('x', [1, 16, 5, 5]);
  const w = graph.input('w', [32, 16, 3, 3]);
  graph.output('y', conv(x, w));
  const session = await createSession(encodeModel(lower(graph, { blockSize })));
  try {
    const feeds = { x: ramp(x.shape), w: ramp(w.shape) };
    return (await session.run(feeds)).y!;
  } finally {
    await session.close();
  }
}

function ramp(shape: readonly number[]): TensorData {
  const size = shape.reduce((a, b) => a * b, 1);
  return float32(
    shape,
    Float32Array.from({ length: size }, (_, i) => Math.sin(i * 0.7)),
  );
}

function agree(a: TensorData, b: TensorData): boolean {
  return (
    a.data.length === b.data.length && a.data.every((value, i) => Math.abs(Number(value) - Number(b.data[i])) < 1e-3)
  );
}
