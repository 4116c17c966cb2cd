/** A page that has the entry `mememoji/web` after a bundler, in a browser, for tests to call into. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll } from 'vitest';
import { launchChromium } from '../../../../test/chromium.ts';
import { type StaticServer, serveFolders } from '../../../../test/static-server.ts';
import { FIXTURES } from './pictures.ts';

const PAGE = join(import.meta.dirname, 'page');

/** Builds the page before the tests of a file. @returns where it will be. */
export function builtPage(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mememoji-web-'));
  beforeAll(async () => {
    await build({ configFile: join(PAGE, 'vite.config.ts'), logLevel: 'error', build: { outDir: folder } });
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface OpenPage {
  page: Page;
  server: StaticServer;
  /** Errors of the page, and requests to other servers than its own. */
  complaints: string[];
  close(): Promise<void>;
}

/**
 * Opens the built page in a browser of its own.
 * @param headers of all files.
 */
export async function openPage(
  folder: string,
  { headers = {}, webgpu = false }: { headers?: Record<string, string>; webgpu?: boolean } = {},
): Promise<OpenPage> {
  const server = await serveFolders([folder, FIXTURES], headers);
  const browser: Browser = await launchChromium({ webgpu });
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(server.url)) complaints.push(request.url());
  });
  await page.goto(server.url);
  await page.waitForFunction(() => 'createWebAnalyzer' in window);
  const close = async () => {
    await browser.close();
    await server.close();
  };
  return { page, server, complaints, close };
}
