import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContext, BrowserContextOptions, Download, Page } from 'playwright-core';
import type { Scene } from '../fake-camera.ts';
import type { Host } from '../host.ts';

export const ASTRONAUT = join(import.meta.dirname, '../../../../test/fixtures/astronaut.png');

/** What all flows share. It is set up before the first one. */
export interface Stage {
  /** The built app, at a host of files. */
  host: Host;
  /** The built app. */
  appFolder: string;
  /** For what the tests write. */
  folder: string;
  /** Opens the app in a browser of its own: nothing of other flows is remembered. Complaints of the page fail the test. */
  open(options?: OpenOptions): Promise<Page>;
  /** Writes a scene for the camera, once. */
  camera(scene: Scene): string;
  /** Addresses of the scripts that the worker of the models loads, for a page at this address. */
  workerScripts(pageUrl: string): string[];
  /** A video of a face that moves and is gone for a second. */
  video(): string;
}

export interface OpenOptions extends BrowserContextOptions {
  /** Address in place of the host's. */
  url?: string;
  /** Another browser than the one that all flows share. */
  browser?: Browser;
  /** Whether the page may write errors on the console: that of a request which the test lets fail. */
  tolerant?: boolean;
  /** Whether the service worker may keep the app. */
  offline?: boolean;
}

/** Milliseconds that anything may take on a busy machine. */
export const PATIENCE = 240_000;

/** Chooses files as a person does who presses the button. */
export async function chooseFiles(page: Page, button: string, files: string | string[]): Promise<void> {
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: button }).click();
  await (await chooser).setFiles(files);
}

/** The content of what a click saves, and its name. */
export async function download(page: Page, click: () => Promise<void>): Promise<{ name: string; content: Buffer }> {
  const coming = page.waitForEvent('download');
  await click();
  const file: Download = await coming;
  return { name: file.suggestedFilename(), content: readFileSync(await file.path()) };
}

/** Opens a page of the app by its navigation. */
export async function goTo(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name }).click();
}

/** Waits until a page is there to its heading: pages come as chunks of their own. The picture page has none but on its pictures. */
export async function expectPage(page: Page, name: string): Promise<void> {
  await page.locator(`nav a[aria-current="page"]`, { hasText: name }).waitFor();
  await page
    .locator(name === 'Picture' ? 'main h2' : 'main h1')
    .first()
    .waitFor();
}

/** Opens the app and collects what it complains of. */
export async function openPage(context: BrowserContext, url: string, complaints: string[]): Promise<Page> {
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // Hosts of files have no API, which the page finds out by asking.
    if (message.type() === 'error' && !message.location().url.endsWith('/ready')) complaints.push(message.text());
  });
  await page.goto(url);
  await page.locator('main .page').waitFor();
  return page;
}
