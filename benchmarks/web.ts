/**
 * Speed and memory of `mememoji/web` in Chromium, on WASM with one thread.
 * Run: node --conditions=source benchmarks/web.ts [speed]
 *      node --conditions=source benchmarks/web.ts memory [CALLS, 10000]
 * Prints JSON lines: milliseconds of the start and of pictures of 640x480, or the memory of the browser after every 1000
 * calls, each with another bitmap.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { build } from 'vite';
import { launchChromium } from '../test/chromium.ts';
import { serveFolders } from '../test/static-server.ts';

const ROOT = join(import.meta.dirname, '..');
const [what = 'speed', calls = '10000'] = process.argv.slice(2);

const folder = mkdtempSync(join(tmpdir(), 'mememoji-web-bench-'));
await build({
  configFile: join(ROOT, 'packages/mememoji/test/web/page/vite.config.ts'),
  logLevel: 'error',
  build: { outDir: folder },
});
const server = await serveFolders([folder, join(ROOT, 'test/fixtures')]);
const browser = await launchChromium();
try {
  const page = await browser.newPage();
  await page.goto(server.url);
  await page.waitForFunction(() => 'createWebAnalyzer' in window);
  if (what === 'memory') await measureMemory(page, Number(calls));
  else print(await measureSpeed(page));
} finally {
  await browser.close();
  await server.close();
  rmSync(folder, { recursive: true });
}

function print(line: unknown): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** The start, the first picture, then the median of 20 photos and of 100 frames, each with the way there and back. */
function measureSpeed(page: Page) {
  return page.evaluate(async () => {
    const photo = await createImageBitmap(await (await fetch('astronaut.png')).blob());
    const canvas = new OffscreenCanvas(640, 480);
    canvas.getContext('2d')!.drawImage(photo, 64, 0, 480, 480);
    const picture = canvas.transferToImageBitmap();
    const time = async (work: () => Promise<unknown>) => {
      const start = performance.now();
      await work();
      return performance.now() - start;
    };
    const median = async (count: number, work: () => Promise<unknown>) => {
      const times: number[] = [];
      for (let i = 0; i < count; i++) times.push(await time(work));
      return times.sort((a, b) => a - b)[Math.floor(count / 2)]!;
    };
    const result: Record<string, number> = {};
    for (const [detection, count] of [['photo', 20] as const, ['video', 100] as const]) {
      const begun = performance.now();
      const analyzer = await window.createWebAnalyzer({ device: 'wasm', threads: 1, detection });
      result[`${detection}: start`] = performance.now() - begun;
      result[`${detection}: warmup`] = await time(() => analyzer.warmup());
      result[`${detection}: first`] = await time(() => analyzer.analyze(picture));
      result[`${detection}: median of ${count}`] = await median(count, () => analyzer.analyze(picture));
      await analyzer.close();
    }
    return result;
  });
}

async function measureMemory(page: Page, count: number): Promise<void> {
  await page.evaluate(async () => {
    window.analyzer = await window.createWebAnalyzer({ device: 'wasm', threads: 1, detection: 'video' });
  });
  for (let done = 0; done < count; done += 1000) {
    await page.evaluate(async () => {
      const blob = await (await fetch('astronaut.png')).blob();
      for (let i = 0; i < 1000; i++) {
        const bitmap = await createImageBitmap(blob);
        await window.analyzer.analyze(bitmap);
        bitmap.close();
      }
    });
    print({ calls: done + 1000, megabytes: await residentMegabytes() });
  }
}

/** Resident memory of the browser's processes, its main one left out. */
async function residentMegabytes(): Promise<number> {
  const client = await browser.newBrowserCDPSession();
  const { processInfo } = await client.send('SystemInfo.getProcessInfo');
  await client.detach();
  const kilobytes = processInfo
    .filter(({ type }) => type !== 'browser')
    .map(({ id }) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1] ?? 0));
  return Math.round(kilobytes.reduce((a, b) => a + b, 0) / 1024);
}
