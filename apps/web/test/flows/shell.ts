import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import type { AxeResults } from 'axe-core';
import type { Locator, Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { ASTRONAUT, chooseFiles, expectPage, goTo, type Stage } from './stage.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PAGES = ['Picture', 'Live', 'Video', 'Teach', 'Corrections', 'About'];
/** Bytes of script, gzipped, before the models. */
const SCRIPT_BUDGET = 200_000;

declare global {
  /** What axe.min.js puts into the page. */
  var axe: { run(): Promise<AxeResults> };
}

/** What axe finds on the page as it is, one line each. */
async function findBarriers(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => axe.run());
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} ${target}: ${failureSummary}`),
  );
}

/** Presses Tab until a control has the focus, as a person does. */
async function tabTo(page: Page, control: Locator): Promise<void> {
  for (let presses = 0; presses < 5; presses++) {
    await page.keyboard.press('Tab');
    if (await control.evaluate((element) => element === document.activeElement)) return;
  }
  throw new Error(`the keyboard does not reach ${control}`);
}

export function describeShell(stage: Stage): void {
  describe('the app', () => {
    it('has no barrier that axe finds, on any page, light and dark', { timeout: 600_000 }, async () => {
      const page = await stage.open({ reducedMotion: 'reduce' });
      await chooseFiles(page, 'Choose pictures', ASTRONAUT);
      await page.getByText('Not right? Correct it').click();
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        for (const name of PAGES) {
          await goTo(page, name);
          await expectPage(page, name);
          expect(await findBarriers(page), `${name}, ${colorScheme}`).toEqual([]);
        }
      }
    });

    it('speaks two languages and has two themes, and remembers both', async () => {
      const page = await stage.open({ locale: 'de-AT', colorScheme: 'light' });
      await page.getByRole('heading', { name: 'Was sagt dieses Gesicht?' }).waitFor();
      expect(await page.evaluate(() => document.documentElement.lang)).toBe('de');
      await page.getByLabel('Sprache').selectOption('English');
      await page.getByRole('heading', { name: 'What does this face say?' }).waitFor();
      const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
      const light = await paper();
      await page.getByRole('button', { name: /^Theme/ }).click();
      await page.getByRole('button', { name: /^Theme/ }).click();
      const dark = await paper();
      expect(dark).not.toBe(light);
      await page.reload();
      await page.getByRole('heading', { name: 'What does this face say?' }).waitFor();
      expect(await paper()).toBe(dark);
    });

    it('is used with the keyboard alone', async () => {
      const page = await stage.open();
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      expect(await page.evaluate(() => document.activeElement?.id), 'skipped to the content').toBe('main');
      // Asked for early: a browser needs a moment until it hands its dialogs over, and shows its own until then.
      const chooser = page.waitForEvent('filechooser');
      await tabTo(page, page.getByRole('button', { name: 'Choose pictures' }));
      await page.keyboard.press('Enter');
      await (await chooser).setFiles(ASTRONAUT);
      const summary = page.getByText('Not right? Correct it');
      await summary.waitFor();
      await page.getByRole('radio', { name: 'Boxes' }).focus();
      await page.keyboard.press('ArrowRight');
      expect(await page.getByRole('radio', { name: 'Memes' }).isChecked()).toBe(true);
      await summary.focus();
      await page.keyboard.press('Enter');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Space');
      await page.getByText('Thank you.').waitFor();
    });

    it('works without a network after the first visit', async () => {
      const page = await stage.open({ offline: true, tolerant: true });
      await page.evaluate(async () => {
        await navigator.serviceWorker.ready;
        if (navigator.serviceWorker.controller === null) {
          await new Promise((resolve) => navigator.serviceWorker.addEventListener('controllerchange', resolve));
        }
      });
      await page.context().setOffline(true);
      await page.reload();
      expect(
        await page.evaluate(() =>
          fetch('nothing-of-the-app').then(
            () => true,
            () => false,
          ),
        ),
        'offline',
      ).toBe(false);
      await page.getByText('Or try it with an astronaut.').click();
      await page.getByText('One face').waitFor();
      await page.getByRole('radio', { name: 'Memes' }).check();
      const memes = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Save with memes' }).click();
      expect((await memes).suggestedFilename()).toBe('myMemeMoji.png');
      for (const name of PAGES.slice(1)) {
        await goTo(page, name);
        await page.getByRole('heading', { level: 1 }).waitFor();
      }
    });

    it('needs at most 200 kB of script before the models, and is isolated where the host allows it', async () => {
      const page = await stage.open();
      const scripts = await page.evaluate(() => {
        const addresses = performance.getEntriesByType('resource').map(({ name }) => name);
        return [...new Set(addresses)].filter((name) => /\.m?js$/.test(new URL(name).pathname));
      });
      // The worker's own scripts are not in the page's list.
      const all = [...new Set([...scripts, ...stage.workerScripts(page.url())])];
      const sizes = await Promise.all(
        all.map(async (address) => gzipSync(Buffer.from(await (await fetch(address)).arrayBuffer())).length),
      );
      expect(all.length).toBeGreaterThan(3);
      expect(sizes.reduce((a, b) => a + b)).toBeLessThan(SCRIPT_BUDGET);
      expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    });

    it('can be installed: its manifest names icons that are there', async () => {
      const page = await stage.open();
      const manifest = await page.evaluate(async () => {
        const link = document.querySelector<HTMLLinkElement>('link[rel=manifest]')!;
        const content = await (await fetch(link.href)).json();
        const icons = content.icons.map(({ src }: { src: string }) => new URL(src, link.href).href);
        const found = await Promise.all(icons.map(async (address: string) => (await fetch(address)).ok));
        return { start: new URL(content.start_url, link.href).href, found };
      });
      expect(manifest.found).toEqual([true, true, true, true]);
      expect(manifest.start).toBe(stage.host.url);
    });
  });
}
