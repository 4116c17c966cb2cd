/** Pictures that the tests' server has beside its page, all made of `astronaut.png`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';

/** Folder with `astronaut.png`. */
export const FIXTURES = join(import.meta.dirname, '../../../../test/fixtures');

/** Side of `head.png`. */
export const HEAD = 224;

const head = (): Sharp =>
  sharp(join(FIXTURES, 'astronaut.png')).extract({ left: 112, top: 8, width: HEAD, height: HEAD });

/** Writes `head.png` and broken and odd files beside it into a folder. */
export async function writePictures(folder: string): Promise<void> {
  const png = await head().png().toBuffer();
  const files: Record<string, Uint8Array | string> = {
    'head.png': png,
    'truncated.png': png.subarray(0, png.length / 3),
    'empty.png': '',
    'text.png': 'this is no picture',
    'dot.png': await sharp(png).resize(1, 1).png().toBuffer(),
    'huge.png': hugeHeader(png),
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
}

/** A PNG that says that it has 30,000 x 30,000 pixels; the checksum of its header is wrong, too. */
function hugeHeader(png: Uint8Array): Uint8Array {
  const bytes = Buffer.from(png);
  bytes.writeUInt32BE(30_000, 16);
  bytes.writeUInt32BE(30_000, 20);
  return bytes;
}

/** How the rows of a file lie that a viewer turns upright, by EXIF orientation 1 to 8. */
const STORED: readonly ((upright: Sharp) => Sharp)[] = [
  (upright) => upright,
  (upright) => upright.flop(),
  (upright) => upright.rotate(180),
  (upright) => upright.flip(),
  (upright) => upright.rotate(270).flop(),
  (upright) => upright.rotate(270),
  (upright) => upright.rotate(90).flop(),
  (upright) => upright.rotate(90),
];

/** The head as JPEG files that differ in nothing but how they are stored, by EXIF orientation from 1 on. */
export function orientedHeads(): Promise<Buffer[]> {
  return Promise.all(
    STORED.map(async (store, i) => {
      const raw = await store(sharp(await head().png().toBuffer()))
        .png()
        .toBuffer();
      return sharp(raw)
        .withMetadata({ orientation: i + 1 })
        .jpeg({ quality: 97 })
        .toBuffer();
    }),
  );
}
