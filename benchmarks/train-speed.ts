/**
 * Training speed of the net M3: this project against PyTorch, in turn on the same machine (A B C A B C), so that all meet
 * the same noise. The command asks for large pages by itself, PyTorch as it is installed does not: it is measured so, and told
 * to do the same. Prints the median of each side's rounds and the ratios.
 *
 *     node --conditions=source benchmarks/train-speed.ts --rounds 3 --format table|json
 *
 * Needs PyTorch in a Python (Debian: python3-torch); `--python` names another interpreter than /usr/bin/python3.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const MEMEMOJI = fileURLToPath(new URL('../apps/cli/bin/mememoji.js', import.meta.url));
/** What `apps/cli/bin/mememoji.js` sets for itself. */
const LARGE_PAGES = { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' };
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
  torchLargePages: Side;
  /** Median images per second of mememoji over that of PyTorch. */
  ratio: number;
  /** The same over PyTorch with large pages. */
  ratioLargePages: number;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Runs a program that prints one JSON object with `imagesPerSecond` on its standard output. */
function measure(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Record<string, unknown> & { imagesPerSecond: number } {
  const child = spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, ...env } });
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
  const theirsLarge = [];
  for (let round = 1; round <= rounds; round++) {
    theirs.push(measure(python, [TORCH, '--batch', `${batch}`]));
    theirsLarge.push(measure(python, [TORCH, '--batch', `${batch}`], LARGE_PAGES));
    ours.push(
      measure(process.execPath, [
        '--conditions=source',
        MEMEMOJI,
        ...['bench', 'train', '--model', 'm3', '--batch', `${batch}`, '--format', 'json'],
      ]),
    );
    process.stderr.write(`round ${round} of ${rounds} done\n`);
  }
  const [mememoji, torch, torchLargePages] = [summarise(ours), summarise(theirs), summarise(theirsLarge)];
  const ratioTo = (side: Side) => mememoji.imagesPerSecond / side.imagesPerSecond;
  return {
    model: 'm3',
    batch,
    mememoji,
    torch,
    torchLargePages,
    ratio: ratioTo(torch),
    ratioLargePages: ratioTo(torchLargePages),
  };
}

const WIDTH = 'PyTorch, large pages'.length;

function formatTable({ batch, mememoji, torch, torchLargePages, ratio, ratioLargePages }: Comparison): string {
  const row = (name: string, side: Side) =>
    `${name.padEnd(WIDTH)}${side.imagesPerSecond.toFixed(1).padStart(10)}   ${side.rounds.map((r) => r.toFixed(1)).join('  ')}`;
  return [
    `Training step of M3, batch ${batch}`,
    `${''.padEnd(WIDTH)}${'images/s'.padStart(10)}   rounds`,
    row('mememoji', mememoji),
    row('PyTorch', torch),
    row('PyTorch, large pages', torchLargePages),
    `${'ratio'.padEnd(WIDTH)}${ratio.toFixed(3).padStart(10)}`,
    `${'  with large pages'.padEnd(WIDTH)}${ratioLargePages.toFixed(3).padStart(10)}`,
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
