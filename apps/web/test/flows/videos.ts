import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { hasFfmpeg } from '../../../../test/ffmpeg.ts';
import { edgeDistance, expectOnScreen, findDrawnBox } from './drawn-box.ts';
import { chooseFiles, download, goTo, type Stage } from './stage.ts';

/** Of the video that `writeVideo` writes. */
const PICTURE = { width: 320, height: 240 };

interface Line {
  frame: number;
  timestamp: number;
  faces: { id: number; box: { x: number; y: number; width: number; height: number } }[];
  marks?: string[];
}

export function describeVideos(stage: Stage): void {
  describe.skipIf(!hasFfmpeg)('videos', () => {
    it('get a timeline, a scrubber, marks and exports that open', async () => {
      const page = await stage.open({ viewport: { width: 1200, height: 1000 }, colorScheme: 'light' });
      await goTo(page, 'Video');
      await chooseFiles(page, 'Choose a video', stage.video());
      await page.getByText('30 frames looked at').waitFor();
      await page.getByRole('img', { name: 'Expressions of face 1 over the video' }).waitFor();

      const ndjson = await download(page, () => page.getByRole('button', { name: 'NDJSON', exact: true }).click());
      const lines: Line[] = ndjson.content
        .toString()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(lines).toHaveLength(30);
      expect(lines.map(({ timestamp }) => Number(timestamp.toFixed(1)))).toEqual(
        Array.from({ length: 30 }, (_, i) => i / 10),
      );
      const without = lines.filter(({ faces }) => faces.length === 0).map(({ timestamp }) => timestamp);
      expect(without.length, 'the second without a face').toBeGreaterThanOrEqual(8);
      expect(without.every((time) => time > 0.85 && time < 2.15)).toBe(true);

      // The scrubber, by keyboard: from the beginning eight steps of a twentieth of a second.
      const scrubber = page.getByRole('slider', { name: 'Position in the video' });
      await scrubber.focus();
      await page.keyboard.press('Home');
      for (let i = 0; i < 8; i++) await page.keyboard.press('ArrowRight');
      await expect
        .poll(() => page.locator('.player video').evaluate((video: HTMLVideoElement) => video.currentTime))
        .toBeCloseTo(0.4, 2);
      await page
        .getByRole('complementary', { name: 'Faces at this moment' })
        .getByRole('article', { name: 'Face 1' })
        .waitFor();
      await page.locator('.player video').evaluate((video) => video.scrollIntoView({ block: 'center' }));
      const player = (await page.locator('.player video').boundingBox())!;
      const expected = expectOnScreen(lines[4]!.faces[0]!.box, PICTURE, player);
      await expect
        .poll(async () => edgeDistance(await findDrawnBox(page, expected), expected), { timeout: 60_000 })
        .toBeLessThan(2);

      await page.getByRole('button', { name: 'Mark this moment' }).click();
      await page.getByLabel('Note at 0:00.4').fill('laughs');
      await page.getByRole('checkbox', { name: 'Neutral' }).uncheck();
      const csv = (
        await download(page, () => page.getByRole('button', { name: 'CSV', exact: true }).click())
      ).content.toString();
      const rows = csv.trim().split('\r\n');
      expect(rows[0]).toMatch(/^source,frame,timestamp,face_id,.*,marks$/);
      expect(rows.length).toBeGreaterThanOrEqual(31);
      expect(rows.filter((row) => row.endsWith(',laughs'))).toHaveLength(1);
      expect(rows.find((row) => row.endsWith(',laughs'))).toMatch(/^face\.webm,4,0\.4,/);
      expect(rows.filter((row) => /^face\.webm,\d+,[\d.]+,,,,,,,0,/.test(row))).toHaveLength(without.length);

      const png = await download(page, () => page.getByRole('button', { name: 'Timeline as PNG' }).click());
      expect(png.name).toBe('face.png');
      expect((await sharp(png.content).metadata()).width).toBe(1600);
    });

    it('that cannot be read are refused in words', async () => {
      const page = await stage.open({ tolerant: true });
      await goTo(page, 'Video');
      const file = { name: 'broken.mp4', mimeType: 'video/mp4', buffer: Buffer.from('this is no video') };
      await page.locator('input[type=file]').setInputFiles(file);
      await page.getByText('The browser cannot read this video.').waitFor();
    });
  });
}
