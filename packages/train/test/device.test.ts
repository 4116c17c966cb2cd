import { probeBlockSize } from '@mememoji/graph/blocks';
import { encodeModel } from '@mememoji/graph/codec';
import { Graph } from '@mememoji/graph/graph';
import { lower } from '@mememoji/graph/lowering';
import { mul } from '@mememoji/graph/operators/arithmetic';
import { conv } from '@mememoji/graph/operators/convolution';
import { float32 } from '@mememoji/graph/tensor';
import { describe, expect, it } from 'vitest';
import { benchmarkTraining } from '../src/benchmark.ts';
import { openClassifier } from '../src/classifier-session.ts';
import { onWebGpu } from '../src/device.ts';
import { createEngine } from '../src/engine.ts';
import { encodeTiny } from './helpers/tiny-classifier.ts';

const webgpu = createEngine({ device: 'webgpu' });

/** A convolution whose channels fill blocks of 16. */
function convolution(blockSize: number): Uint8Array {
  const graph = new Graph();
  graph.output('y', conv(graph.input('x', [1, 16, 5, 5]), graph.input('w', [16, 16, 3, 3])));
  return encodeModel(lower(graph, { blockSize }));
}

const hasCard = await webgpu(convolution(0)).then(
  async (session) => {
    await session.close();
    return true;
  },
  () => false,
);

const NO_DEVICE = { code: 'NO_DEVICE', hint: expect.stringContaining('device cpu') };

describe.skipIf(hasCard)('without a graphics card', () => {
  it('makes no session, rather than one on the processor', async () => {
    await expect(webgpu(convolution(0))).rejects.toMatchObject(NO_DEVICE);
    await expect(webgpu(convolution(0)), 'the second time').rejects.toMatchObject(NO_DEVICE);
  });

  it('neither probes for layouts nor trains', async () => {
    await expect(probeBlockSize(webgpu)).rejects.toMatchObject(NO_DEVICE);
    const options = { batchSize: 2, steps: 1, warmup: 0, createSession: webgpu };
    await expect(benchmarkTraining('m3', options)).rejects.toMatchObject(NO_DEVICE);
  });

  it('opens no classifier, while the processor still does', async () => {
    const model = encodeTiny(2, (pixels) => mul(pixels, pixels.graph.scalar(2)));
    await expect(openClassifier(model, { device: 'webgpu' })).rejects.toMatchObject(NO_DEVICE);
    await (await openClassifier(model)).close();
  });
});

describe.skipIf(!hasCard)('with a graphics card', () => {
  it('trains there as on the processor, in plain layout', { timeout: 300_000 }, async () => {
    const options = { batchSize: 8, steps: 3, warmup: 0 };
    const card = await benchmarkTraining('m3', { ...options, createSession: webgpu });
    const processor = await benchmarkTraining('m3', { ...options, createSession: createEngine() });
    expect(card.blockSize).toBe(0);
    expect(card.loss).toBeCloseTo(processor.loss, 2);
  });
});

it('refuses blocked layouts, which the card would leave to the processor', async () => {
  await expect(webgpu(convolution(16))).rejects.toMatchObject({ code: 'BAD_MODEL' });
});

it('does not take another failure for a missing card', async () => {
  const failure = new Error('Load model failed: protobuf parsing failed');
  await expect(onWebGpu(() => Promise.reject(failure))).rejects.toBe(failure);
  await expect(onWebGpu(async () => float32([], [1]))).resolves.toEqual(float32([], [1]));
});
