import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Expressions } from '@mememoji/vision/expression';
import type { TrackedFace } from '@mememoji/vision/result';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, launchChromium } from '../../../test/chromium.ts';
import { hasFfmpeg } from '../../../test/ffmpeg.ts';
import { type Entry, type FrameEntry, frameEntry } from '../src/entry.ts';
import { type MediaTimeline, TimelineCollector } from '../src/timeline/collector.ts';
import { formatTime, longestTracks, TIME_FROM, TIME_TO, TIMELINE_WIDTH } from '../src/timeline/figure.ts';
import { timelineSvg, writePlot } from '../src/timeline/plot.ts';
import { writeReport } from '../src/timeline/report.ts';
import { writeClip } from './clips.ts';

const NONE: Expressions = { angry: 0, disgust: 0, fear: 0, happy: 0, sad: 0, surprise: 0, neutral: 0 };
const point = { x: 0, y: 0 };
const landmarks = { rightEye: point, leftEye: point, nose: point, mouth: point, rightEar: point, leftEar: point };

/** A frame in which each face is happy to that degree, and sad for the rest. */
function frame(number: number, timestamp: number, happy: Record<number, number>, path = 'film.mp4'): FrameEntry {
  const faces = Object.entries(happy).map(([id, value]): TrackedFace => {
    const expressions = { ...NONE, happy: value, sad: 1 - value };
    const box = { x: 0, y: 0, width: 9, height: 9 };
    return {
      ...{ id: Number(id), box, detection: 1, landmarks, expressions, raw: expressions, doubts: [] },
      ...{ dominant: value >= 0.5 ? 'happy' : 'sad', confidence: Math.max(value, 1 - value), uncertain: value < 0.6 },
    };
  });
  return frameEntry(path, { width: 320, height: 240 }, { frame: number, timestamp, faces }, undefined);
}

function collect(entries: readonly Entry[]): TimelineCollector['media'] {
  const collector = new TimelineCollector();
  for (const entry of entries) collector.add(entry);
  collector.end();
  return collector.media;
}

const timelineOf = (entries: readonly Entry[]): MediaTimeline => collect(entries)[0] as MediaTimeline;

describe('the collector', () => {
  it('keeps every frame of a short video', () => {
    const { names, tracks, start, end } = timelineOf([frame(0, 2, { 0: 1 }), frame(1, 2.1, { 0: 0.5, 3: 0.7 })]);
    expect([start, Number(end.toFixed(6))]).toEqual([2, 2.2]);
    expect(tracks.map(({ id, points }) => [id, points.map(({ time }) => time)])).toEqual([
      [0, [2, 2.1]],
      [3, [2.1]],
    ]);
    const [first, second] = tracks[0]!.points;
    expect([first!.means[names.indexOf('happy')], second!.means[names.indexOf('happy')]]).toEqual([1, 0.5]);
    expect([first!.uncertain, second!.uncertain]).toEqual([false, true]);
  });

  it('takes no more room for an hour than for a minute, and loses nothing on average', () => {
    const entries = Array.from({ length: 12_000 }, (_, i) => frame(i, (3 * i) / 10, { 0: (i % 100) / 100 }));
    const { names, tracks, step } = timelineOf(entries);
    const { points } = tracks[0]!;
    expect(points.length).toBeGreaterThan(1000);
    expect(points.length).toBeLessThanOrEqual(2048);
    expect(step).toBeGreaterThanOrEqual(3600 / 2048);
    const mean = points.reduce((sum, { means }) => sum + means[names.indexOf('happy')]!, 0) / points.length;
    expect(mean).toBeCloseTo(0.495, 2);
    expect(points.every(({ time }, i) => i === 0 || time > points[i - 1]!.time)).toBe(true);
  });

  it('keeps files apart, and knows what failed', () => {
    const broken: Entry = { path: 'film.mp4', error: { code: 'TRUNCATED_VIDEO', message: 'cut off' } };
    const media = collect([
      ...[frame(0, 0, { 0: 1 }), frame(1, 1, { 0: 1 }), broken, frame(0, 0, {}, 'other.mp4')],
      ...[
        { path: 'p.png', width: 3, height: 2, faces: [] },
        { path: 'gone.png', error: { code: 'X', message: 'gone' } },
      ],
    ]);
    expect(media.map((one) => ('summary' in one ? [one.summary.path, one.error?.code] : one.path))).toEqual([
      ['film.mp4', 'TRUNCATED_VIDEO'],
      ['other.mp4', undefined],
      ['p.png', undefined],
      'gone.png',
    ]);
  });
});

describe('the plot', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'mememoji-plot-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  // Out of sight between 1 and 4 s.
  const entries = [0, 0.5, 1, 4, 4.5].map((time, i) => frame(i, time, { 0: 1 - time / 10 }));

  it('has an area and a line for each expression between gaps, and says what it is', () => {
    const svg = timelineSvg(collect(entries));
    const [areas] = /<g aria-label="area"[\s\S]*?<\/g>/.exec(svg) ?? [''];
    expect(areas.match(/<path /g)).toHaveLength(2 * 7);
    expect(svg).toContain('aria-label="Facial expressions over time in film.mp4"');
    expect(svg).toContain('face 0, mostly happy, 0 s to 4.5 s');
    for (const name of Object.keys(NONE)) expect(svg).toContain(`>${name}</text>`);
  });

  it('is a picture of PNG, twice as fine', async () => {
    const file = join(folder, 'plot.png');
    await writePlot(file, collect(entries));
    expect((await sharp(file).metadata()).width).toBe(2 * TIMELINE_WIDTH);
  });

  it('needs a video', () => {
    const picture: Entry = { path: 'p.png', width: 3, height: 2, faces: [] };
    expect(() => timelineSvg(collect([picture]))).toThrow('there is no video');
  });

  it('draws of a crowd those that were seen longest', () => {
    const crowd = Object.fromEntries(Array.from({ length: 15 }, (_, id) => [id, 0.9]));
    const media = timelineOf([frame(0, 0, crowd), frame(1, 1, { 4: 1, 14: 1 }), frame(2, 2, { 4: 1, 14: 1 })]);
    const { shown, others } = longestTracks(media, 2);
    expect([shown.map(({ id }) => id), others]).toEqual([[4, 14], 13]);
    expect(timelineSvg([media])).toContain('3 more that were seen for a shorter time');
  });

  it.each([
    [0, '0 s'],
    [2.5, '2.5 s'],
    [75, '1:15'],
    [3725, '1:02:05'],
  ])('writes %d seconds as %s', (seconds, text) => expect(formatTime(seconds)).toBe(text));
});

describe('the report', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'mememoji-report-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('escapes what files are called, and is one page', async () => {
    const name = '<img src=x onerror=alert(1)>.mp4';
    const file = join(folder, 'names.html');
    const broken: Entry = { path: 'x', error: { code: 'X', message: '</script><u>' } };
    await writeReport(file, collect([frame(0, 0, { 0: 1 }, name), broken]), { model: 'm 1', embed: false });
    const html = readFileSync(file, 'utf8');
    expect(html).not.toContain('<img src=x');
    expect(html).not.toContain('<u>');
    expect(html.match(/<\/script>/g)).toHaveLength(2);
    expect(html).not.toMatch(/(?:src|href)="https?:/);
  });

  it('shows pictures by their path from the page, or has them in itself', async () => {
    await sharp({ create: { width: 40, height: 30, channels: 3, background: 'red' } })
      .png()
      .toFile(join(folder, 'a b.png'));
    writeFileSync(join(folder, 'pages.txt'), '');
    const media = collect([{ path: join(folder, 'a b.png'), width: 40, height: 30, faces: [] }]);
    await writeReport(join(folder, 'pages/linked.html'), media, { model: 'm 1', embed: false });
    expect(readFileSync(join(folder, 'pages/linked.html'), 'utf8')).toContain('<img src="../a%20b.png"');
    await writeReport(join(folder, 'embedded.html'), media, { model: 'm 1', embed: true });
    expect(readFileSync(join(folder, 'embedded.html'), 'utf8')).toContain('<img src="data:image/jpeg;base64,');
  });

  it.skipIf(!hasChromium || !hasFfmpeg)('ties player, scrubber and timeline together', async () => {
    const video = writeClip(join(folder, 'film.webm'), { seconds: 2 });
    const entries = Array.from({ length: 20 }, (_, i) => frame(i, i / 10, { 0: i < 10 ? 0.9 : 0.2 }, video));
    await writeReport(join(folder, 'film.html'), collect(entries), { model: 'm 1', embed: false });
    const browser = await launchChromium();
    try {
      const page = await browser.newPage();
      const errors: string[] = [];
      page.on('pageerror', (error) => errors.push(error.message));
      await page.goto(pathToFileURL(join(folder, 'film.html')).href);
      const scrubber = page.getByLabel(/^Time in film\.webm/);
      const likeliest = page.locator('.now li.likeliest');
      expect(await likeliest.textContent()).toMatch(/^happy\s*90%$/);
      await page.waitForFunction(() => (document.querySelector('video')?.readyState ?? 0) > 0);
      await scrubber.fill('1.5');
      expect(await likeliest.textContent()).toMatch(/^sad\s*80%$/);
      const left = await page.locator('.playhead').evaluate((line) => Number.parseFloat(line.style.left));
      expect(left).toBeCloseTo((100 * (TIME_FROM + 0.75 * (TIME_TO - TIME_FROM))) / TIMELINE_WIDTH, 1);
      await page.waitForFunction(() => Math.abs((document.querySelector('video')?.currentTime ?? 0) - 1.5) < 0.11);
      const { width } = (await page.locator('.timeline').boundingBox())!;
      await page
        .locator('.timeline')
        .click({ position: { x: (width * (TIME_FROM + TIME_TO)) / 2 / TIMELINE_WIDTH, y: 60 } });
      expect(Math.abs(Number(await scrubber.inputValue()) - 1)).toBeLessThan(0.11);
      expect(errors).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});
