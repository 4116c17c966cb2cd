/** A person teaches the model before a camera, as a person does it: by clicks. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeModel } from '@mememoji/graph/codec';
import { createAnalyzer } from 'mememoji/node';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, launchChromium } from '../../../test/chromium.ts';
import { hasFfmpeg } from '../../../test/ffmpeg.ts';
import { buildApp } from './build-app.ts';
import { cameraFlags, writeCamera } from './fake-camera.ts';
import { type Host, startHost } from './host.ts';

const ASTRONAUT = join(import.meta.dirname, '../../../test/fixtures/astronaut.png');
const PATIENCE = 240_000;

describe.skipIf(!hasChromium || !hasFfmpeg)('teaching in the page', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mememoji-teach-'));
  let host: Host;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    const outDir = join(folder, 'app');
    buildApp(outDir);
    host = await startHost({ folder: outDir });
    const camera = join(folder, 'camera.mjpeg');
    writeCamera(camera, 'one');
    browser = await launchChromium({ flags: cameraFlags(camera, true) });
    page = await (await browser.newContext({ locale: 'en-GB', viewport: { width: 1200, height: 900 } })).newPage();
    page.setDefaultTimeout(PATIENCE);
  }, 300_000);

  afterAll(async () => {
    await browser?.close();
    await host?.close();
    rmSync(folder, { recursive: true, force: true });
  }, 120_000);

  const button = (name: string) => page.getByRole('button', { name, exact: true });

  /** Leaves one expression to be asked for. */
  async function askOnlyFor(wanted: string): Promise<void> {
    for (const name of ['Angry', 'Disgust', 'Fear', 'Happy', 'Sad', 'Surprise', 'Neutral'])
      if (name !== wanted) await page.getByLabel(name, { exact: true }).uncheck();
    expect(await page.getByLabel(wanted, { exact: true }).isDisabled()).toBe(true); // the last one stays
  }

  /** What the page reads in the astronaut's face. */
  async function readAstronaut(): Promise<string> {
    await page.goto(`${host.url}#/`);
    await page.locator('input[type="file"]').first().setInputFiles(ASTRONAUT);
    const heading = page.locator('.picture').first().locator('.face-card h3');
    await heading.waitFor();
    return (await heading.textContent()) ?? '';
  }

  it('learns that this smile means surprise, and is undone', { timeout: 1_200_000 }, async () => {
    await page.goto(`${host.url}#/teach`);
    await askOnlyFor('Surprise');
    await button('Start the camera').click();
    await page.getByRole('heading', { name: 'Look: Surprise' }).waitFor();
    await page.getByRole('heading', { name: 'Ready to learn' }).waitFor();
    expect(await page.locator('.teach-counts').textContent()).toMatch(/^Surprise \d+$/);
    await page.getByRole('radio', { name: 'Bold' }).check();
    await button('Let it learn').click();
    await page.getByRole('heading', { name: 'Learned', exact: true }).waitFor();
    const scores = await page.locator('.teach-score').allTextContents();
    expect(scores).toEqual(['0%', '100%']);
    expect(await page.locator('.teach-curve').getAttribute('data-losses')).toBe('150');

    const [download] = await Promise.all([page.waitForEvent('download'), button('Download the model').click()]);
    const model = readFileSync(await download.path());
    expect(download.suggestedFilename()).toBe('mememoji-taught.onnx');
    expect(decodeModel(model).metadata['mememoji.taught']).toContain('"surprise"');
    const analyzer = await createAnalyzer({ model });
    const [face] = (await analyzer.analyze(ASTRONAUT)).faces;
    await analyzer.close();
    expect(face!.dominant).toBe('surprise');

    await button('Use it from now on').click();
    await page.getByText('The taught model is in use').waitFor();
    expect(await readAstronaut()).toBe('Surprise');
    await page.getByText('Look inside').first().click();
    await page.locator('.inside-map').nth(5).waitFor();
    expect(await page.locator('.inside').textContent()).toContain('Why Surprise');

    await page.reload(); // what is kept outlasts the page
    expect(await readAstronaut()).toBe('Surprise');
    await page.goto(`${host.url}#/teach`);
    await button('Undo: back to the original').click();
    await page.getByText('The original model is in use again').waitFor();
    expect(await readAstronaut()).toBe('Happy');
  });
});
