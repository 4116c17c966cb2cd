/** The example train-shapes as a user would put it on a server: trains in a browser, and as onnxruntime-node does. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { build, type PreviewServer, preview } from 'vite';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { train } from '../examples/train-shapes/train.ts';
import { createNodeSession } from '../packages/graph/test/node-session.ts';
import { hasChromium, launchChromium } from './chromium.ts';

const EXAMPLE = join(import.meta.dirname, '../examples/train-shapes');

/**
 * Largest difference of a loss, relative to it. Engines add in another order, and training multiplies what that makes of
 * the last bits from step to step; a gradient that is wrong shows itself at the second step in the first digits.
 */
const TOLERANCE = { first: 2e-6, later: 1e-3 };

describe.skipIf(!hasChromium)('training in a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'train-shapes-'));
  let server: PreviewServer;
  let browser: Browser | undefined;

  beforeAll(async () => {
    const configFile = join(EXAMPLE, 'vite.config.ts');
    const common = { configFile, logLevel: 'warn', build: { outDir: folder } } as const;
    await build(common);
    server = await preview({ ...common, preview: { host: '127.0.0.1', port: 0 } });
  }, 180_000);

  afterEach(async () => {
    await browser?.close();
    browser = undefined;
  });

  afterAll(async () => {
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('on WASM goes as in Node, and ends with an accuracy', { timeout: 240_000 }, async () => {
    browser = await launchChromium();
    const losses = await trainInPage(await browser.newPage(), 'wasm', 10, 200_000);
    expectSameLosses(losses, await trainInNode(10));
  });

  test('on WebGPU goes as in Node', { timeout: 400_000 }, async ({ skip }) => {
    browser = await launchChromium({ webgpu: true });
    const page = await browser.newPage();
    await page.goto(address());
    // A function of the page's own, as text: Node's types know no WebGPU.
    const adapter = await page.evaluate<boolean>('navigator.gpu?.requestAdapter().then((adapter) => adapter !== null)');
    skip(!adapter, 'this chromium has no WebGPU adapter, not even SwiftShader');
    const losses = await trainInPage(page, 'webgpu', 3, 360_000);
    expectSameLosses(losses, await trainInNode(3));
  });

  const address = () => server.resolvedUrls!.local[0]!;

  /** Opens the page, waits until it has trained and told its accuracy, and reads the loss of every step. */
  async function trainInPage(page: Page, device: string, steps: number, timeout: number) {
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(`${address()}?device=${device}&steps=${steps}`);
    await page.getByText(/^(Done|Failed):/).waitFor({ timeout });
    const status = await page.locator('#status').textContent();
    expect(complaints).toEqual([]);
    expect(status).toMatch(/^Done: \d+\.\d% of 600 new pictures are named rightly$/);
    const rows = (await page.locator('#losses').inputValue()).trim().split('\n').slice(1);
    expect(rows.map((row) => Number(row.split(',')[0]))).toEqual(Array.from({ length: steps }, (_, i) => i + 1));
    return rows.map((row) => Number(row.split(',')[1]));
  }
});

/** The same steps by onnxruntime-node. */
async function trainInNode(steps: number): Promise<number[]> {
  const losses: number[] = [];
  await train(createNodeSession, { steps, onStep: (_, loss) => void losses.push(loss) });
  return losses;
}

function expectSameLosses(seen: readonly number[], expected: readonly number[]): void {
  expect(seen.length).toBe(expected.length);
  for (const [i, loss] of seen.entries()) {
    const error = Math.abs(loss - expected[i]!) / expected[i]!;
    expect(error, `step ${i + 1}: ${loss} beside ${expected[i]}`).toBeLessThan(
      i === 0 ? TOLERANCE.first : TOLERANCE.later,
    );
  }
}
