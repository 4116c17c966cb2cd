/**
 * Draws docs/images/analyze.svg for the README: a photo with what the shipped model says of its faces, nothing else.
 * Run: node --conditions=source scripts/draw-readme-picture.ts [PHOTO]
 */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Expression, rankExpressions } from '@mememoji/vision/expression';
import type { Analysis, Face } from '@mememoji/vision/result';
import { createAnalyzer } from 'mememoji/node';
import sharp from 'sharp';

const ROOT = join(import.meta.dirname, '..');
const PHOTO = join(ROOT, 'test/fixtures/astronaut.png');
const PICTURE = join(ROOT, 'docs/images/analyze.svg');

/** Sizes in units of the picture, of which a pixel of the photo takes `HEIGHT / photo height`. */
const HEIGHT = 384;
const PANEL = 340;
const BAR = 150;
const LINE = 30;

/** The whole picture; works on a light and on a dark page. */
export function drawPicture(photo: string, { image, faces }: Analysis): string {
  const scale = HEIGHT / image.height;
  const width = Math.round(image.width * scale);
  const panel = faces[0] === undefined ? '' : drawPanel(faces[0], width + 24);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width + PANEL} ${HEIGHT}" width="${width + PANEL}" height="${HEIGHT}">`,
    '<title>A face in a photo, and what the model reads in it</title>',
    '<style>text { font: 15px system-ui, sans-serif; fill: #24292f } .bar { fill: #0969da }',
    '@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .bar { fill: #58a6ff } }</style>',
    `<image href="data:image/jpeg;base64,${photo}" width="${width}" height="${HEIGHT}"/>`,
    ...faces.map((face) => drawBox(face, scale)),
    panel,
    '</svg>\n',
  ].join('\n');
}

function drawBox({ box }: Face, scale: number): string {
  const [x, y, width, height] = [box.x, box.y, box.width, box.height].map((value) => (value * scale).toFixed(1));
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="6" fill="none" stroke="#2da44e" stroke-width="3"/>`;
}

function drawPanel({ expressions }: Face, x: number): string {
  const top = (HEIGHT - LINE * Object.keys(expressions).length) / 2;
  return rankExpressions(expressions)
    .map((pair, i) => drawBar(pair, x, top + i * LINE))
    .join('\n');
}

function drawBar([name, probability]: [Expression, number], x: number, y: number): string {
  return [
    `<text x="${x}" y="${y + 19}">${name}</text>`,
    `<rect class="bar" x="${x + 80}" y="${y + 5}" width="${(probability * BAR).toFixed(1)}" height="18" rx="2"/>`,
    `<text x="${x + 88 + probability * BAR}" y="${y + 19}">${(probability * 100).toFixed(0)}%</text>`,
  ].join('');
}

if (import.meta.main) {
  const photo = process.argv[2] ?? PHOTO;
  const analyzer = await createAnalyzer();
  const analysis = await analyzer.analyze(photo);
  await analyzer.close();
  const jpeg = await sharp(photo).resize({ height: HEIGHT }).flatten().jpeg({ quality: 82 }).toBuffer();
  mkdirSync(dirname(PICTURE), { recursive: true });
  writeFileSync(`${PICTURE}.tmp`, drawPicture(jpeg.toString('base64'), analysis));
  renameSync(`${PICTURE}.tmp`, PICTURE);
}
