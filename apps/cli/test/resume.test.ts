import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasFfmpeg } from '../../../test/ffmpeg.ts';
import { writeClip } from './clips.ts';
import { BIN, ROOT, run } from './run.ts';

const PHOTO = join(ROOT, 'test/fixtures/astronaut.png');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mememoji-resume-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
const leftovers = (): string[] => readdirSync(folder).filter((name) => /\.(part|tmp)$|\.resume\.json/.test(name));

function start(args: readonly string[]): ChildProcess & { told: () => string } {
  const child = spawn(process.execPath, ['--conditions=source', BIN, 'analyze', ...args], { cwd: folder });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  return Object.assign(child, { told: () => stderr });
}

/** Waits until the run has written more than this, or has ended. */
async function untilGrown(child: ChildProcess, output: string, bytes: number): Promise<void> {
  while (child.exitCode === null && !(sizeOf(output) > bytes)) await sleep(5);
}

/** Bytes of what is growing, once it can be continued; else NaN. */
function sizeOf(output: string): number {
  const [part, state] = ['part', 'resume.json'].map((end) => join(folder, `${output}.${end}`));
  return existsSync(state!) ? (statSync(part!, { throwIfNoEntry: false })?.size ?? Number.NaN) : Number.NaN;
}

/** Begins, stops as often as told, each time after some progress, and lets the last run end. */
async function interruptedRun(args: string[], output: string, signal: NodeJS.Signals, at: number[]): Promise<number> {
  let stopped = 0;
  for (const bytes of at) {
    const child = start([...args, '--output', output, ...(stopped === 0 ? [] : ['--resume'])]);
    await untilGrown(child, output, bytes);
    if (child.exitCode !== null) return stopped;
    child.kill(signal);
    const [code] = await once(child, 'close');
    if (signal === 'SIGINT') {
      expect({ code, told: child.told() }).toEqual({
        code: 130,
        told: 'mememoji: stopped. The same command with --resume goes on from here\n',
      });
    }
    expect(existsSync(join(folder, output))).toBe(false);
    stopped += 1;
  }
  const { code, stderr } = await run(['analyze', ...args, '--output', output, '--resume'], { cwd: folder });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stopped;
}

describe.skipIf(!hasFfmpeg)('a run that was stopped and resumed', () => {
  const args = (format: string): string[] => ['clip.mp4', PHOTO, 'second.mkv', '--format', format, '--threads', '1'];
  beforeAll(async () => {
    writeClip(join(folder, 'clip.mp4'), { seconds: 8, rate: 10 });
    writeClip(join(folder, 'second.mkv'), { seconds: 0.5 });
    for (const format of ['csv', 'ndjson']) {
      const { code } = await run(['analyze', ...args(format), '--output', `whole.${format}`], { cwd: folder });
      expect(code).toBe(0);
    }
  }, 240_000);

  it('has something to lose: other numbers in each frame, smoothed over time', () => {
    const rows = read('whole.ndjson')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows).toHaveLength(86);
    const happy = rows.flatMap(({ faces }) =>
      faces.map((face: { expressions: { happy: number } }) => face.expressions.happy),
    );
    expect(new Set(happy).size).toBeGreaterThan(60);
    const smoothed = rows.filter(({ faces }) => faces[0]?.raw && faces[0].raw.happy !== faces[0].expressions.happy);
    expect(smoothed.length).toBeGreaterThan(60);
  });

  it.each([
    ['csv', 'SIGKILL'],
    ['ndjson', 'SIGINT'],
  ] as const)(
    'gives the same %s, byte by byte, after %s',
    async (format, signal) => {
      const { length } = read(`whole.${format}`);
      const at = [0.2, 0.5, 0.96].map((share) => share * length);
      expect(await interruptedRun(args(format), `parts.${format}`, signal, at)).toBeGreaterThan(1);
      expect(read(`parts.${format}`)).toBe(read(`whole.${format}`));
      expect(leftovers()).toEqual([]);
    },
    240_000,
  );

  it('draws a figure of the whole', async () => {
    const figure = ['--plot', 'figure.svg'];
    const { code } = await run(['analyze', ...args('ndjson'), ...figure, '--output', 'whole.ndjson', '--resume'], {
      cwd: folder,
    });
    expect(code).toBe(0);
    expect(read('figure.svg')).toMatch(/8\.0 s, 80 frames/);
  });

  it('refuses other options', async () => {
    const child = start([...args('csv'), '--output', 'other.csv']);
    await untilGrown(child, 'other.csv', 200);
    child.kill('SIGKILL');
    await once(child, 'close');
    const again = [...args('csv'), '--output', 'other.csv', '--resume', '--every', '2'];
    const { code, stderr } = await run(['analyze', ...again], { cwd: folder });
    expect(stderr).toMatch(/^mememoji: 'other\.csv' was begun with other options \(every not given\)\. Give the same/);
    expect(code).toBe(2);
    const { code: elsewhere, stderr: told } = await run(
      ['analyze', PHOTO, '--format', 'csv', '--output', 'other.csv', '--resume'],
      { cwd: folder },
    );
    expect(told).toMatch(/'other\.csv' ends within 'clip\.mp4', which is not among the inputs/);
    expect(elsewhere).toBe(2);
    const anew = await run(['analyze', PHOTO, '--format', 'csv', '--output', 'other.csv'], { cwd: folder });
    expect(anew.code).toBe(0);
    expect(read('other.csv').trim().split('\n')).toHaveLength(2);
    expect(leftovers()).toEqual([]);
  });
});

describe('a file that is whole', () => {
  it.each(['csv', 'ndjson', 'openface', 'py-feat'])('gets only what is new, as %s', async (format) => {
    const names = ['a, "b".png', 'c.png'];
    for (const name of names) cpSync(PHOTO, join(folder, name));
    const analyze = (paths: string[], output: string, ...rest: string[]) =>
      run(['analyze', ...paths, '--format', format, '--output', output, ...rest], { cwd: folder });
    await analyze(names, `both.${format}`);
    await analyze(names.slice(0, 1), `one.${format}`);
    const { code, stderr } = await analyze(names, `one.${format}`, '--resume');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(read(`one.${format}`)).toBe(read(`both.${format}`));
    await analyze(names, `one.${format}`, '--resume');
    expect(read(`one.${format}`)).toBe(read(`both.${format}`));
  });

  it('is refused if it has other columns', async () => {
    writeFileSync(join(folder, 'mine.csv'), 'name,age\n');
    const args = ['analyze', PHOTO, '--format', 'csv', '--output', 'mine.csv', '--resume'];
    const { code, stderr } = await run(args, { cwd: folder });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: "mememoji: 'mine.csv' has other columns. Begin anew without --resume\n",
    });
    expect(read('mine.csv')).toBe('name,age\n');
  });
});
