/** Following a face that moves through a video, in a real browser. */
import type { FrameAnalysis } from '@mememoji/vision/result';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium } from '../../../../test/chromium.ts';
import { builtPage, type OpenPage, openPage } from './browser-page.ts';
import { writePictures } from './pictures.ts';

declare global {
  interface Window {
    /** A video of 448x224 with the head, at this many pixels from the left, and something small that always moves. */
    moving: HTMLVideoElement;
    place: number;
  }
}

describe.skipIf(!hasChromium)('watching a video', { timeout: 600_000 }, () => {
  const folder = builtPage();
  let open: OpenPage;
  let page: Page;

  beforeAll(async () => {
    await writePictures(folder);
    open = await openPage(folder);
    page = open.page;
    await page.evaluate(async () => {
      const canvas = Object.assign(document.createElement('canvas'), { width: 448, height: 224 });
      const context = canvas.getContext('2d')!;
      const head = await createImageBitmap(await (await fetch('head.png')).blob());
      window.place = 0;
      let count = 0;
      const draw = () => {
        context.fillStyle = 'grey';
        context.fillRect(0, 0, 448, 224);
        context.drawImage(head, window.place, 0);
        context.fillStyle = 'white';
        context.fillRect(count++ % 8, 0, 2, 2);
        requestAnimationFrame(draw);
      };
      draw();
      window.moving = Object.assign(document.createElement('video'), {
        muted: true,
        srcObject: canvas.captureStream(30),
      });
      document.body.append(window.moving);
      await window.moving.play();
      window.analyzer = await window.createWebAnalyzer({ device: 'wasm' });
      await window.analyzer.warmup();
    });
  }, 600_000);
  afterAll(() => open?.close());

  it('keeps one id, drops frames that there is no time for, and never looks back', async () => {
    const seen = await page.evaluate(async () => {
      const results: FrameAnalysis[] = [];
      // The face moves from look to look, not with time: a busy machine may take seconds for one.
      for await (const result of window.analyzer.watch(window.moving, { maxGap: 600 })) {
        results.push(result);
        window.place += 8;
        // Longer than three frames.
        await new Promise((resolve) => setTimeout(resolve, 120));
        if (results.length === 12) break;
      }
      return results;
    });
    expect(seen.map(({ faces }) => faces.map(({ id }) => id))).toEqual(Array(12).fill([0]));
    for (const { faces } of seen) expect(Object.values(faces[0]!.raw).reduce((a, b) => a + b)).toBeCloseTo(1);
    const places = seen.map(({ faces }) => faces[0]!.box.x);
    expect(Math.max(...places) - Math.min(...places)).toBeGreaterThan(40);
    expect(seen[0]!.frame).toBe(0);
    const steps = seen.slice(1).map(({ frame }, i) => frame - seen[i]!.frame);
    expect(Math.min(...steps)).toBeGreaterThanOrEqual(1);
    expect(steps.some((step) => step > 1)).toBe(true);
    const times = seen.slice(1).map(({ timestamp }, i) => timestamp - seen[i]!.timestamp);
    expect(Math.min(...times)).toBeGreaterThan(0);
    expect(open.complaints).toEqual([]);
  });

  it('ends at a signal and with the video, without an error; with the analyzer, by CLOSED', async () => {
    const ends = await page.evaluate(async () => {
      const stop = new AbortController();
      let looked = 0;
      for await (const _ of window.analyzer.watch(window.moving, { signal: stop.signal, maxFps: 20, mirrored: true })) {
        if (++looked === 2) stop.abort();
      }
      const paused = document.createElement('video');
      const other = await window.createWebAnalyzer({ device: 'wasm' });
      const waiting = other
        .watch(paused)
        .next()
        .catch((error) => error.code);
      setTimeout(() => other.close(), 50);
      const closed = await waiting;
      const { srcObject } = window.moving;
      const ending = (async () => {
        for await (const _ of window.analyzer.watch(window.moving)) {
          if (srcObject instanceof MediaStream) for (const track of srcObject.getTracks()) track.stop();
        }
        return 'ended';
      })();
      return { looked, closed, ending: await ending };
    });
    expect(ends).toEqual({ looked: 2, closed: 'CLOSED', ending: 'ended' });
  });

  it('follows a stream of frames', async () => {
    const ids = await page.evaluate(async () => {
      const head = await createImageBitmap(await (await fetch('head.png')).blob());
      let count = 0;
      const stream = new ReadableStream<VideoFrame>({
        pull: (controller) => {
          if (count === 3) controller.close();
          else controller.enqueue(new VideoFrame(head, { timestamp: 40_000 * count++ }));
        },
      });
      const seen: [number, number, number[]][] = [];
      for await (const { frame, timestamp, faces } of window.analyzer.watch(stream)) {
        seen.push([frame, timestamp, faces.map(({ id }) => id)]);
      }
      await window.analyzer.close();
      return seen;
    });
    expect(ids).toEqual([
      [0, 0, [0]],
      [1, 0.04, [0]],
      [2, 0.08, [0]],
    ]);
  });
});
