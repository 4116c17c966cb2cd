/** The example `web` as a user would put it on a server. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChromium, launchChromium } from './chromium.ts';
import { ISOLATED, type StaticServer, serveFolders } from './static-server.ts';

const EXAMPLE = join(import.meta.dirname, '../examples/web');
const PHOTO = join(import.meta.dirname, 'fixtures/astronaut.png');

describe.skipIf(!hasChromium)('the example of a page', () => {
  const folder = mkdtempSync(join(tmpdir(), 'web-example-'));
  let server: StaticServer;
  let browser: Browser;

  beforeAll(async () => {
    const configFile = join(EXAMPLE, 'vite.config.ts');
    await build({ configFile, logLevel: 'error', build: { outDir: folder } });
    server = await serveFolders([folder], ISOLATED);
    browser = await launchChromium();
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('reads the expression in a photo, and sends nothing anywhere', { timeout: 400_000 }, async () => {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      const own = request.url().startsWith(server.url) || /^(blob|data):/.test(request.url());
      if (!own || request.method() !== 'GET') complaints.push(`${request.method()} ${request.url()}`);
    });
    await page.goto(server.url);
    await page.getByText(/^Ready, on wasm$/).waitFor({ timeout: 180_000 });
    await page.getByLabel('A photo:').setInputFiles(PHOTO);
    await page.getByText(/^1 face in \d+ ms$/).waitFor({ timeout: 180_000 });
    expect(await page.getByRole('listitem').allTextContents()).toEqual([expect.stringMatching(/^happy \d\d%/)]);
    const colours = await page.evaluate(() => {
      const canvas = document.querySelector('canvas')!;
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      return { width: canvas.width, drawn: data.some((value) => value > 0) };
    });
    expect(colours).toEqual({ width: 512, drawn: true });
    expect(complaints).toEqual([]);
  });
});
