/**
 * Pictures of every page of the built app, on a phone and on a wide screen, light and dark, to be looked at.
 * Run: npm run build -w apps/web && node --conditions=source apps/web/scripts/take-screenshots.ts FOLDER [DIST]
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { EXPRESSIONS } from '@mememoji/vision/expression';
import type { Page } from 'playwright-core';
import { launchChromium } from '../../../test/chromium.ts';
import { cameraFlags, writeCamera, writeVideo } from '../test/fake-camera.ts';
import { startHost } from '../test/host.ts';

const FIXTURE = join(import.meta.dirname, '../../../test/fixtures/astronaut.png');
const SIZES = { wide: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };
/** Milliseconds; a machine that has other work to do is slow. */
const PATIENCE = 240_000;

async function goTo(page: Page, path: string): Promise<void> {
  await page.evaluate((hash) => {
    location.hash = hash;
  }, `#/${path}`);
}

/** What a person does to come to the state that is shown; each goes on where the one before ended. */
const STATES: Readonly<Record<string, (page: Page, folder: string) => Promise<unknown>>> = {
  welcome: async () => undefined,
  about: (page) => goTo(page, 'about'),
  consent: (page) => goTo(page, 'live'),
  live: async (page) => {
    await page.getByRole('button', { name: 'Start the camera' }).click();
    await page.locator('.live-side .face-card').waitFor();
    await page.getByRole('button', { name: 'Speed' }).click();
    await page.waitForTimeout(8000);
  },
  video: async (page, folder) => {
    await goTo(page, 'video');
    await page.locator('input[type=file]').setInputFiles(join(folder, 'face.webm'));
    await page.getByText(/frames looked at/).waitFor();
    await page.getByRole('button', { name: 'Mark this moment' }).click();
    await page.locator('.video-faces .face-card').waitFor();
  },
  picture: async (page) => {
    await goTo(page, '');
    await page.locator('input[type=file]').setInputFiles(FIXTURE);
    await page.locator('.face-card').waitFor();
  },
  memes: async (page) => {
    await page.getByRole('radio', { name: 'Memes' }).check();
    await page.locator('.face-card summary').first().click();
  },
  corrections: async (page) => {
    await page.locator('.expression-choice label').nth(5).click();
    await page.getByText('Thank you').waitFor();
    await goTo(page, 'corrections');
    await page.locator('.correction').waitFor();
  },
  inside: async (page) => {
    await goTo(page, '');
    await page.getByText('Look inside').first().click();
    await page.locator('.inside-map').nth(5).waitFor();
  },
  teach: (page) => goTo(page, 'teach'),
  lesson: async (page) => {
    for (const name of EXPRESSIONS.filter((one) => one !== 'surprise')) {
      await page.getByLabel(name, { exact: false }).uncheck();
    }
    await page.getByRole('button', { name: 'Start the camera' }).click();
    await page.getByRole('heading', { name: 'Ready to learn' }).waitFor();
    await page.getByRole('radio', { name: 'Bold' }).check();
    await page.getByRole('button', { name: 'Let it learn' }).click();
    await page.getByRole('heading', { name: 'Learned', exact: true }).waitFor();
  },
};

async function shoot(page: Page, state: string, target: string): Promise<void> {
  for (const [device, viewport] of Object.entries(SIZES)) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.waitForTimeout(500);
      await page.screenshot({ path: join(target, `${state}-${device}-${colorScheme}.png`), fullPage: true });
    }
  }
}

const [target = 'screenshots', dist = join(import.meta.dirname, '../dist')] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'screenshots-'));
mkdirSync(target, { recursive: true });
writeCamera(join(folder, 'camera.mjpeg'), 'one');
writeVideo(join(folder, 'face.webm'));
const host = await startHost({ folder: resolve(dist), isolated: true });
const browser = await launchChromium({ flags: cameraFlags(join(folder, 'camera.mjpeg'), true) });
try {
  const page = await browser.newPage({ viewport: SIZES.wide, serviceWorkers: 'block' });
  page.setDefaultTimeout(PATIENCE);
  page.on('pageerror', (error) => process.stderr.write(`${error.stack}\n`));
  await page.goto(host.url);
  await page.locator('main .page').waitFor();
  for (const [state, reach] of Object.entries(STATES)) {
    await reach(page, folder);
    await shoot(page, state, target);
  }
} finally {
  await browser.close();
  await host.close();
  rmSync(folder, { recursive: true });
}
