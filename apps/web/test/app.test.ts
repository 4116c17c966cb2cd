/** The built app in a real browser, as people use it: built once, served by a plain host of files below some path. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { hasChromium, launchChromium } from '../../../test/chromium.ts';
import { hasFfmpeg } from '../../../test/ffmpeg.ts';
import { buildApp } from './build-app.ts';
import { cameraFlags, type Scene, writeCamera, writeVideo } from './fake-camera.ts';
import { describeCorrections } from './flows/corrections.ts';
import { describeFirefox } from './flows/firefox.ts';
import { describeLive } from './flows/live.ts';
import { describePictures } from './flows/pictures.ts';
import { describeServed } from './flows/served.ts';
import { describeShell } from './flows/shell.ts';
import { type OpenOptions, openPage, type Stage } from './flows/stage.ts';
import { describeVideos } from './flows/videos.ts';
import { type Host, startHost } from './host.ts';

const PATH = '/some/where/';

/** Builds, serves and opens the app; everything is created in `start` and ended in `end`. */
class TestStage implements Stage {
  readonly folder = mkdtempSync(join(tmpdir(), 'mememoji-web-'));
  readonly appFolder = join(this.folder, 'app');
  readonly complaints: string[] = [];
  readonly #contexts = new Set<BrowserContext>();
  readonly #written = new Set<string>();
  #host: Host | undefined;
  #browser: Browser | undefined;

  async start(): Promise<void> {
    buildApp(this.appFolder);
    this.#host = await startHost({ folder: this.appFolder, path: PATH, isolated: true });
    const flags = hasFfmpeg ? cameraFlags(this.camera('one'), true) : [];
    this.#browser = await launchChromium({ flags });
  }

  get host(): Host {
    return this.#host!;
  }

  async open({ url, browser, tolerant = false, offline = false, ...options }: OpenOptions = {}): Promise<Page> {
    const serviceWorkers = offline ? 'allow' : 'block';
    const context = await (browser ?? this.#browser!).newContext({ locale: 'en', serviceWorkers, ...options });
    if (browser === undefined) this.#contexts.add(context);
    return openPage(context, url ?? this.host.url, tolerant ? [] : this.complaints);
  }

  camera(scene: Scene): string {
    return this.#write(join(this.folder, `${scene}.mjpeg`), (path) => writeCamera(path, scene));
  }

  video(): string {
    return this.#write(join(this.folder, 'face.webm'), writeVideo);
  }

  workerScripts(pageUrl: string): string[] {
    const names = readdirSync(join(this.appFolder, 'assets')).filter((name) =>
      /^(worker-wasm|ort-wasm-simd-threaded-).*js$/.test(name),
    );
    return names.map((name) => new URL(`assets/${name}`, pageUrl).href);
  }

  async closePages(): Promise<void> {
    await Promise.all([...this.#contexts].map((context) => context.close()));
    this.#contexts.clear();
  }

  async end(): Promise<void> {
    await this.#browser?.close();
    await this.#host?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #write(path: string, write: (path: string) => void): string {
    if (!this.#written.has(path)) write(path);
    this.#written.add(path);
    return path;
  }
}

describe.skipIf(!hasChromium)('the web app', { timeout: 600_000 }, () => {
  const stage = new TestStage();
  beforeAll(() => stage.start(), 600_000);
  afterEach(async () => {
    await stage.closePages();
    expect(stage.complaints.splice(0), 'errors on the console').toEqual([]);
  }, 60_000);
  afterAll(() => stage.end(), 60_000);

  describeShell(stage);
  describePictures(stage);
  describeCorrections(stage);
  describeLive(stage);
  describeVideos(stage);
  describeServed(stage);
  describeFirefox(stage);
});
