import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Comparison } from '@mememoji/train/compare';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderComparison } from '../src/render-comparison.ts';
import { COLOURED, PLAIN } from '../src/render-table.ts';
import { run } from './run.ts';
import { makeFolder } from './stand-in.ts';

const grey = (label: number, value: number) =>
  `${label},${Array(48 * 48)
    .fill(value)
    .join(' ')},PublicTest`;

describe('mememoji compare', () => {
  let folder: string;
  const compare = (...args: string[]): ReturnType<typeof run> =>
    run(['compare', 'stand-in.onnx', 'stand-in.onnx', '--data', 'faces.csv', '--split', 'test', ...args], {
      cwd: folder,
    });

  beforeAll(() => {
    ({ folder } = makeFolder());
    writeFileSync(join(folder, 'faces.csv'), ['emotion,pixels,Usage', grey(3, 1), grey(0, 2), grey(1, 3)].join('\n'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('prints every number as JSON', async () => {
    const { code, stdout, stderr } = await compare('--split', 'PublicTest', '--format', 'json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const result: Comparison = JSON.parse(stdout);
    expect(result).toMatchObject({
      split: 'PublicTest',
      samples: 3,
      bothRight: 1,
      bothWrong: 2,
      agreement: 1,
      difference: { accuracy: 0, interval: [0, 0] },
      mcnemar: { onlyFirst: 0, onlySecond: 0, p: 1, method: 'exact' },
      classes: { happy: { samples: 1, recall: [1, 1] }, angry: { recall: [0, 0] } },
    });
    const [model] = result.models;
    expect(model).toMatchObject({ model: 'stand-in 0.0.1', file: 'stand-in.onnx', multiplyAdds: 7, parameters: 14 });
    expect(model.bytes).toBe(readFileSync(join(folder, 'stand-in.onnx')).length);
    expect(model.latency[0]?.milliseconds).toBeGreaterThan(0);
  });

  it('counts disgust as angry on demand', async () => {
    const { stdout } = await compare('--split', 'PublicTest', '--format', 'json', '--six', '--output', 'six.json');
    expect(stdout).toBe('');
    const result: Comparison = JSON.parse(readFileSync(join(folder, 'six.json'), 'utf8'));
    expect(result.classes).toMatchObject({ angry: { samples: 2, recall: [1, 1] } }); // 0.35 against happy's 0.3
    expect(result.classes).not.toHaveProperty('disgust');
  });

  const FAULTS: [string[], number, RegExp][] = [
    [[], 1, /the data set has no rows of PrivateTest/],
    [['--data', 'gone.csv'], 1, /gone\.csv/],
    [['--format', 'csv'], 2, /'csv' is invalid\. Allowed choices are table, json\./],
    [['--split', 'Test2'], 2, /It must be Training, PublicTest or PrivateTest\./],
  ];
  it.each(FAULTS)('%j is told in one line', async (args, expected, message) => {
    const { code, stdout, stderr } = await compare(...args);
    expect(stderr).toMatch(/^mememoji: .+\n$/);
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
  });

  it('wants two models', async () => {
    const { code, stderr } = await run(['compare', 'stand-in.onnx', '--data', 'faces.csv'], { cwd: folder });
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/missing required argument 'second'/),
    });
  });
});

describe('the table', () => {
  const latency = [{ batch: 1, milliseconds: 2.5, p10: 2, p90: 3, runs: 100 }];
  const model = {
    bytes: 1000,
    parameters: 200,
    multiplyAdds: 17_400_000,
    macroF1: 0.6,
    top2: 0.85,
    nll: 0.9,
    ece: 0.02,
    latency,
  };
  const comparison: Comparison = {
    split: 'PublicTest',
    view: 'single',
    samples: 1000,
    dataHash: '0123456789abcdef0123',
    models: [
      { ...model, model: 'one 1', file: 'one.onnx', accuracy: 0.7, accuracyInterval: [0.68, 0.72] },
      { ...model, model: 'two 1', file: 'two.onnx', accuracy: 0.72, accuracyInterval: [0.7, 0.74] },
    ],
    difference: { accuracy: 0.02, interval: [0.005, 0.035] },
    mcnemar: { onlyFirst: 40, onlySecond: 60, p: 0.0574, method: 'chi-squared' },
    bothRight: 660,
    bothWrong: 240,
    agreement: 0.85,
    classes: { happy: { samples: 300, recall: [0.9, 0.88], difference: -0.02, onlyFirst: 9, onlySecond: 3 } },
  };

  it('has both models side by side, and what tells them apart', () => {
    expect(renderComparison(comparison, 'table', PLAIN)).toMatchInlineSnapshot(`
      "A: one 1  one.onnx
      B: two 1  two.onnx
      on PublicTest: 1000 pictures, single view  sha256 0123456789abcdef

                                        A          B
      accuracy                      70.0%      72.0%  difference +2.0 points, 95% interval +0.5 to +3.5
        95% from                    68.0%      70.0%
        to                          72.0%      74.0%
      first or second               85.0%      85.0%
      macro F1                      0.600      0.600
      log loss                      0.900      0.900
      calibration error             0.020      0.020
      ms per face, 1 at a time      2.500      2.500  one thread, median
      bytes                          1000       1000
      parameters                      200        200
      million multiply-adds         17.40      17.40

      McNemar's test (chi-squared): p = 0.057; chance alone may explain the difference
                          faces  share
      both right            660   66.0%
      only A right           40    4.0%
      only B right           60    6.0%
      both wrong            240   24.0%
      both read the same    850   85.0%

      class  recall A  recall B    difference  only A  only B  pictures
      happy     90.0%     88.0%          -2.0       9       3       300
      "
    `);
  });

  it('tells which one is better where that is no chance', () => {
    const of = (mcnemar: Partial<Comparison['mcnemar']>) =>
      renderComparison({ ...comparison, mcnemar: { ...comparison.mcnemar, ...mcnemar } }, 'table', COLOURED);
    expect(of({ p: 0.01 })).toContain('p = 0.010; B is better by more than chance');
    expect(of({ p: 0.00002, onlyFirst: 90 })).toContain('p = 2.0e-5; A is better by more than chance');
    expect(of({})).toContain('\u001b[1mMcNemar');
  });
});
