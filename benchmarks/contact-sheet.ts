import sharp, { type OverlayOptions } from 'sharp';

/** One picture of a sheet: grey or RGB, 8 bits a channel. */
export interface Tile {
  width: number;
  height: number;
  channels: 1 | 3;
  data: Uint8Array | Uint8ClampedArray;
  caption: string;
}

const CAPTION_HEIGHT = 16;

/** Writes pictures side by side, `columns` in a row, each fitted into a square of `size` pixels with its caption below, as PNG. */
export async function writeContactSheet(
  tiles: readonly Tile[],
  columns: number,
  size: number,
  file: string,
): Promise<void> {
  const rows = Math.ceil(tiles.length / columns);
  const overlays = await Promise.all(
    tiles.map(async (tile, i): Promise<OverlayOptions> => {
      const top = Math.floor(i / columns) * (size + CAPTION_HEIGHT);
      return { input: await renderTile(tile, size), left: (i % columns) * size, top };
    }),
  );
  const sheet = {
    width: columns * size,
    height: rows * (size + CAPTION_HEIGHT),
    channels: 3 as const,
    background: '#202020',
  };
  await sharp({ create: sheet }).composite(overlays).png().toFile(file);
}

async function renderTile({ width, height, channels, data, caption }: Tile, size: number): Promise<Buffer> {
  const text = `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${CAPTION_HEIGHT}">
    <text x="2" y="12" font-size="11" font-family="sans-serif" fill="#ffffff">${caption}</text></svg>`;
  return sharp(data, { raw: { width, height, channels } })
    .toColourspace('srgb')
    .resize(size, size, { fit: 'contain', background: '#202020' })
    .extend({ bottom: CAPTION_HEIGHT, background: '#202020' })
    .composite([{ input: Buffer.from(text), left: 0, top: size }])
    .png()
    .toBuffer();
}

/** The pictures with the outlines of boxes and points drawn in, as a tile. */
export async function annotate(
  image: { width: number; height: number; channels: 1 | 3 | 4; data: Uint8Array | Uint8ClampedArray },
  marks: {
    boxes: { x: number; y: number; width: number; height: number; label: string }[];
    points: { x: number; y: number }[];
  },
  caption: string,
): Promise<Tile> {
  const line = Math.max(image.width, image.height) / 200;
  const boxes = marks.boxes.map(
    ({ x, y, width, height, label }) =>
      `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="none" stroke="#00ff40" stroke-width="${line}"/>
       <text x="${x}" y="${y - line}" font-size="${8 * line}" font-family="sans-serif" fill="#ffff00">${label}</text>`,
  );
  const points = marks.points.map(({ x, y }) => `<circle cx="${x}" cy="${y}" r="${line}" fill="#ff3020"/>`);
  const { width, height, channels } = image;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${boxes}${points}</svg>`;
  const { data } = await sharp(image.data, { raw: { width, height, channels } })
    .toColourspace('srgb')
    .removeAlpha()
    .composite([{ input: Buffer.from(svg) }])
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width, height, channels: 3, data, caption };
}
