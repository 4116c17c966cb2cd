import { encodeModel } from '@mememoji/graph/codec';
import { Graph } from '@mememoji/graph/graph';
import { lower } from '@mememoji/graph/lowering';
import { add, scale } from '@mememoji/graph/operators/arithmetic';
import { float32 } from '@mememoji/graph/tensor';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { firstState } from '../src/first-state.ts';
import { sessionsOf } from '../src/onnx-session.ts';
import type { Runtime } from '../src/onnx-tensors.ts';
import { Stepper } from '../src/stepper.ts';
import { buildTrainingGraph } from '../src/training-graph.ts';
import { pictures, targets } from './helpers/tiny-net.ts';
import { engine, tinyRecipe } from './helpers/tiny-run.ts';

/**
 * ONNX Runtime as it is with a graphics card, over the processor: outputs that are wanted on the card come as tensors whose
 * numbers cannot be seen, only fetched.
 */
function cardRuntime() {
  const held = new Map<ort.Tensor, ort.Tensor>();
  const counts = { downloads: 0, uploads: 0 };
  const onCard = (tensor: ort.Tensor): ort.Tensor => {
    const { data, dims } = tensor;
    if (!(data instanceof Float32Array)) throw new Error('not float32');
    const there: ort.Tensor = ort.Tensor.fromGpuBuffer(Object.freeze({ size: data.byteLength }) as never, {
      dataType: 'float32',
      dims,
      download: async () => {
        counts.downloads++;
        return data;
      },
      dispose: () => void held.delete(there),
    });
    held.set(there, tensor);
    return there;
  };
  const create: Runtime['InferenceSession']['create'] = async (model: unknown, options?: unknown) => {
    const { preferredOutputLocation = {} } = options as ort.InferenceSession.SessionOptions;
    const session = await ort.InferenceSession.create(model as Uint8Array, { intraOpNumThreads: 1 });
    const run = async (feeds: Record<string, ort.Tensor>) => {
      const here = Object.entries(feeds).map(([name, tensor]) => {
        if (tensor.location === 'cpu') counts.uploads++;
        return [name, tensor.location === 'cpu' ? tensor : held.get(tensor)!] as const;
      });
      const results = await session.run(Object.fromEntries(here));
      const wanted = preferredOutputLocation as Record<string, string>;
      return Object.fromEntries(
        Object.entries(results).map(([name, tensor]) => [
          name,
          wanted[name] === 'gpu-buffer' ? onCard(tensor) : tensor,
        ]),
      );
    };
    return { run, release: () => session.release() } as unknown as ort.InferenceSession;
  };
  return { runtime: { InferenceSession: { create }, Tensor: ort.Tensor }, held, counts };
}

const WEBGPU = { executionProviders: ['webgpu'] };

describe('sessionsOf', () => {
  /** y = x + 2 * total, and the next total is y. */
  function totals(): Uint8Array {
    const graph = new Graph();
    const next = add(graph.input('x', [2]), scale(graph.input('total', [2]), 2));
    graph.output('next', next);
    graph.output('half', scale(next, 0.5));
    return encodeModel(lower(graph));
  }

  it('leaves carried values on the card from run to run, and frees the old ones', async () => {
    const { runtime, held, counts } = cardRuntime();
    const session = await sessionsOf(runtime, WEBGPU)(totals(), new Map([['total', 'next']]));
    const carrier = session.carry!({ total: float32([2], [1, 10]) });
    expect(await carrier.run({ x: float32([2], [1, 1]) })).toEqual({ half: float32([2], [1.5, 10.5]) });
    expect(await carrier.run({ x: float32([2], [0, 0]) })).toEqual({ half: float32([2], [3, 21]) });
    expect(counts).toEqual({ downloads: 0, uploads: 3 });
    expect(held.size).toBe(1);
    expect(await carrier.read()).toEqual({ total: float32([2], [6, 42]) });
    expect(await carrier.run({ x: float32([2], [1, 2]) })).toEqual({ half: float32([2], [6.5, 43]) });
    carrier.close();
    expect(held.size).toBe(0);
    await session.close();
  });

  it('writes carried values in place where the runtime can, and leaves the first ones as they are', async () => {
    const create = sessionsOf(ort, { intraOpNumThreads: 1 }, { writesInPlace: true });
    const session = await create(totals(), new Map([['total', 'next']]));
    const first = { total: float32([2], [1, 10]) };
    const carrier = session.carry!(first);
    expect(await carrier.run({ x: float32([2], [1, 1]) })).toEqual({ half: float32([2], [1.5, 10.5]) });
    const before = await carrier.read();
    expect(before).toEqual({ total: float32([2], [3, 21]) });
    expect(await carrier.run({ x: float32([2], [0, 0]) })).toEqual({ half: float32([2], [3, 21]) });
    expect(await carrier.run({ x: float32([2], [1, 2]) })).toEqual({ half: float32([2], [6.5, 43]) });
    expect(await carrier.read()).toEqual({ total: float32([2], [13, 86]) });
    expect(before).toEqual({ total: float32([2], [3, 21]) });
    expect(first).toEqual({ total: float32([2], [1, 10]) });
    carrier.close();
    await session.close();
  });

  it('carries what it read before a run that failed', async () => {
    const create = sessionsOf(ort, { intraOpNumThreads: 1, logSeverityLevel: 4 }, { writesInPlace: true });
    const session = await create(totals(), new Map([['total', 'next']]));
    const carrier = session.carry!({ total: float32([2], [1, 10]) });
    await expect(carrier.run({ x: float32([3], [1, 1, 1]) })).rejects.toThrow();
    expect(await carrier.read()).toEqual({ total: float32([2], [1, 10]) });
    carrier.close();
    await session.close();
  });

  it('has nothing to carry where the runtime makes all outputs itself', async () => {
    const session = await sessionsOf(ort, { intraOpNumThreads: 1 })(totals(), new Map([['total', 'next']]));
    expect(session.carry).toBeUndefined();
    await session.close();
  });
});

it('trains with the state on the card as it does without', async () => {
  const recipe = tinyRecipe({ batchSize: 6, inputSize: 16, averageDecay: 0.9 });
  const graph = buildTrainingGraph(recipe, 7, 0);
  const { runtime, counts } = cardRuntime();
  const runs = [engine, sessionsOf(runtime, WEBGPU)].map(async (createSession) => {
    const stepper = await Stepper.create(createSession, graph, firstState(graph, 1), 1);
    const losses: number[] = [];
    for (let step = 1; step <= 4; step++) {
      const batch = { pixels: pictures(step), targets: targets(step) };
      losses.push((await stepper.run(batch, { learningRate: 0.05, step, averageDecay: 0.5 })).loss);
    }
    const state = await stepper.readState();
    await stepper.close();
    return { losses, state };
  });
  const [plain, card] = await Promise.all(runs);
  expect(card!.losses).toEqual(plain!.losses);
  expect(card!.state).toEqual(plain!.state);
  expect(counts.downloads).toBe(graph.state.size);
});
