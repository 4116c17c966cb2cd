import { createAnalyzer } from 'mememoji/node';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { launchChromium } from '../../../../test/chromium.ts';
import { hasFfmpeg } from '../../../../test/ffmpeg.ts';
import { cameraFlags, readCamera } from '../fake-camera.ts';
import { edgeDistance, expectOnScreen, findDrawnBox } from './drawn-box.ts';
import { download, goTo, type OpenOptions, type Stage } from './stage.ts';

const CAMERA = { width: 640, height: 480 };

async function startCamera(stage: Stage, options: OpenOptions = {}): Promise<Page> {
  const page = await stage.open(options);
  await goTo(page, 'Live');
  await page.getByText('Its pictures are analysed on this device').waitFor();
  expect(await page.evaluate(() => document.querySelector('canvas')), 'nothing is shown before consent').toBeNull();
  await page.getByRole('button', { name: 'Start the camera' }).click();
  return page;
}

/** Where the quick look of the library finds the face of the fake camera, without a browser. */
async function findInNode(camera: string) {
  const analyzer = await createAnalyzer({ detection: 'video' });
  const { faces } = await analyzer.analyze(await readCamera(camera));
  await analyzer.close();
  return faces[0]!.box;
}

export function describeLive(stage: Stage): void {
  describe.skipIf(!hasFfmpeg)('live', () => {
    it('reads the face before the camera, after consent, and draws over it in the mirror and out of it', async () => {
      const page = await startCamera(stage, { viewport: { width: 1200, height: 1000 }, colorScheme: 'light' });
      await page.getByRole('article', { name: 'Face 1' }).getByRole('heading', { name: 'Happy' }).waitFor();
      await page.getByRole('radio', { name: 'Boxes' }).check();
      const box = await findInNode(stage.camera('one'));
      const canvas = page.locator('.live-canvas');
      const check = async (mirror: boolean, width: number): Promise<void> => {
        await page.setViewportSize({ width, height: 1000 });
        await canvas.scrollIntoViewIfNeeded();
        const expected = expectOnScreen(box, CAMERA, (await canvas.boundingBox())!, { fit: 'cover', mirror });
        const distance = async () => edgeDistance(await findDrawnBox(page, expected), expected);
        // The next frame is drawn anew; until it comes, the last one of the other size may be seen.
        await expect.poll(distance, { timeout: 60_000, message: `mirror ${mirror}, ${width} wide` }).toBeLessThan(2);
      };
      await check(true, 1200);
      await check(true, 800);
      await page.getByRole('button', { name: 'Mirror' }).click();
      await check(false, 800);
      await page.getByRole('button', { name: 'Stop the camera' }).click();
      await page.getByRole('button', { name: 'Start the camera' }).waitFor();
    });

    it('takes pictures, tables and recordings that open, and stands still to be corrected', async () => {
      const page = await startCamera(stage);
      await page.getByRole('article', { name: 'Face 1' }).waitFor();
      await page.getByRole('button', { name: 'Record' }).click();
      await page.getByRole('button', { name: 'Stop recording, 0:01' }).click();
      const recording = await download(page, () => page.getByRole('button', { name: 'Save the video' }).click());
      expect(recording.name).toMatch(/^mememoji\.(webm|mp4)$/);
      expect(recording.content.length).toBeGreaterThan(2000);
      const seen = await page.locator('.recording-result video').evaluate(async (video: HTMLVideoElement) => {
        if (video.readyState < 1) await new Promise((resolve) => video.addEventListener('loadedmetadata', resolve));
        return [video.videoWidth, video.videoHeight];
      });
      expect(seen).toEqual([640, 480]);
      const rows = (
        await download(page, () => page.getByRole('button', { name: 'Save its CSV' }).click())
      ).content.toString();
      expect(rows.trim().split('\r\n').length).toBeGreaterThan(1);
      expect(rows.split('\r\n')[1]).toMatch(/^mememoji\.\w+,0,0,0,/);

      const { name, content } = await download(page, () =>
        page.getByRole('button', { name: 'Take a picture' }).click(),
      );
      expect(name).toBe('myMemeMoji.png');
      const { width, height } = await sharp(content).metadata();
      expect([width, height]).toEqual([640, 480]);
      const table = await download(page, () => page.getByRole('button', { name: 'Save CSV' }).click());
      expect(table.content.toString()).toMatch(/^source,frame,timestamp,face_id,/);

      await page.getByRole('button', { name: 'Pause' }).click();
      await page.getByText('Not right? Correct it').click();
      await page.getByRole('radio', { name: 'Sad' }).check();
      await page.getByText('Thank you. Kept on this device.').waitFor();
      await page.getByRole('button', { name: 'Go on' }).click();
      await page.getByText('Pause to correct a face.').waitFor();
    });

    it('follows two faces, and lets the person choose whose lines are drawn', async () => {
      await withCamera(stage, 'two', true, async (page) => {
        await page.locator('.live-side .face-card').nth(1).waitFor();
        expect(await page.locator('.live-side .face-card').count()).toBe(2);
        await page.getByRole('button', { name: 'face 2' }).click();
        await page.locator('.live-side .face-card.chosen').getByRole('button', { name: 'face 2' }).waitFor();
        await page.getByRole('checkbox', { name: 'Happy' }).uncheck();
      });
    });

    it('says that there is no face', async () => {
      await withCamera(stage, 'none', true, async (page) => {
        await page.getByText('No face in sight.').waitFor();
      });
    });

    it('says that the camera was not allowed, and tries again', async () => {
      await withCamera(stage, 'none', false, async (page) => {
        await page.getByText('The camera was not allowed.').waitFor();
        await page.context().grantPermissions(['camera']);
        await page.getByRole('button', { name: 'Try again' }).click();
        await page.getByRole('button', { name: 'Stop the camera' }).waitFor();
      });
    });

    it('says that the camera was taken away', async () => {
      const page = await stage.open();
      await page.evaluate(() => {
        const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = async (wishes) => {
          const stream = await open(wishes);
          addEventListener('unplug', () =>
            stream.getTracks().forEach((track) => void track.dispatchEvent(new Event('ended'))),
          );
          return stream;
        };
      });
      await goTo(page, 'Live');
      await page.getByRole('button', { name: 'Start the camera' }).click();
      await page.getByRole('article', { name: 'Face 1' }).waitFor();
      await page.evaluate(() => dispatchEvent(new Event('unplug')));
      await page.getByText('The camera was taken away').waitFor();
    });

    it('says that there is no camera', async () => {
      const page = await stage.open();
      await page.evaluate(() => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotFoundError'));
      });
      await goTo(page, 'Live');
      await page.getByRole('button', { name: 'Start the camera' }).click();
      await page.getByText('No camera was found.').waitFor();
    });
  });
}

/** A browser with another camera than the one that all flows share. */
async function withCamera(
  stage: Stage,
  scene: 'two' | 'none',
  allowed: boolean,
  flow: (page: Page) => Promise<void>,
): Promise<void> {
  const browser = await launchChromium({ flags: cameraFlags(stage.camera(scene), allowed) });
  try {
    await flow(await startCamera(stage, { browser }));
  } finally {
    await browser.close();
  }
}
