/**
 * Throughput and latency of the server on loopback, against what the bare library does on the same cores, both in this run:
 * 640x480 JPEG, 1, 8 and 64 connections, then more than it takes (429), then once more as at first. The load comes from a process
 * of its own; it takes some of the cores as well. Run: node --conditions=source benchmarks/server-load.ts [SECONDS] [ANALYZERS]
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startAnalyzers } from '@mememoji/server/analysis/pool';
import { completeConfig } from '@mememoji/server/config/config';
import { startServer } from '@mememoji/server/server';
import type { Result } from 'autocannon';
import { createAnalyzer } from 'mememoji/node';
import sharp from 'sharp';

const seconds = Number(process.argv[2] ?? 10);
const analyzers = Number(process.argv[3] ?? availableParallelism());
const PHOTO = new URL('../test/fixtures/astronaut.png', import.meta.url);
const CLIENT = fileURLToPath(new URL('server-load-client.ts', import.meta.url));
/** Requests that may wait, so that 64 connections fit and 256 do not. */
const QUEUE = 64;

const folder = mkdtempSync(join(tmpdir(), 'mememoji-load-'));
const photoFile = join(folder, 'photo.jpg');
await sharp(readFileSync(PHOTO)).resize(640, 480, { fit: 'cover' }).jpeg({ quality: 90 }).toFile(photoFile);
const photo = readFileSync(photoFile);

const bare = await measureBare();
const pool = await measurePool();
const options = {
  port: 0,
  dataDir: join(folder, 'data'),
  queue: QUEUE,
  analyzers,
  rateLimit: 0,
  logLevel: 'silent',
} as const;
const server = await startServer(completeConfig(options));
await load(server.url, 2, 2); // the first requests pay for what is done once
const rows = [];
for (const connections of [1, 8, 64]) rows.push({ connections, ...(await load(server.url, connections, seconds)) });
const before = process.memoryUsage().rss;
const overload = await load(server.url, 256, seconds);
const after = await load(server.url, 8, seconds);
const grown = process.memoryUsage().rss - before;
await server.close();
rmSync(folder, { recursive: true });

console.table(rows);
console.log('more than it takes, 256 connections:', overload);
console.log('8 connections again:', after);
const best = Math.max(...rows.map(({ perSecond }) => perSecond));
console.log(
  JSON.stringify({
    analyzers,
    bareLibraryPerSecond: bare,
    threadsPerSecond: pool,
    serverPerSecond: best,
    share: Number((best / bare).toFixed(3)),
    grownMegabytes: Math.round(grown / 2 ** 20),
  }),
);

/** Pictures a second of the library alone, the best of 1, 2 and 4 at a time. */
async function measureBare(): Promise<number> {
  const analyzer = await createAnalyzer();
  const rates: number[] = [];
  for (const atOnce of [1, 2, 4]) rates.push(await rate(atOnce, () => analyzer.analyze(photo)));
  await analyzer.close();
  return Math.max(...rates);
}

/** The same through the server's threads, without HTTP and store. */
async function measurePool(): Promise<number> {
  const started = await startAnalyzers({ analyzers, maxPixels: 50e6 });
  const measured = await rate(started.parallel, () => started.analyze(new Uint8Array(photo)));
  await started.close();
  return measured;
}

async function rate(atOnce: number, analyze: () => Promise<unknown>): Promise<number> {
  await Promise.all(Array.from({ length: atOnce }, analyze));
  const end = performance.now() + seconds * 1000;
  const start = performance.now();
  let count = 0;
  const loop = async (): Promise<void> => {
    for (; performance.now() < end; count++) await analyze();
  };
  await Promise.all(Array.from({ length: atOnce }, loop));
  return round((1000 * count) / (performance.now() - start));
}

/** Requests from a process of its own. Latencies in milliseconds, of answers that were 200 and others together. */
async function load(url: string, connections: number, duration: number) {
  const args = ['--conditions=source', CLIENT, `${url}/v1/analyze`, String(connections), String(duration), photoFile];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 26 });
  const result: Result = JSON.parse(stdout);
  const refused = Object.entries(result.statusCodeStats ?? {}).find(([status]) => status === '429')?.[1].count ?? 0;
  return {
    perSecond: round(result['2xx'] / result.duration),
    p50: result.latency.p50,
    p99: result.latency.p99,
    refused,
    failed: result.errors + result.non2xx - refused,
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
