/** The same pixels give the same result in Node, in WASM with one and two threads, and in WebGPU. */
import type { Analysis } from '@mememoji/vision/result';
import { createAnalyzer } from 'mememoji/node';
import type { WebAnalyzerOptions } from 'mememoji/web';
import type { Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import { hasChromium } from '../../../../test/chromium.ts';
import { ISOLATED } from '../../../../test/static-server.ts';
import { builtPage, type OpenPage, openPage } from './browser-page.ts';
import { expectSameAnalysis, type Golden, goldenFaces, type Tolerance } from './golden.ts';

/**
 * Engines add in another order; what that makes of float32 was 1e-5 pixels on WASM. The classifier computes in 8 bits: a number halfway
 * between two may be rounded up here and down there, which made 5e-5 of a probability.
 */
const TOLERANCE = {
  wasm: { pixels: 1e-3, probability: 1e-3 },
  webgpu: { pixels: 0.02, probability: 1e-3 },
};

describe.skipIf(!hasChromium)('the same pixels in Node and in a browser', { timeout: 600_000 }, () => {
  const folder = builtPage();
  let open: OpenPage | undefined;
  afterEach(async () => {
    await open?.close();
    open = undefined;
  });

  it('on WASM with one thread', async () => {
    open = await openPage(folder);
    const golden = await goldenFaces({ large: true });
    const seen = await analyzeInPage(open.page, golden, { device: 'wasm' });
    expect(seen.facts).toEqual({ device: 'wasm', threads: 1 });
    await expectAsInNode(seen.results, golden, TOLERANCE.wasm);
    expect(open.complaints).toEqual([]);
  });

  it('on WASM with two threads, where the page is isolated', async () => {
    open = await openPage(folder, { headers: ISOLATED });
    const golden = (await goldenFaces({ large: false })).slice(0, 3);
    const seen = await analyzeInPage(open.page, golden, { device: 'wasm', threads: 2 });
    expect(seen.facts).toEqual({ device: 'wasm', threads: 2 });
    await expectAsInNode(seen.results, golden, TOLERANCE.wasm);
    expect(open.complaints).toEqual([]);
  });

  it('on WebGPU', async ({ skip }) => {
    open = await openPage(folder, { webgpu: true });
    const adapter = await open.page.evaluate(() => navigator.gpu?.requestAdapter().then((one) => one !== null));
    skip(!adapter, 'this chromium has no WebGPU adapter, not even SwiftShader');
    const golden = (await goldenFaces({ large: false })).slice(0, 3);
    // One look at each picture: software WebGPU is slow.
    const seen = await analyzeInPage(open.page, golden, { device: 'webgpu', detection: 'video' });
    expect(seen.facts).toEqual({ device: 'webgpu', threads: 1 });
    await expectAsInNode(seen.results, golden, TOLERANCE.webgpu, 'video');
    expect(open.complaints).toEqual([]);
  });

  it('chooses WASM by itself where the graphics card is only imitated, and says why', async ({ skip }) => {
    open = await openPage(folder, { webgpu: true });
    const adapter = await open.page.evaluate(() => navigator.gpu?.requestAdapter().then((one) => one !== null));
    skip(!adapter, 'this chromium has no WebGPU adapter, not even SwiftShader');
    const seen = await analyzeInPage(open.page, [], {});
    expect(seen.facts).toEqual({
      device: 'wasm',
      threads: 1,
      fallback: 'WebGPU has no graphics card but the processor',
    });
  });

  it('falls back to WASM where WebGPU is wanted and is not there', async () => {
    open = await openPage(folder);
    await open.page.evaluate(() => Object.defineProperty(navigator, 'gpu', { value: undefined }));
    const seen = await analyzeInPage(open.page, [], { device: 'webgpu' });
    expect(seen.facts).toEqual({
      device: 'wasm',
      threads: 1,
      fallback: 'this browser offers no WebGPU to this page',
    });
  });
});

interface Seen {
  facts: { device: string; threads: number; fallback?: string };
  results: Analysis[];
}

function analyzeInPage(page: Page, golden: readonly Golden[], options: WebAnalyzerOptions): Promise<Seen> {
  const images = golden.map(({ image: { width, height, data } }) => ({
    width,
    height,
    data: Buffer.from(data).toString('base64'),
  }));
  return page.evaluate(
    async ({ images, options }) => {
      const analyzer = await window.createWebAnalyzer(options);
      const results: Analysis[] = [];
      for (const { width, height, data } of images) {
        const bytes = Uint8ClampedArray.from(atob(data), (letter) => letter.charCodeAt(0));
        results.push(await analyzer.analyze(new ImageData(bytes, width, height)));
      }
      await analyzer.close();
      const { device, threads, fallback } = analyzer;
      return { facts: { device, threads, ...(fallback === undefined ? {} : { fallback }) }, results };
    },
    { images, options },
  );
}

async function expectAsInNode(
  results: readonly Analysis[],
  golden: readonly Golden[],
  tolerance: Tolerance,
  detection: 'photo' | 'video' = 'photo',
): Promise<void> {
  const analyzer = await createAnalyzer({ detection });
  try {
    expect(results.length).toBe(golden.length);
    for (const [i, { name, image }] of golden.entries()) {
      const expected = await analyzer.analyze(image);
      expect(expected.faces.length, name).toBe(name === 'without a face' ? 0 : 1);
      expectSameAnalysis(results[i]!, expected, tolerance);
    }
  } finally {
    await analyzer.close();
  }
}
