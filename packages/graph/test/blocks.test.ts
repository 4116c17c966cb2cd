import { describe, expect, test } from 'vitest';
import { probeBlockSize } from '../src/blocks.ts';
import { decodeModel } from '../src/codec.ts';
import { NCHWC_DOMAIN } from '../src/lowering.ts';
import type { SessionFactory } from '../src/session.ts';
import { float32 } from '../src/tensor.ts';
import { createNodeSession } from './node-session.ts';

/** In this order the probe tries sizes, after the plain layout. */
const TRIED = [16, 8];

/** An engine that knows blocks of one size only: with another it fails, or gives other numbers. */
function fakeEngine(blockSize: number, otherwise: 'fails' | 'gives other numbers') {
  const counts = { open: 0, opened: 0, blocked: 0 };
  const createSession: SessionFactory = async (bytes) => {
    const isBlocked = NCHWC_DOMAIN in decodeModel(bytes).opsets;
    const fits = !isBlocked || TRIED[counts.blocked++] === blockSize;
    if (!fits && otherwise === 'fails') throw new Error('no such block size');
    counts.open += 1;
    counts.opened += 1;
    const y = float32([2], fits ? [1, 2] : [1, 3]);
    return {
      run: async () => ({ y }),
      close: async () => {
        counts.open -= 1;
      },
    };
  };
  return { createSession, counts };
}

describe('probeBlockSize', () => {
  test.each(['fails', 'gives other numbers'] as const)(
    'finds the size with which an engine agrees, where another %s',
    async (otherwise) => {
      for (const size of [16, 8]) {
        const { createSession, counts } = fakeEngine(size, otherwise);
        expect(await probeBlockSize(createSession)).toBe(size);
        expect(counts.opened).toBeGreaterThan(1);
        expect(counts.open).toBe(0);
      }
    },
  );

  test.each(['fails', 'gives other numbers'] as const)(
    'is 0 for an engine without blocks, that %s',
    async (otherwise) => {
      const { createSession, counts } = fakeEngine(4, otherwise);
      expect(await probeBlockSize(createSession)).toBe(0);
      expect(counts.open).toBe(0);
    },
  );

  test('closes a session that fails to run', async () => {
    let open = 0;
    const createSession: SessionFactory = async () => {
      open += 1;
      return {
        run: () => Promise.reject(new Error('broken')),
        close: async () => {
          open -= 1;
        },
      };
    };
    await expect(probeBlockSize(createSession)).rejects.toThrow('broken');
    expect(open).toBe(0);
  });

  test('of onnxruntime-node is one that it has', async () => {
    expect([0, 8, 16]).toContain(await probeBlockSize(createNodeSession));
  });
});
