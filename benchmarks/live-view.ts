/**
 * How fast the built web app is in headless Chromium: first picture after the first visit, frames per second of the live view
 * with a fake camera of 640x480, tasks that block the page for more than 50 ms, memory. Prints JSON.
 * Run: npm run build -w @mememoji/web && node --conditions=source benchmarks/live-view.ts [SECONDS]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { cameraFlags, writeCamera } from '../apps/web/test/fake-camera.ts';
import { startHost } from '../apps/web/test/host.ts';
import { launchChromium } from '../test/chromium.ts';

const APP = join(import.meta.dirname, '../apps/web/dist');
const PHOTO = join(import.meta.dirname, '../test/fixtures/astronaut.png');
/** Seconds between two looks at speed and memory. */
const PERIOD = 2;

/** Milliseconds from asking for the page to the faces of a picture that is chosen as soon as that is possible. */
async function measureFirstPicture(page: Page, url: string): Promise<number> {
  const start = performance.now();
  await page.goto(url);
  await page.locator('input[type=file]').setInputFiles(PHOTO);
  await page.locator('.face-card').waitFor();
  return performance.now() - start;
}

/** Frames per second, heap in MB and the durations of long tasks while the camera runs. */
async function measureLive(page: Page, seconds: number) {
  await page.evaluate(() => {
    location.hash = '#/live';
  });
  await page.getByRole('button', { name: 'Start the camera' }).click();
  await page.getByRole('button', { name: 'Speed' }).click();
  await page.locator('.live-side .face-card').waitFor();
  await page.waitForTimeout(5000);
  await page.evaluate(() => {
    const tasks: number[] = [];
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({
      type: 'longtask',
    });
    Object.assign(globalThis, { longTasks: tasks });
  });
  const devtools = await page.context().newCDPSession(page);
  const speeds: number[] = [];
  const heaps: number[] = [];
  for (let passed = 0; passed < seconds; passed += PERIOD) {
    await page.waitForTimeout(1000 * PERIOD);
    speeds.push(Number(await page.locator('.speed').getAttribute('data-fps')));
    heaps.push((await devtools.send('Runtime.getHeapUsage')).usedSize / 2 ** 20);
  }
  const blocked: number[] = await page.evaluate('globalThis.longTasks');
  return { speeds, heaps, blocked };
}

const round = (value: number): number => Number(value.toFixed(1));
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

const seconds = Number(process.argv[2] ?? 30);
const folder = mkdtempSync(join(tmpdir(), 'live-view-'));
writeCamera(join(folder, 'camera.mjpeg'), 'one');
const host = await startHost({ folder: APP, isolated: true });
const browser = await launchChromium({ flags: cameraFlags(join(folder, 'camera.mjpeg'), true) });
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(120_000);
  const firstPicture = await measureFirstPicture(page, host.url);
  const { speeds, heaps, blocked } = await measureLive(page, seconds);
  const result = {
    firstPictureMilliseconds: round(firstPicture),
    framesPerSecond: round(median(speeds)),
    slowestFramesPerSecond: round(Math.min(...speeds)),
    longTasks: blocked.length,
    longestTaskMilliseconds: round(Math.max(0, ...blocked)),
    heapMegabytes: { first: round(heaps[0]!), last: round(heaps.at(-1)!), largest: round(Math.max(...heaps)) },
    seconds,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
} finally {
  await browser.close();
  await host.close();
  rmSync(folder, { recursive: true });
}
