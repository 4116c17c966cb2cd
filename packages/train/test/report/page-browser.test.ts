/** The page in a real browser: it loads nothing, fits a phone, follows dark mode, and prints on white. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createReport } from '../../src/report/create-report.ts';
import { writeReport } from '../../src/report/write-report.ts';
import { folderForAll } from '../helpers/tiny-run.ts';
import { datasetOf, FACES, writeRowReader } from './row-reader.ts';

const CHROMIUM = '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

describe.skipIf(!existsSync(CHROMIUM))('the page in a browser', () => {
  const folder = folderForAll();
  let browser: Browser;
  let url: string;
  beforeAll(async () => {
    const file = writeRowReader(folder, 'reader.onnx', { uncertainBelow: 0.7 });
    const measured = await createReport(file, datasetOf(FACES), { split: 'PublicTest' });
    url = pathToFileURL(await writeReport(measured, join(folder, 'out'))).href;
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  }, 120_000);
  afterAll(() => browser?.close());

  async function open(width: number, media: Parameters<Page['emulateMedia']>[0] = {}) {
    const page = await browser.newPage({ viewport: { width, height: 800 } });
    const requests: string[] = [];
    const complaints: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    page.on('console', (message) => complaints.push(message.text()));
    await page.emulateMedia(media);
    await page.goto(url);
    return { page, requests: requests.filter((one) => !one.startsWith('data:')), complaints };
  }

  const background = (page: Page, selector: string) =>
    page.$eval(selector, (element) => getComputedStyle(element).backgroundColor);

  it('loads nothing but itself, and shows its pictures', async () => {
    const { page, requests, complaints } = await open(1200);
    expect(requests).toEqual([url]);
    expect(complaints).toEqual([]);
    expect(await page.title()).toBe('reader 1 on PublicTest');
    const sizes = await page.$$eval('figure image', (all) => all.map((image) => image.getBoundingClientRect().width));
    expect(sizes).toHaveLength(14);
    expect(Math.min(...sizes)).toBeGreaterThan(40);
  });

  it.each([320, 360, 768, 1500])('fits a screen of %i pixels, also with all tables open', async (width) => {
    const { page } = await open(width);
    await page.$$eval('details', (all) => {
      for (const one of all) one.setAttribute('open', '');
    });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    const texts = await page.$$eval('figure > svg text', (all) =>
      all.map((text) => text.getBoundingClientRect().height),
    );
    expect(Math.min(...texts.filter((height) => height > 0))).toBeGreaterThan(7);
  });

  it('is light or dark as the reader wishes, and always light on paper', async () => {
    const light = await open(800, { colorScheme: 'light' });
    const dark = await open(800, { colorScheme: 'dark' });
    const paper = await open(800, { colorScheme: 'dark', media: 'print' });
    expect(await background(light.page, 'figure')).toBe('rgb(255, 255, 255)');
    expect(await background(dark.page, 'figure')).toBe('rgb(25, 29, 36)');
    expect(await background(paper.page, 'figure')).toBe('rgb(255, 255, 255)');
    const ink = (page: Page) => page.$eval('figure svg svg', (element) => getComputedStyle(element).color);
    expect([await ink(light.page), await ink(dark.page), await ink(paper.page)]).toEqual([
      'rgb(26, 32, 44)',
      'rgb(232, 234, 237)',
      'rgb(26, 32, 44)',
    ]);
  });
});
