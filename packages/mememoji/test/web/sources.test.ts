/** Everything that a page can hand over, and what it hears where that is no picture. */
import type { Analysis } from '@mememoji/vision/result';
import { createAnalyzer } from 'mememoji/node';
import type { WebAnalyzer } from 'mememoji/web/web-analyzer';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium } from '../../../../test/chromium.ts';
import { type StaticServer, serveFolders } from '../../../../test/static-server.ts';
import { builtPage, type OpenPage, openPage } from './browser-page.ts';
import { expectSameAnalysis } from './golden.ts';
import { HEAD, orientedHeads, writePictures } from './pictures.ts';

declare global {
  interface Window {
    /** The analyzer of a test file, in its page. */
    analyzer: WebAnalyzer;
  }
}

/** The faces of the picture are the same, up to float32 sums of another order. */
const EXACT = { pixels: 1e-3, probability: 1e-5 };
/** After a lossy way: JPEG, or the conversion of a video. */
const CLOSE = { pixels: 4, probability: 0.12 };

describe.skipIf(!hasChromium)('sources of a page', { timeout: 300_000 }, () => {
  const folder = builtPage();
  let open: OpenPage;
  let foreign: StaticServer;
  let page: Page;
  let inNode: Analysis;

  beforeAll(async () => {
    await writePictures(folder);
    const node = await createAnalyzer({ detection: 'video' });
    inNode = await node.analyze(`${folder}/head.png`);
    await node.close();
    open = await openPage(folder);
    foreign = await serveFolders([folder]);
    page = open.page;
    await page.evaluate(async () => {
      window.analyzer = await window.createWebAnalyzer({ device: 'wasm', detection: 'video' });
    });
  }, 600_000);

  afterAll(async () => {
    await open?.close();
    await foreign?.close();
  });

  /** Evaluates an expression for a source in the page, with some helpers, and analyzes what comes of it. */
  const analyze = (expression: string): Promise<Analysis> =>
    page.evaluate(`(async () => { ${HELPERS}; return window.analyzer.analyze(${expression}); })()`);

  it('sees one face in Node', () => expect(inNode.faces.map(({ dominant }) => dominant)).toEqual(['happy']));

  it.each([
    ['an address', `'head.png'`],
    ['an absolute address', `new URL('head.png', location.href).href`],
    ['a data address', `await dataUrl('head.png')`],
    ['a Blob', `await blob('head.png')`],
    ['a File', `new File([await blob('head.png')], 'head.png')`],
    ['an ImageBitmap', `await createImageBitmap(await blob('head.png'))`],
    ['an ImageData', `(await context()).getImageData(0, 0, ${HEAD}, ${HEAD})`],
    ['an image element', 'await loaded(image())'],
    ['an image element that is still loading', 'image()'],
    ['a canvas', '(await context()).canvas'],
    ['an OffscreenCanvas', 'offscreen((await context()).canvas)'],
    ['a VideoFrame', 'new VideoFrame((await context()).canvas, { timestamp: 0 })'],
  ])('reads %s as Node reads the file', async (_, expression) => {
    expectSameAnalysis(await analyze(expression), inNode, EXACT);
  });

  it('reads what a video element shows', async () => {
    expectSameAnalysis(await analyze('await playing((await context()).canvas)'), inNode, CLOSE);
  });

  it('reads elements of another frame of the page', async () => {
    const seen = await analyze(`await loaded(image('head.png', frame().document))`);
    expectSameAnalysis(seen, inNode, EXACT);
  });

  it('leaves what it is given to the page', async () => {
    const sizes = await page.evaluate(async () => {
      const bitmap = await createImageBitmap(await (await fetch('head.png')).blob());
      const frame = new VideoFrame(bitmap, { timestamp: 0 });
      const pixels = new ImageData(8, 8);
      for (const source of [bitmap, bitmap, frame, frame, pixels]) await window.analyzer.analyze(source);
      const sizes = [bitmap.width, frame.displayWidth, pixels.data.length];
      frame.close();
      return sizes;
    });
    expect(sizes).toEqual([HEAD, HEAD, 256]);
  });

  it('turns photos upright as their EXIF orientation says, from files and from elements', async () => {
    const heads = (await orientedHeads()).map((file) => `data:image/jpeg;base64,${file.toString('base64')}`);
    const seen = await page.evaluate(async (heads) => {
      const results: Analysis[] = [];
      for (const url of heads) {
        results.push(await window.analyzer.analyze(await (await fetch(url)).blob()));
        const image = Object.assign(new Image(), { src: url });
        results.push(await window.analyzer.analyze(image));
      }
      return results;
    }, heads);
    expect(seen).toHaveLength(16);
    for (const analysis of seen) expectSameAnalysis(analysis, inNode, CLOSE);
  });

  it('classifies and detects as Node does', async () => {
    const node = await createAnalyzer({ detection: 'video' });
    const { width, height } = node.spec.input;
    const pixels = Uint8Array.from({ length: 2 * width * height }, (_, i) => (i * 7) % 256);
    const [expected, detected] = [await node.classify(pixels), await node.detect(`${folder}/head.png`)];
    await node.close();
    const seen = await page.evaluate(
      async (pixels) => ({
        classes: await window.analyzer.classify(Uint8Array.from(pixels)),
        detections: await window.analyzer.detect('head.png'),
        labels: window.analyzer.spec.labels.length,
      }),
      [...pixels],
    );
    expect(seen.labels).toBe(7);
    expect(seen.classes).toHaveLength(2);
    seen.classes.forEach((one, i) => {
      expect(one.happy).toBeCloseTo(expected[i]!.happy, 5);
    });
    expect(seen.detections).toHaveLength(1);
    expect(seen.detections[0]!.box.x).toBeCloseTo(detected[0]!.box.x, 2);
  });

  it('says an empty list where there is no face, also for a single pixel', async () => {
    expect(await analyze(`'dot.png'`)).toEqual({ ...inNode, image: { width: 1, height: 1 }, faces: [] });
  });

  /** Codes and messages of what fails. */
  const failure = (expression: string): Promise<{ code: string; message: string; hint: string }> =>
    page.evaluate(`(async () => { ${HELPERS};
      const { code, message, hint } = await window.analyzer.analyze(${expression}).then(() => ({}), (error) => error);
      return { code, message, hint };
    })()`);

  it.each([
    ['an empty file', 'EMPTY_FILE', `await blob('empty.png')`],
    ['a file that is no picture', 'NOT_AN_IMAGE', `'text.png'`],
    ['a picture that is cut off', 'BROKEN_IMAGE', `await blob('truncated.png')`],
    ['a picture that claims to be huge', 'BROKEN_IMAGE', `await blob('huge.png')`],
    ['a missing file', 'FETCH_FAILED', `'missing.png'`],
    ['an image element without a picture', 'BROKEN_IMAGE', 'new Image()'],
    ['an image element whose picture is missing', 'BROKEN_IMAGE', `image('missing.png')`],
    ['a video without a picture', 'NO_FRAME', `document.createElement('video')`],
    ['a canvas without an area', 'BAD_PIXELS', 'offscreen({ width: 0, height: 0 })'],
    ['a closed bitmap', 'BAD_PIXELS', 'await closed()'],
    ['a closed VideoFrame', 'BAD_PIXELS', 'await closedFrame()'],
    ['nothing', 'NOT_AN_IMAGE', 'undefined'],
    ['an element that is no picture', 'NOT_AN_IMAGE', 'document.body'],
  ])('says of %s: %s', async (_, code, expression) => {
    expect(await failure(expression)).toMatchObject({ code });
  });

  it('says of pictures of another origin that they may not be read, and how they may', async () => {
    const url = `'${foreign.url}head.png'`;
    const fetched = await failure(url);
    expect(fetched).toMatchObject({
      code: 'FETCH_FAILED',
      hint: expect.stringContaining('Access-Control-Allow-Origin'),
    });
    const shown = await failure(`await loaded(image(${url}))`);
    expect(shown).toMatchObject({ code: 'CROSS_ORIGIN', hint: expect.stringContaining('crossorigin') });
    expect(await failure(`(await context(${url})).canvas`)).toMatchObject({ code: 'CROSS_ORIGIN' });
  });

  it('goes on after all these', async () => {
    expectSameAnalysis(await analyze(`'head.png'`), inNode, EXACT);
  });
});

/** What the expressions above call. */
const HELPERS = `
  const blob = async (url) => (await fetch(url)).blob();
  const dataUrl = async (url) => {
    const reader = new FileReader();
    reader.readAsDataURL(await blob(url));
    await new Promise((resolve) => reader.addEventListener('load', resolve));
    return reader.result;
  };
  const image = (src = 'head.png', of = document) => Object.assign(of.createElement('img'), { src });
  const loaded = async (element) => (await element.decode(), element);
  const context = async (url) => {
    const canvas = Object.assign(document.createElement('canvas'), { width: ${HEAD}, height: ${HEAD} });
    const context = canvas.getContext('2d');
    context.drawImage(await loaded(image(url)), 0, 0);
    return context;
  };
  const offscreen = (canvas) => {
    const copy = new OffscreenCanvas(canvas.width, canvas.height);
    if (copy.width > 0) copy.getContext('2d').drawImage(canvas, 0, 0);
    return copy;
  };
  const playing = async (canvas) => {
    const video = Object.assign(document.createElement('video'), { muted: true, srcObject: canvas.captureStream() });
    await video.play();
    return video;
  };
  const frame = () => document.body.appendChild(document.createElement('iframe')).contentWindow;
  const closedFrame = async () => {
    const frame = new VideoFrame((await context()).canvas, { timestamp: 0 });
    frame.close();
    return frame;
  };
  const closed = async () => {
    const bitmap = await createImageBitmap(new ImageData(4, 4));
    bitmap.close();
    return bitmap;
  };
`;
