/**
 * Draws the app's pictures from Fluent Emoji Flat (MIT, see NOTICE): src/emoji/EXPRESSION.svg, the faces beside the names of
 * the expressions, the same as the pure memes, and public/icons, the icons of the installed app.
 * Run: node apps/web/scripts/draw-artwork.ts
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Expression } from '@mememoji/vision/expression';
import sharp from 'sharp';

const EMOJI = join(import.meta.dirname, '../src/emoji');
const ICONS = join(import.meta.dirname, '../public/icons');

const FACES: Readonly<Record<Expression, string>> = {
  angry: 'pouting-face',
  disgust: 'nauseated-face',
  fear: 'face-screaming-in-fear',
  happy: 'grinning-face-with-smiling-eyes',
  sad: 'loudly-crying-face',
  surprise: 'astonished-face',
  neutral: 'neutral-face',
};

/** The paper of the light theme, behind icons that the system cuts to its own shape. */
const PAPER = '#fdfcf8';

/** `fill`: how much of the icon's side the face takes; the safe zone of a maskable icon is a disc of 80%. */
const APP_ICONS = [
  { name: 'icon-192.png', side: 192, fill: 1, background: undefined },
  { name: 'icon-512.png', side: 512, fill: 1, background: undefined },
  { name: 'maskable-512.png', side: 512, fill: 0.68, background: PAPER },
  { name: 'apple-touch-180.png', side: 180, fill: 0.78, background: PAPER },
] as const;

function readBodies(): (name: string) => string {
  const path = createRequire(import.meta.url).resolve('@iconify-json/fluent-emoji-flat/icons.json');
  const { icons }: { icons: Record<string, { body: string }> } = JSON.parse(readFileSync(path, 'utf8'));
  return (name) => icons[name]!.body;
}

const toSvg = (title: string, body: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="32" height="32"><title>${title}</title>${body}</svg>\n`;

/** The face in the middle of a square of `side` pixels. */
function toAppIcon(body: string, side: number, fill: number, background: string | undefined): Promise<Buffer> {
  const margin = 16 / fill - 16;
  const paper = background === undefined ? '' : `<rect x="-99" y="-99" width="999" height="999" fill="${background}"/>`;
  const view = `${-margin} ${-margin} ${32 + 2 * margin} ${32 + 2 * margin}`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${view}" width="${side}" height="${side}">${paper}${body}</svg>`;
  return sharp(Buffer.from(svg)).png({ compressionLevel: 9, palette: true }).toBuffer();
}

function writeWhole(path: string, content: string | Buffer): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.part`, content);
  renameSync(`${path}.part`, path);
}

const bodyOf = readBodies();
for (const [name, icon] of Object.entries(FACES)) writeWhole(join(EMOJI, `${name}.svg`), toSvg(name, bodyOf(icon)));
writeWhole(join(ICONS, 'icon.svg'), toSvg('Mememoji', bodyOf(FACES.happy)));
for (const { name, side, fill, background } of APP_ICONS) {
  writeWhole(join(ICONS, name), await toAppIcon(bodyOf(FACES.happy), side, fill, background));
}
