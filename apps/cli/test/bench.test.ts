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
    expect(rest).toEqual({ runs: 3, width: 640, height: 480, faces: 1, device: 'cpu', threads: 1 });
    expect(p10).toBeGreaterThan(0);
    expect(milliseconds).toBeGreaterThanOrEqual(p10);
    expect(p90).toBeGreaterThanOrEqual(milliseconds);
  });

  it('on a graphics card measures, or says that there is none', { timeout: 120_000 }, async () => {
    const { code, stdout, stderr } = await run([
      'bench',
      'analyze',
      '--device',
      'webgpu',
      '--runs',
      '1',
      '--format',
      'json',
    ]);
    if (code === 0) return expect(JSON.parse(stdout)).toMatchObject({ device: 'webgpu', faces: 1 });
    // The card's drivers write to stderr themselves; what the command says is the last line.
    expect({ code, stdout, line: stderr.trimEnd().split('\n').at(-1) }).toEqual({
      code: 1,
      stdout: '',
      line:
        'mememoji: WebGPU finds no graphics card that it can use. Use the device cpu, or install a driver for the card ' +
        '(Vulkan, Metal or Direct3D 12)',
    });
  });

  it('tells where there is no photo', async () => {
    const { code, stderr } = await run(['bench', 'analyze', '--image', 'gone.jpg']);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'mememoji: the photo gone.jpg cannot be read. Name one with --image\n',
    });
  });
});
