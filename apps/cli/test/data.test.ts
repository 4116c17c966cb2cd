import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readNpyFolder } from '@mememoji/train/npy-folder';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from './run.ts';

/** Seven pictures a split, one a class; the first of PrivateTest is the first of Training. */
const TABLE = ['emotion,pixels,Usage', ...['Training', 'PublicTest', 'PrivateTest'].flatMap(rows)].join('\n');

function rows(usage: string, split: number): string[] {
  return [0, 1, 2, 3, 4, 5, 6].map((label) => {
    const grey = label === 0 && split === 2 ? 10 : 10 + 20 * split + label;
    return `${label},${Array(16).fill(grey).join(' ')},${usage}`;
  });
}

describe('mememoji data', () => {
  let folder: string;
  const data = (...args: string[]): ReturnType<typeof run> => run(['data', ...args], { cwd: folder });

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'mememoji-data-'));
    writeFileSync(join(folder, 'faces.csv'), TABLE);
    writeFileSync(join(folder, 'notes.csv'), 'this is no table\n');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('describes as a table', async () => {
    const { code, stdout, stderr } = await data('describe', 'faces.csv', '--size', '4');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^faces\.csv: 21 pictures of 4 x 4, sha256 [0-9a-f]{16}$/m);
    expect(stdout).toMatch(/^Training( +1){7} +7$/m);
    expect(stdout).toMatch(/^rows of PrivateTest that stand in Training +1$/m);
    expect(stdout).toMatch(/^rows of Training without duplicates +6$/m);
    expect(stdout).not.toContain('FER+');
  });

  it('describes as JSON and CSV', async () => {
    const [json, csv] = await Promise.all([
      data('describe', 'faces.csv', '--size', '4', '--format', 'json'),
      data('describe', 'faces.csv', '--size', '4', '--format', 'csv'),
    ]);
    expect(JSON.parse(json.stdout)).toMatchObject({
      samples: 21,
      splits: { PublicTest: { samples: 7, classes: { happy: 1 } } },
      duplicates: { inTraining: { PublicTest: 0, PrivateTest: 1 } },
    });
    const lines = csv.stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(22);
    expect(lines.slice(0, 2)).toEqual(['split,class,count', 'Training,angry,1']);
  });

  it('draws the distribution as SVG and as PNG', async () => {
    const [svg, png] = await Promise.all([
      data('describe', 'faces.csv', '--size', '4', '--plot', 'classes.svg'),
      data('describe', 'faces.csv', '--size', '4', '--plot', 'plots/classes.png'),
    ]);
    expect([svg.code, png.code]).toEqual([0, 0]);
    expect(readFileSync(join(folder, 'classes.svg'), 'utf8')).toMatch(/^<svg xmlns=.*PrivateTest \(7\).*<\/svg>\n$/s);
    expect(await sharp(join(folder, 'plots/classes.png')).metadata()).toMatchObject({ format: 'png', width: 1920 });
  });

  it('takes votes from a file, and none where told so', async () => {
    const votes = Array.from({ length: 21 }, () => '0,9,0,0,0,0,0,0,1,0');
    const header = 'neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF';
    writeFileSync(join(folder, 'crowd.csv'), [header, ...votes].join('\n'));
    const { stdout } = await data('describe', 'faces.csv', '--size', '4', '--votes', 'crowd.csv');
    expect(stdout).toMatch(/^labels that are the FER\+ majority +14\.3%$/m);
    const without = await data('describe', 'faces.csv', '--size', '4', '--no-votes', '--format', 'json');
    expect(JSON.parse(without.stdout)).not.toHaveProperty('votes');
  });

  it('prepares arrays: merged, chosen, without duplicates', async () => {
    const options = [
      '--merge',
      'disgust=angry',
      '--classes',
      'Anger,happy',
      '--drop-duplicates',
      '--output',
      'out/two',
    ];
    const { code, stdout, stderr } = await data('prepare', 'faces.csv', '--size', '4', ...options);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^X_train\.npy +2 x 1 x 4 x 4$/m);
    const dataset = await readNpyFolder(join(folder, 'out/two'));
    expect(dataset.labels).toEqual(['angry', 'happy']);
    expect([...dataset.targets]).toEqual([0, 1, 0, 0, 1, 0, 0, 1]);
    expect(readdirSync(join(folder, 'out'))).toEqual(['two']);
  });

  it('prepares a sample that the seed decides', async () => {
    const sample = async (output: string, seed: string): Promise<number[]> => {
      const part = ['--merge', 'disgust=angry,fear=angry', '--fraction', '0.4', '--seed', seed, '--output', output];
      expect((await data('prepare', 'faces.csv', '--size', '4', ...part)).code).toBe(0);
      return [...(await readNpyFolder(join(folder, output))).pixels];
    };
    const [first, again, other] = [await sample('s1', '1'), await sample('s2', '1'), await sample('s3', '5')];
    expect(first).toHaveLength(15 * 16);
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it('leaves what is there alone', async () => {
    mkdirSync(join(folder, 'full'));
    writeFileSync(join(folder, 'full/mine.txt'), 'mine');
    mkdirSync(join(folder, 'empty'));
    const full = await data('prepare', 'faces.csv', '--size', '4', '--output', 'full');
    expect(full).toMatchObject({ code: 1, stdout: '' });
    expect(full.stderr).toMatch(/^mememoji: the folder 'full' is not empty\. .*\n$/);
    expect(readdirSync(join(folder, 'full'))).toEqual(['mine.txt']);
    expect((await data('prepare', 'faces.csv', '--size', '4', '--output', 'empty')).code).toBe(0);
    expect(readdirSync(join(folder, 'empty'))).toContain('X_train.npy');
    expect(readdirSync(folder).filter((name) => name.startsWith('.mememoji'))).toEqual([]);
  });

  it.each([
    ['a missing file', 1, ['describe', 'none.csv'], 'none.csv does not exist'],
    ['text', 1, ['describe', 'notes.csv'], 'notes.csv is not a FER2013 table: its first line lacks the columns'],
    ['pictures of another size', 1, ['describe', 'faces.csv'], 'row 1 (line 2): 16 pixels instead of 2304'],
    [
      'a class that is none',
      2,
      ['prepare', 'faces.csv', '--output', 'x', '--classes', 'hungry'],
      "'hungry' is no expression",
    ],
    [
      'half a merge',
      2,
      ['prepare', 'faces.csv', '--output', 'x', '--merge', 'disgust'],
      'must be such as disgust=angry',
    ],
    ['a fraction of 0', 2, ['prepare', 'faces.csv', '--output', 'x', '--fraction', '0'], 'above 0 and at most 1'],
    ['no output', 2, ['prepare', 'faces.csv'], '--output <folder>'],
    ['a plot of no known kind', 2, ['describe', 'faces.csv', '--plot', 'a.bmp'], 'must end in .svg or .png'],
    ['an unknown option', 2, ['describe', 'faces.csv', '--colour'], "unknown option '--colour'"],
  ])('says in one line what is wrong with %s', async (_, code, args, message) => {
    const outcome = await data(...args);
    expect(outcome).toMatchObject({ code, stdout: '' });
    expect(outcome.stderr).toContain(message);
    expect(outcome.stderr).toMatch(/^mememoji: [^\n]+\n$/);
    expect(existsSync(join(folder, 'x'))).toBe(false);
  });

  it('has help with examples', async () => {
    const [all, prepare] = [await data('--help'), await data('prepare', '--help')];
    expect(all).toMatchObject({ code: 0, stdout: expect.stringContaining('$ mememoji data describe') });
    expect(prepare.stdout).toMatch(/Examples:\n {2}\$ mememoji data prepare /);
  });
});
