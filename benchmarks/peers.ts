/**
 * This library against @vladmandic/human and @vladmandic/face-api: time from decoded pixels (one face, 640x480) to its
 * expression, time per face of the expression nets alone, and faces found in the same photos. All have one thread; in turn
 * (A B C A B C), each in a process or browser of its own, so that all meet the same noise. Medians over the rounds.
 *
 *     node --conditions=source benchmarks/peers.ts --rounds 5 --output peers.json
 *
 * npm installs the peers, at fixed versions and without install scripts, into --folder outside the repository. `--clock cpu`
 * counts the processor's time of the Node processes instead of the clock's, for a machine that is busy. `--only` takes
 * some of node, browser, recall.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Box } from '@mememoji/vision/result';
import { openBrowserBench } from './peers/browser.ts';
import type { Times } from './peers/measure.ts';
import { countFound, type Recall } from './peers/recall.ts';
import { formatReport, type Report, summarise } from './peers/report.ts';
import { PEER_FILES, SIDES, type SideName } from './peers/side.ts';
import { readPeerPhotos, readPhotos } from './photos.ts';

const PACKAGES = [
  '@vladmandic/human@3.3.6',
  '@vladmandic/face-api@1.7.15',
  '@tensorflow/tfjs@4.22.0',
  '@tensorflow/tfjs-backend-wasm@4.22.0',
];
const PARTS = ['node', 'browser', 'recall'];
const CHILD = join(import.meta.dirname, 'peers/node-child.ts');

const { values: args } = parseArgs({
  options: {
    folder: { type: 'string', default: join(tmpdir(), 'mememoji-peers') },
    photo: { type: 'string', default: join(import.meta.dirname, '../test/fixtures/astronaut.png') },
    photos: { type: 'string', default: '../shared/data/photos' },
    only: { type: 'string', default: PARTS.join(',') },
    sides: { type: 'string', default: SIDES.join(',') },
    rounds: { type: 'string', default: '5' },
    runs: { type: 'string', default: '20' },
    clock: { type: 'string', default: 'wall' },
    output: { type: 'string' },
  },
});
const folder = resolve(args.folder);
const sides = SIDES.filter((name) => args.sides.split(',').includes(name));
const [rounds, runs] = [Number(args.rounds), Number(args.runs)];

function install(): void {
  if (existsSync(join(folder, PEER_FILES.human))) return;
  process.stderr.write(`installing ${PACKAGES.join(', ')} into ${folder}\n`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const options = ['--save-exact', '--ignore-scripts', '--no-audit', '--no-fund', '--legacy-peer-deps'];
  execFileSync('npm', ['install', ...options, ...PACKAGES], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Runs one library in a process of its own; it answers with JSON on its last line. */
function runChild<Answer>(name: SideName, rest: readonly string[]): Answer {
  const command = ['--conditions=source', CHILD, '--side', name, '--folder', folder, ...rest];
  const output = execFileSync(process.execPath, command, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return JSON.parse(output.trimEnd().split('\n').at(-1) ?? '');
}

/** Every side once in each round. */
async function inTurns(where: string, measure: (name: SideName) => Promise<Times>): Promise<Map<SideName, Times[]>> {
  const all = new Map(sides.map((name): [SideName, Times[]] => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const name of sides) all.get(name)?.push(await measure(name));
    process.stderr.write(`${where}: round ${round} of ${rounds} done\n`);
  }
  return all;
}

async function measureNode(): Promise<Map<SideName, Times[]>> {
  return inTurns('Node', async (name) => runChild(name, ['--runs', args.runs, '--clock', args.clock, args.photo]));
}

async function measureBrowser(): Promise<Map<SideName, Times[]>> {
  const bench = await openBrowserBench(folder, resolve(args.photo));
  try {
    return await inTurns('Chromium', (name) => bench.measure(name, runs));
  } finally {
    await bench.close();
  }
}

/** All photos whose faces were counted by eye; those of the folder only where it is there. */
function measureRecall(): Record<string, Recall> {
  const own = existsSync(join(args.photos, 'photos.csv')) ? readPhotos(args.photos) : [];
  const photos = [...own, ...readPeerPhotos(folder)];
  const paths = photos.map(({ path }) => path);
  const found = new Map(sides.map((name) => [name, runChild<Box[][]>(name, ['--recall', ...paths])]));
  const reference = found.get('mememoji') ?? runChild<Box[][]>('mememoji', ['--recall', ...paths]);
  return Object.fromEntries(Array.from(found, ([name, boxes]) => [name, countFound(photos, reference, boxes)]));
}

async function main(): Promise<void> {
  install();
  const parts = args.only.split(',');
  const report: Report = { rounds, runs, clock: args.clock };
  if (parts.includes('node')) report.node = summarise(await measureNode());
  if (parts.includes('browser')) report.browser = summarise(await measureBrowser());
  if (parts.includes('recall')) report.recall = measureRecall();
  process.stdout.write(formatReport(report));
  if (args.output === undefined) return;
  writeFileSync(`${args.output}.tmp`, `${JSON.stringify(report, undefined, 2)}\n`);
  renameSync(`${args.output}.tmp`, args.output);
}

await main();
