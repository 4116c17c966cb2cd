/**
 * Training speed of the net M3: this project against PyTorch, in turn on the same machine (A B A B), so that both meet
 * the same noise. Prints the median of each side's rounds and their ratio.
 *
 *     node --conditions=source benchmarks/train-speed.ts --rounds 3 --format table|json
 *
 * Needs PyTorch in a Python (Debian: python3-torch); `--python` names another interpreter than /usr/bin/python3.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const MEMEMOJI = fileURLToPath(new URL('../apps/cli/bin/mememoji.js', import.meta.url));
const TORCH = fileURLToPath(new URL('torch_m3.py', import.meta.url));

interface Side {
  /** Images per second of each round. */
  rounds: number[];
  imagesPerSecond: number;
  /** What the last round printed. */
  detail: Record<string, unknown>;
}

interface Comparison {
  model: 'm3';
  batch: number;
  mememoji: Side;
  torch: Side;
  /** Median images per second of mememoji over that of PyTorch. */
  ratio: number;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Runs a program that prints one JSON object with `imagesPerSecond` on its standard output. */
function measure(program: string, args: readonly string[]): Record<string, unknown> & { imagesPerSecond: number } {
  const child = spawnSync(program, args, { encoding: 'utf8' });
  if (child.error) throw new Error(`${program} cannot be started: ${child.error.message}`);
  if (child.status !== 0) {
    throw new Error(child.stderr.trim() || `${program} ended with ${child.status ?? child.signal}`);
  }
  const report: Record<string, unknown> = JSON.parse(child.stdout);
  const { imagesPerSecond } = report;
  if (typeof imagesPerSecond !== 'number') throw new Error(`${program} printed no imagesPerSecond`);
  return { ...report, imagesPerSecond };
}

function summarise(reports: readonly ReturnType<typeof measure>[]): Side {
  const rounds = reports.map((report) => report.imagesPerSecond);
  return { rounds, imagesPerSecond: median(rounds), detail: reports.at(-1) ?? {} };
}

function compare(rounds: number, batch: number, python: string): Comparison {
  const ours = [];
  const theirs = [];
  for (let round = 1; round <= rounds; round++) {
    theirs.push(measure(python, [TORCH, '--batch', `${batch}`]));
    ours.push(
      measure(process.execPath, [
        '--conditions=source',
        MEMEMOJI,
        ...['bench', 'train', '--model', 'm3', '--batch', `${batch}`, '--format', 'json'],
      ]),
    );
    process.stderr.write(`round ${round} of ${rounds} done\n`);
  }
  const [mememoji, torch] = [summarise(ours), summarise(theirs)];
  return { model: 'm3', batch, mememoji, torch, ratio: mememoji.imagesPerSecond / torch.imagesPerSecond };
}

function formatTable({ batch, mememoji, torch, ratio }: Comparison): string {
  const row = (name: string, side: Side) =>
    `${name.padEnd(10)}${side.imagesPerSecond.toFixed(1).padStart(10)}   ${side.rounds.map((r) => r.toFixed(1)).join('  ')}`;
  return [
    `Training step of M3, batch ${batch}`,
    `${''.padEnd(10)}${'images/s'.padStart(10)}   rounds`,
    row('mememoji', mememoji),
    row('PyTorch', torch),
    `ratio     ${ratio.toFixed(3).padStart(10)}`,
  ].join('\n');
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '3' },
      batch: { type: 'string', default: '64' },
      python: { type: 'string', default: '/usr/bin/python3' },
      format: { type: 'string', default: 'table' },
    },
  });
  const [rounds, batch] = [Number(values.rounds), Number(values.batch)];
  if (!(Number.isInteger(rounds) && rounds > 0)) throw new Error(`--rounds must be a positive integer`);
  if (!(Number.isInteger(batch) && batch > 0)) throw new Error(`--batch must be a positive integer`);
  if (values.format !== 'table' && values.format !== 'json') throw new Error(`--format is table or json`);
  return { rounds, batch, python: values.python, format: values.format };
}

try {
  const { rounds, batch, python, format } = readOptions();
  const comparison = compare(rounds, batch, python);
  process.stdout.write(`${format === 'json' ? JSON.stringify(comparison, null, 2) : formatTable(comparison)}\n`);
} catch (error) {
  process.stderr.write(`train-speed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
