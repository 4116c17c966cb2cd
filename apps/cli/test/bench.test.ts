import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { quantile } from '../src/commands/bench-analyze.ts';
import { run } from './run.ts';
import { makeFolder } from './stand-in.ts';

describe('quantile', () => {
  it('is linear between the two nearest values', () => {
    expect(quantile([3, 1, 2], 0.5)).toBe(2);
    expect(quantile([4, 1, 2, 3], 0.5)).toBe(2.5);
    expect(quantile([10, 20], 0.1)).toBeCloseTo(11);
    expect(quantile([5], 0.9)).toBe(5);
  });
});

describe('mememoji bench analyze', () => {
  it('measures a picture with one face', async () => {
    const { folder, model } = makeFolder();
    const args = [
      'bench',
      'analyze',
      '--model',
      model,
      '--threads',
      '1',
      '--runs',
      '3',
      '--warmup',
      '1',
      '--format',
      'json',
    ];
    const { code, stdout, stderr } = await run(args);
    rmSync(folder, { recursive: true });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { milliseconds, p10, p90, ...rest } = JSON.parse(stdout);
    expect(rest).toEqual({ runs: 3, width: 640, height: 480, faces: 1, threads: 1 });
    expect(p10).toBeGreaterThan(0);
    expect(milliseconds).toBeGreaterThanOrEqual(p10);
    expect(p90).toBeGreaterThanOrEqual(milliseconds);
  });

  it('tells where there is no photo', async () => {
    const { code, stderr } = await run(['bench', 'analyze', '--image', 'gone.jpg']);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'mememoji: the photo gone.jpg cannot be read. Name one with --image\n',
    });
  });
});
