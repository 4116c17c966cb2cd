/** An analyzer from its loading to its end: what it asks of a network, that it blocks nothing and leaves nothing. */
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { WebAnalyzerOptions } from 'mememoji/web';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium } from '../../../../test/chromium.ts';
import { builtPage, type OpenPage, openPage } from './browser-page.ts';
import { writePictures } from './pictures.ts';

const MODELS = join(import.meta.dirname, '../../../../models');
const RUNTIME = dirname(createRequire(import.meta.url).resolve('onnxruntime-web/wasm'));
const RUNTIME_FILES = ['ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm'];
const FILES = [
  ...['face-detector.onnx', 'mememoji.onnx'].map((name) => join(MODELS, name)),
  ...RUNTIME_FILES.map((name) => join(RUNTIME, name)),
];

describe.skipIf(!hasChromium)('the life of a web analyzer', { timeout: 600_000 }, () => {
  const folder = builtPage();
  let open: OpenPage;
  let page: Page;

  beforeAll(async () => {
    await writePictures(folder);
    mkdirSync(join(folder, 'engine'));
    for (const file of FILES) symlinkSync(file, join(folder, 'engine', file.split('/').at(-1)!));
    mkdirSync(join(folder, 'no-script'));
    for (const file of FILES.slice(0, 2)) symlinkSync(file, join(folder, 'no-script', file.split('/').at(-1)!));
    writeFileSync(join(folder, 'no-script/ort-wasm-simd-threaded.wasm'), readFileSync(FILES[3]!));
    open = await openPage(folder);
    page = open.page;
  }, 600_000);
  afterAll(() => open?.close());

  /** Requests of the server for files of these kinds since `start`. */
  const asked = (start: number, pattern: RegExp) =>
    open.server.requests.slice(start).filter((path) => pattern.test(path));

  it('loads only what it needs, from the folder that it is told, and tells its progress', async () => {
    const start = open.server.requests.length;
    const { progress, faces } = await page.evaluate(async () => {
      const progress: [number, number][] = [];
      const analyzer = await window.createWebAnalyzer({
        baseUrl: 'engine',
        device: 'wasm',
        detection: 'video',
        onProgress: (loaded, total) => progress.push([loaded, total]),
      });
      const { faces } = await analyzer.analyze('head.png');
      await analyzer.close();
      return { progress, faces: faces.length };
    });
    expect(faces).toBe(1);
    expect(asked(start, /onnx|wasm|\.mjs/).sort()).toEqual(
      ['face-detector.onnx', 'mememoji.onnx', ...RUNTIME_FILES]
        .map((name) => `/engine/${name}`)
        .concat(asked(start, /worker-wasm/))
        .sort(),
    );
    const total = [FILES[0]!, FILES[1]!, FILES[3]!].reduce((sum, file) => sum + statSync(file).size, 0);
    expect(progress.at(-1)).toEqual([total, total]);
    for (const [i, [loaded, all]] of progress.entries()) {
      expect(all).toBe(total);
      expect(loaded).toBeGreaterThanOrEqual(progress[i - 1]?.[0] ?? 0);
    }
    expect(open.complaints).toEqual([]);
  });

  it('starts again without a network for its files', async () => {
    await page.waitForFunction(async () => (await (await caches.open('mememoji')).keys()).length === 3);
    await page.route(/\.(onnx|wasm)$/, (route) => route.abort());
    const device = await page.evaluate(async () => {
      const analyzer = await window.createWebAnalyzer({ baseUrl: 'engine', device: 'wasm' });
      await analyzer.close();
      return analyzer.device;
    });
    await page.unroute(/\.(onnx|wasm)$/);
    expect(device).toBe('wasm');
  });

  /** The code, or name, of what creating an analyzer with some options fails with. */
  const failure = (options: WebAnalyzerOptions) =>
    page.evaluate(
      (options) =>
        window.createWebAnalyzer(options).then(
          () => 'none',
          (error) => error.code ?? error.name,
        ),
      options,
    );

  it.each<[string, WebAnalyzerOptions]>([
    ['BAD_OPTION', { threads: 0 }],
    ['BAD_OPTION', { minDetection: 0 }],
    ['MODEL_NOT_FOUND', { device: 'wasm', baseUrl: 'nowhere' }],
    ['BAD_MODEL', { device: 'wasm', model: 'text.png' }],
    ['BAD_MODEL', { device: 'wasm', model: 'engine/face-detector.onnx' }],
    ['BAD_MODEL', { device: 'wasm', detector: 'engine/mememoji.onnx' }],
    ['RUNTIME_FAILED', { device: 'wasm', baseUrl: 'no-script' }],
  ])('says %s of %o, and leaves no worker behind', async (code, options) => {
    expect(await failure(options)).toBe(code);
    await expect.poll(() => page.workers(), { timeout: 60_000 }).toEqual([]);
  });

  it('ends the loading at a signal', async () => {
    const name = await page.evaluate(async () => {
      const stop = new AbortController();
      const options = { device: 'wasm', signal: stop.signal, onProgress: () => stop.abort() } as const;
      return window.createWebAnalyzer(options).then(
        () => 'none',
        (error) => error.name,
      );
    });
    expect(name).toBe('AbortError');
    await expect.poll(() => page.workers(), { timeout: 60_000 }).toEqual([]);
  });

  it('takes a network as bytes, and refuses pictures with too many pixels', async () => {
    const seen = await page.evaluate(async () => {
      const model = new Uint8Array(await (await fetch('engine/mememoji.onnx')).arrayBuffer());
      const options = { device: 'wasm', detection: 'video', model, maxPixels: 50_175, minDetection: 0.99 } as const;
      const analyzer = await window.createWebAnalyzer(options);
      const code = await analyzer.analyze('head.png').catch((error) => error.code);
      const { faces } = await analyzer.analyze(new ImageData(16, 16));
      await analyzer.close();
      return { code, faces, left: model.length };
    });
    expect(seen).toEqual({ code: 'IMAGE_TOO_LARGE', faces: [], left: statSync(FILES[1]!).size });
  });

  it('fails calls under way when it is closed, ends its worker, and touches no other', async () => {
    const seen = await page.evaluate(async () => {
      const code = (promise: Promise<unknown>) =>
        promise.then(
          () => 'none',
          (error) => error.code,
        );
      const create = () => window.createWebAnalyzer({ device: 'wasm', detection: 'video' });
      const [one, other] = [await create(), await create()];
      const underWay = [one.analyze('head.png'), one.warmup(), other.warmup()].map(code);
      const closing = [one.close(), one.close()];
      const codes = await Promise.all([
        ...underWay,
        code(one.analyze('head.png')),
        code(one.classify(new Uint8Array(0))),
      ]);
      await Promise.all(closing);
      const { faces } = await other.analyze('head.png');
      Object.assign(window, { other });
      return { codes, faces: faces.length };
    });
    expect(seen).toEqual({ codes: ['CLOSED', 'CLOSED', 'none', 'CLOSED', 'CLOSED'], faces: 1 });
    await expect.poll(() => page.workers(), { timeout: 60_000 }).toHaveLength(1);
    await page.evaluate('other.close()');
    await expect.poll(() => page.workers(), { timeout: 60_000 }).toEqual([]);
  });

  it('blocks the page for no more than 50 ms', async () => {
    await page.evaluate(async () => {
      window.analyzer = await window.createWebAnalyzer({ device: 'wasm' });
      await window.analyzer.analyze('astronaut.png');
    });
    // Time that the page's thread computes, all tasks together: a busy machine may stop it in between for longer.
    const client = await page.context().newCDPSession(page);
    await client.send('Performance.enable', { timeDomain: 'threadTicks' });
    const busy = async () => {
      const { metrics } = await client.send('Performance.getMetrics');
      return 1000 * metrics.find(({ name }) => name === 'TaskDuration')!.value;
    };
    const before = await busy();
    await page.evaluate(async () => {
      for (let i = 0; i < 4; i++) await window.analyzer.analyze('astronaut.png');
      await window.analyzer.close();
    });
    const milliseconds = ((await busy()) - before) / 4;
    expect(milliseconds).toBeGreaterThan(0);
    expect(milliseconds).toBeLessThan(50);
  });

  it('needs no more memory after 300 pictures than before', async () => {
    const analyze = (count: number) =>
      page.evaluate(async (count) => {
        const bitmap = await createImageBitmap(await (await fetch('astronaut.png')).blob());
        for (let i = 0; i < count; i++) await window.analyzer.analyze(bitmap);
        bitmap.close();
      }, count);
    await page.evaluate(async () => {
      window.analyzer = await window.createWebAnalyzer({ device: 'wasm', detection: 'video' });
    });
    await analyze(60);
    const before = await residentMegabytes(page);
    await analyze(300);
    const after = await residentMegabytes(page);
    await page.evaluate(() => window.analyzer.close());
    // Each picture is 1 MB as a bitmap, and as much again as pixels.
    expect(after - before).toBeLessThan(60);
  });
});

/** Memory of all processes of the page's browser but its main one, in MB. */
async function residentMegabytes(page: Page): Promise<number> {
  const client = await page.context().browser()!.newBrowserCDPSession();
  const { processInfo } = await client.send('SystemInfo.getProcessInfo');
  await client.detach();
  const sizes = processInfo
    .filter(({ type }) => type !== 'browser')
    .map(({ id }) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1] ?? 0) / 1024);
  return sizes.reduce((a, b) => a + b, 0);
}
