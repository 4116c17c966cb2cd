/** Measures the libraries in Chromium, each in a browser of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'vite';
import { launchChromium } from '../../test/chromium.ts';
import { serveFolders } from '../../test/static-server.ts';
import type { Times } from './measure.ts';
import type { SideName } from './side.ts';

const PAGE = join(import.meta.dirname, 'page');

export interface BrowserBench {
  measure(name: SideName, runs: number): Promise<Times>;
  close(): Promise<void>;
}

/** Bundles the page and serves it with the files of the peers. @param photo path of a picture with one face */
export async function openBrowserBench(folder: string, photo: string): Promise<BrowserBench> {
  const built = await mkdtemp(join(tmpdir(), 'mememoji-peers-page-'));
  await build({ configFile: join(PAGE, 'vite.config.ts'), logLevel: 'error', build: { outDir: built } });
  const server = await serveFolders([built, folder, dirname(photo)]);
  return {
    measure: (name, runs) => measureIn(server.url, name, photo, runs),
    close: async () => {
      await server.close();
      await rm(built, { recursive: true });
    },
  };
}

async function measureIn(url: string, name: SideName, photo: string, runs: number): Promise<Times> {
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(120_000);
    await page.goto(url);
    await page.waitForFunction(() => 'measurePeer' in window);
    const file = photo.slice(dirname(photo).length + 1);
    return await page.evaluate(([name, file, runs]) => window.measurePeer(name, file, runs), [
      name,
      file,
      runs,
    ] as const);
  } finally {
    await browser.close();
  }
}
