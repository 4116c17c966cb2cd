import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXPRESSIONS } from '@mememoji/vision/expression';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from './run.ts';
import { encodeStandIn, makeFolder } from './stand-in.ts';

/** The stand-in reads happy (0.3) in every face, angry (0.2) next, then disgust and neutral alike (0.15). */
const TABLE = [
  'emotion,pixels,Usage',
  row(3, 1, 'Training'),
  row(3, 1, 'PublicTest'), // happy, the picture of the Training row
  row(0, 2, 'PublicTest'), // angry
  row(1, 3, 'PublicTest'), // disgust
  row(4, 4, 'PublicTest'), // sad
  row(3, 5, 'PrivateTest'),
].join('\n');

function row(label: number, grey: number, usage: string): string {
  return `${label},${Array(48 * 48)
    .fill(grey)
    .join(' ')},${usage}`;
}

describe('mememoji evaluate', () => {
  let folder: string;
  const evaluate = (...args: string[]): ReturnType<typeof run> =>
    run(['evaluate', '--data', 'faces.csv', '--model', 'stand-in.onnx', '--threads', '1', ...args], { cwd: folder });

  beforeAll(() => {
    ({ folder } = makeFolder());
    writeFileSync(join(folder, 'faces.csv'), TABLE);
    writeFileSync(join(folder, 'notes.csv'), 'this is no table\n');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('prints every number as JSON', async () => {
    const { code, stdout, stderr } = await evaluate('--split', 'PublicTest', '--format', 'json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const report = JSON.parse(stdout);
    // Happy is right; with disgust merged, angry (0.35) is read everywhere and right for angry and disgust.
    expect(report).toMatchObject({
      model: 'stand-in 0.0.1',
      split: 'PublicTest',
      view: 'single',
      samples: 4,
      accuracy: 0.25,
      accuracy6: 0.5,
      top2: 0.5,
      top3: 0.75,
      samplesWithoutDuplicates: 3,
      accuracyWithoutDuplicates: 0,
      uncertainShare: 1,
      accuracyWhenCertain: null,
      recall: { happy: 1, angry: 0 },
      precision: { happy: 0.25 },
      labels: ['angry', 'disgust', 'fear', 'happy', 'sad', 'surprise', 'neutral'],
      dataHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(report.accuracyInterval[0]).toBe(0);
    expect(report.accuracyInterval[1]).toBeGreaterThan(0.25);
    expect(report.nll).toBeCloseTo(-Math.log(0.3 * 0.2 * 0.15 * 0.1) / 4, 5);
    expect(report.confusion[0]).toEqual([0, 0, 0, 1, 0, 0, 0]);
  });

  it('prints a number a row as CSV', async () => {
    const { stdout } = await evaluate('--split', 'validation', '--format', 'csv');
    const lines = stdout.split('\n');
    expect(lines[0]).toBe('metric,class,predicted,value');
    expect(lines).toContain('accuracy,,,0.25');
    expect(lines).toContain('accuracyWhenCertain,,,');
    expect(lines).toContain('recall,happy,,1');
    expect(lines).toContain('confusion,sad,happy,1');
    expect(lines.filter((line) => line.startsWith('confusion'))).toHaveLength(49);
  });

  it('prints a table to read, of PrivateTest by default', async () => {
    const { code, stdout } = await evaluate('--view', 'flip');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^stand-in 0\.0\.1 on PrivateTest: 1 pictures, two views \(mirrored\) {2}sha256 [0-9a-f]{16}\n/,
    );
    expect(stdout).toMatch(/\naccuracy +100\.0% +95% interval 100\.0% to 100\.0%\n/);
    expect(stdout).toMatch(/\nhappy +100\.0% +100\.0% +1\.000 +1\n/);
    expect(stdout).toMatch(/\ntruth \\ read +angry +disgust +fear +happy +sad +surprise +neutral\n/);
    expect(stdout).toMatch(/\nhappy +0 +0 +0 +1 +0 +0 +0\n/);
    expect(stdout).not.toContain('\u001b');
  });

  it('writes a whole file with --output', async () => {
    const { code, stdout } = await evaluate('--format', 'json', '--output', 'report.json');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8'))).toMatchObject({ samples: 1, accuracy: 1 });
  });

  it('counts a class as another for a model that does not know it', async () => {
    writeFileSync(join(folder, 'six.onnx'), encodeStandIn(EXPRESSIONS.filter((label) => label !== 'disgust')));
    const args = ['--model', 'six.onnx', '--split', 'PublicTest', '--format', 'json'];
    const without = await evaluate(...args);
    expect(without.stderr).toMatch(/the data has the class 'disgust'.*--merge of evaluate/);
    expect(without.code).toBe(2);
    const { code, stdout, stderr } = await evaluate(...args, '--merge', 'disgust=angry');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ samples: 4, accuracy: 0.25, support: { angry: 2, happy: 1, sad: 1 } });
    expect(report.labels).not.toContain('disgust');
  });

  it('writes a report, and prints what it prints without one', async () => {
    const args = ['--split', 'PublicTest', '--view', 'flip', '--format', 'json'];
    const { code, stdout, stderr } = await evaluate(...args, '--report', 'report');
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'mememoji: the report is in report/index.html\n' });
    expect(stdout).toBe((await evaluate(...args)).stdout);
    const report = JSON.parse(readFileSync(join(folder, 'report/evaluation.json'), 'utf8'));
    expect(report).toMatchObject({ view: 'flip', evaluations: { flip: JSON.parse(stdout) }, training: null });
    const page = readFileSync(join(folder, 'report/index.html'), 'utf8');
    expect(page).toContain('<title>stand-in 0.0.1 on PublicTest</title>');
    expect(existsSync(join(folder, 'report/learning-curves.svg'))).toBe(false);
  });

  it('has the learning curves of the run that is named', async () => {
    mkdirSync(join(folder, 'run'));
    const head = 'epoch,learningRate,loss,validationLoss,validationAccuracy,seconds,imagesPerSecond';
    writeFileSync(join(folder, 'run/metrics.csv'), `${head}\n1,0.1,2,1.5,0.4,10,900\n`);
    const { code } = await evaluate('--report', 'with-run', '--run', 'run');
    expect(code).toBe(0);
    expect(readFileSync(join(folder, 'with-run/learning-curves.csv'), 'utf8')).toContain('\n1,0.1,2,1.5,0.4,10,900\n');
  });

  const FAULTS: [string[], number, RegExp][] = [
    [['--run', 'run'], 2, /--run is for --report only/],
    [['--report', 'r', '--run', '.'], 1, /there is no metrics\.csv in '\.'/],
    [['--report', 'notes.csv'], 1, /notes\.csv: exists already/],
    [['--data', 'gone.csv'], 1, /gone\.csv/],
    [['--data', 'notes.csv'], 1, /notes\.csv/],
    [['--data', 'stand-in.onnx'], 1, /stand-in\.onnx/],
    [['--split', 'Test2'], 2, /'Test2' is invalid\. It must be Training, PublicTest or PrivateTest\./],
    [['--view', 'double'], 2, /'double' is invalid\. Allowed choices are single, flip, tencrop\./],
    [['--model', 'gpt'], 2, /no model is named 'gpt'/],
    [['--model', 'faces.csv'], 1, /not ONNX/],
    [['--merge', 'disgust'], 2, /'disgust' is invalid\. It must be such as disgust=angry\./],
    [['--merge', 'disgust=wrath'], 2, /'wrath' is no expression/],
    [['--merge', 'disgust=disgust'], 2, /'disgust' cannot be merged/],
    [['--crop', '60'], 2, /a crop of 60 pixels is not possible in pictures of 48x48/],
  ];
  it.each(FAULTS)('%j is told in one line', async (args, expected, message) => {
    const { code, stdout, stderr } = await evaluate(...args);
    expect(stderr).toMatch(/^mememoji: .+\n$/);
    expect(stderr).toMatch(message);
    expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
  });

  it('asks for the data', async () => {
    const { code, stderr } = await run(['evaluate'], { cwd: folder });
    expect(stderr).toMatch(
      /^mememoji: required option '--data <path>' not specified\. See 'mememoji evaluate --help'\n$/,
    );
    expect(code).toBe(2);
  });
});
