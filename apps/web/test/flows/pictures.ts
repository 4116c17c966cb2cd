import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Analysis } from '@mememoji/vision/result';
import { createAnalyzer } from 'mememoji/node';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { startHost } from '../host.ts';
import { edgeDistance, expectOnScreen, findDrawnBox } from './drawn-box.ts';
import { ASTRONAUT, chooseFiles, download, type Stage } from './stage.ts';

/** What the library reads in the picture without a browser: the truth for the page. */
async function readInNode(): Promise<Analysis> {
  const analyzer = await createAnalyzer();
  const analysis = await analyzer.analyze(ASTRONAUT);
  await analyzer.close();
  return analysis;
}

/** Hands files to the page as a drop or a paste does. */
async function offerFiles(page: Page, kind: 'drop' | 'paste', paths: readonly string[]): Promise<void> {
  const files = paths.map((path) => ({ name: path.split('/').at(-1)!, base64: readFileSync(path).toString('base64') }));
  await page.evaluate(
    async ([event, given]) => {
      const data = new DataTransfer();
      for (const { name, base64 } of given) {
        const blob = await (await fetch(`data:image/png;base64,${base64}`)).blob();
        data.items.add(new File([blob], name, { type: 'image/png' }));
      }
      const init = { bubbles: true, cancelable: true };
      const made =
        event === 'drop'
          ? new DragEvent('drop', { ...init, dataTransfer: data })
          : new ClipboardEvent('paste', { ...init, clipboardData: data });
      document.body.dispatchEvent(made);
    },
    [kind, files] as const,
  );
}

export function describePictures(stage: Stage): void {
  describe('pictures', () => {
    it('are chosen, read as in Node, and boxed where the face is: at any size and pixel ratio', async () => {
      const truth = await readInNode();
      const [face] = truth.faces;
      for (const deviceScaleFactor of [1, 2]) {
        const page = await stage.open({
          deviceScaleFactor,
          viewport: { width: 1100, height: 900 },
          colorScheme: 'light',
        });
        await chooseFiles(page, 'Choose pictures', ASTRONAUT);
        const card = page.getByRole('article', { name: 'Face 1' });
        await card.getByRole('heading', { name: 'Happy' }).waitFor();
        await page.mouse.move(0, 0);
        for (const viewport of [
          { width: 1100, height: 900 },
          { width: 700, height: 800 },
        ]) {
          await page.setViewportSize(viewport);
          const canvas = page.locator('.picture-canvas');
          await canvas.scrollIntoViewIfNeeded();
          await page.evaluate(
            () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
          );
          const expected = expectOnScreen(face!.box, truth.image, (await canvas.boundingBox())!);
          const drawn = await findDrawnBox(page, expected);
          expect(edgeDistance(drawn, expected), `${viewport.width} wide, ratio ${deviceScaleFactor}`).toBeLessThan(2);
        }
        await page.context().close();
      }
    });

    it('are dropped, several at once; a broken one does not stop the others', async () => {
      const page = await stage.open();
      const broken = join(stage.folder, 'broken.png');
      writeFileSync(broken, readFileSync(ASTRONAUT).subarray(0, 300));
      await offerFiles(page, 'drop', [ASTRONAUT, broken]);
      await page.getByRole('region', { name: 'astronaut.png' }).getByText('One face').waitFor();
      await page.getByRole('region', { name: 'broken.png' }).getByRole('alert').waitFor();
      expect(await page.getByRole('alert').textContent()).toMatch(/not a picture/);
      await page.getByRole('button', { name: 'Remove broken.png' }).click();
      expect(await page.getByRole('region', { name: 'broken.png' }).count()).toBe(0);
    });

    it('are pasted, shown with six or seven expressions, and saved with their memes', async () => {
      const page = await stage.open();
      await offerFiles(page, 'paste', [ASTRONAUT]);
      const card = page.getByRole('article', { name: 'Face 1' });
      await card.waitFor();
      const names = () => card.locator('.bars-name').allTextContents();
      expect((await names())[0]).toBe('Happy');
      expect([...(await names())].sort()).toEqual(['Angry', 'Disgust', 'Fear', 'Happy', 'Neutral', 'Sad', 'Surprise']);
      await page.getByRole('radio', { name: 'Six' }).check();
      expect([...(await names())].sort()).toEqual(['Angry', 'Fear', 'Happy', 'Neutral', 'Sad', 'Surprise']);

      const { name, content } = await download(page, () =>
        page.getByRole('button', { name: 'Save with memes' }).click(),
      );
      expect(name).toBe('myMemeMoji.png');
      const [saved, original] = await Promise.all([pixels(content), pixels(readFileSync(ASTRONAUT))]);
      expect([saved.info.width, saved.info.height]).toEqual([512, 512]);
      expect(distanceAt(saved, original, 10, 500), 'the corner is as it was').toBeLessThan(3);
      expect(distanceAt(saved, original, 224, 88), 'the forehead is an emoji now').toBeGreaterThan(60);
    });

    it('are copied as JSON and as CSV', async () => {
      const page = await stage.open({ permissions: ['clipboard-read', 'clipboard-write'] });
      await chooseFiles(page, 'Choose pictures', ASTRONAUT);
      const copied = async (button: string): Promise<string> => {
        await page.getByRole('button', { name: button }).click();
        await page.getByText('Copied.').waitFor();
        return page.evaluate(() => navigator.clipboard.readText());
      };
      const truth = await readInNode();
      const analysis: Analysis = JSON.parse(await copied('Copy JSON'));
      expect(analysis.image).toEqual(truth.image);
      expect(analysis.faces).toHaveLength(1);
      expect(analysis.faces[0]!.expressions.happy).toBeCloseTo(truth.faces[0]!.expressions.happy, 2);
      const lines = (await copied('Copy CSV')).trim().split('\r\n');
      expect(lines).toHaveLength(2);
      expect(lines[1]).toMatch(/^astronaut\.png,0,,0,.*,happy,0\.\d+,[01],/);
    });

    it('come from an address, where the other site allows it', async () => {
      const page = await stage.open({ tolerant: true });
      const other = await startHost({
        folder: join(ASTRONAUT, '..'),
        answer: (request, response) => {
          if (request.url?.includes('open')) response.setHeader('access-control-allow-origin', '*');
          return false;
        },
      });
      try {
        const field = page.getByLabel('Address of a picture');
        await field.fill('astronaut.png');
        await field.press('Enter');
        await page.getByText('That is not the address of a picture').waitFor();
        await field.fill(`${other.url}astronaut.png?open`);
        await field.press('Enter');
        await page.getByRole('region', { name: 'astronaut.png' }).getByText('One face').waitFor();
        await field.fill(`${other.url}nothing.png?open`);
        await field.press('Enter');
        await page.getByText('There is no picture at this address').waitFor();
      } finally {
        await other.close();
      }
    });

    it('have no face, and that is said', async () => {
      const page = await stage.open();
      const empty = join(stage.folder, 'wall.png');
      await sharp({ create: { width: 300, height: 200, channels: 3, background: '#8899aa' } })
        .png()
        .toFile(empty);
      await chooseFiles(page, 'Choose pictures', empty);
      await page.getByText('No face found').waitFor();
    });
  });
}

type Pixels = { data: Buffer; info: { width: number; height: number } };

function pixels(file: Buffer): Promise<Pixels> {
  return sharp(file).removeAlpha().raw().toBuffer({ resolveWithObject: true });
}

/** Largest difference of a channel at a place. */
function distanceAt(a: Pixels, b: Pixels, x: number, y: number): number {
  const at = (y * a.info.width + x) * 3;
  return Math.max(...[0, 1, 2].map((i) => Math.abs(a.data[at + i]! - b.data[at + i]!)));
}
