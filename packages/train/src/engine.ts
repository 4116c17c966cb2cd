import { decodeModel } from '@mememoji/graph/codec';
import { NCHWC_DOMAIN } from '@mememoji/graph/lowering';
import type { SessionFactory } from '@mememoji/graph/session';
import * as ort from 'onnxruntime-node';
import { type Device, onWebGpu, WEBGPU_OPTIONS } from './device.ts';
import { TrainError } from './error.ts';
import { sessionsOf } from './onnx-session.ts';

export interface EngineOptions {
  /** Default `cpu`. */
  device?: Device;
  /** Threads within an operator, on the processor. Default 2. */
  threads?: number;
  /**
   * Whether idle threads spin while they wait for work: faster on a machine that has nothing else to do, much slower on one
   * that has. Default true.
   */
  spinning?: boolean;
}

/**
 * Sessions of onnxruntime-node. On the processor they take graphs in any layout; on a graphics card only plain ones, since
 * what lies in blocks could be computed by the processor alone, and `probeBlockSize` then finds that there are none.
 * @returns a factory that throws TrainError `NO_DEVICE` where there is no graphics card
 */
export function createEngine({ device = 'cpu', threads = 2, spinning = true }: EngineOptions = {}): SessionFactory {
  if (device === 'webgpu') return createCardEngine();
  const options = {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    // One plan for all tensors of a step would keep places of its own for many that do not live at the same time.
    enableMemPattern: false,
    extra: { session: { intra_op: { allow_spinning: spinning ? '1' : '0' } } },
  } as const;
  return sessionsOf(ort, options, { writesInPlace: true });
}

function createCardEngine(): SessionFactory {
  const create = sessionsOf(ort, WEBGPU_OPTIONS);
  return async (model, carried) => {
    if (NCHWC_DOMAIN in decodeModel(model).opsets)
      throw new TrainError(
        'BAD_MODEL',
        'a graph with blocked layouts runs on the processor only',
        'write it without blocks',
      );
    return onWebGpu(() => create(model, carried));
  };
}
