/** The lab of the page in a real browser: it teaches and looks inside as Node does. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createEngine } from '@mememoji/train/engine';
import { Explainer } from '@mememoji/train/explain/explainer';
import { Tutor } from '@mememoji/train/tuning/tutor';
import type { Browser } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, launchChromium } from '../../../test/chromium.ts';
import { posedFaces } from '../../../test/drawn-faces.ts';
import { type Host, startHost } from './host.ts';

const MODELS = join(import.meta.dirname, '../../../models');
const engine = createEngine({ threads: 1, spinning: false });

/** The same lesson by onnxruntime-node. */
async function lessonInNode() {
  const tutor = await Tutor.open(
    readFileSync(join(MODELS, 'mememoji.onnx')),
    readFileSync(join(MODELS, 'mememoji.memory')),
    engine,
  );
  const faces = posedFaces([0, 1, 2, 3, 4, 5, 6], 4);
  const features = await tutor.features(Float32Array.from(faces.flatMap(({ pixels }) => [...pixels])));
  const size = features.length / faces.length;
  const examples = faces.map(({ label, segment }, i) => ({
    label,
    segment,
    features: features.subarray(i * size, (i + 1) * size),
  }));
  const losses: number[] = [];
  const onStep = (_: number, loss: number) => void losses.push(loss);
  const lesson = await tutor.teach(examples, new Date(), { memoryWeight: 3, onStep });
  await tutor.close();
  return { losses, lesson, first: faces[0]!.pixels };
}

describe.skipIf(!hasChromium)('the lab in a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mememoji-lab-'));
  let host: Host;
  let browser: Browser;

  beforeAll(async () => {
    const configFile = join(import.meta.dirname, '../vite.config.ts');
    // The app's own way to be built, but for what belongs to its page alone.
    await build({
      configFile,
      root: join(import.meta.dirname, 'lab-page'),
      publicDir: false,
      logLevel: 'error',
      build: { outDir: folder, emptyOutDir: true },
    });
    host = await startHost({ folder });
    browser = await launchChromium();
  }, 300_000);

  afterAll(async () => {
    await browser?.close();
    await host?.close();
    rmSync(folder, { recursive: true, force: true });
  }, 120_000);

  it('teaches with the losses of Node, and looks inside with its numbers', { timeout: 400_000 }, async () => {
    const page = await browser.newPage();
    await page.goto(host.url);
    await page.waitForFunction('document.querySelector("#result").textContent !== ""', undefined, { timeout: 300_000 });
    const seen = JSON.parse((await page.locator('#result').textContent())!);
    await page.close();
    expect(seen.failed).toBeUndefined();

    const { losses, lesson, first } = await lessonInNode();
    expect(seen.losses.length).toBe(losses.length);
    for (const [i, loss] of losses.entries()) expect(Math.abs(seen.losses[i] - loss) / loss).toBeLessThan(1e-3);
    expect(seen.heldOut.count).toBe(28);
    expect(seen.heldOut.before).toBeCloseTo(lesson.heldOut!.before, 1);
    expect(seen.heldOut.after).toBeCloseTo(lesson.heldOut!.after, 1);
    expect(seen.remembered).toBeCloseTo(lesson.remembered!, 1);

    const explainer = new Explainer(readFileSync(join(MODELS, 'mememoji.onnx')), engine, { layers: 'pooling' });
    const { expression, features, gradcam } = await explainer.explain(first, { methods: ['features', 'gradcam'] });
    await explainer.close();
    expect(seen.explained.expression).toBe(expression);
    expect(seen.explained.layers).toEqual(features!.map(({ channels, width }) => [channels, width]));
    const most = Math.max(...gradcam!.data);
    gradcam!.data.forEach((value, i) => {
      expect(Math.abs(seen.explained.gradcam[i] - value) / most).toBeLessThan(1e-3);
    });
  });
});
