/** What comes of every kind of input that is broken or out of the ordinary: the table that the manual refers to. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasFfmpeg } from '../../../test/ffmpeg.ts';
import { call } from './call.ts';
import { ffmpeg, writeClip } from './clips.ts';
import { canWriteHeic, encodeHeic } from './heic.ts';
import { ROOT } from './run.ts';
import { makeFolder } from './stand-in.ts';

const PHOTO = join(ROOT, 'test/fixtures/astronaut.png');
const TENTHS = [1, 2, 3, 4, 5, 6, 7, 8, 9];

/** What an input gives: a picture of that size with so many faces, so many frames of a video, or an error; or both. */
interface Outcome {
  size?: [width: number, height: number];
  faces?: number;
  frames?: number;
  error?: string;
}

interface Row {
  what: string;
  file: string;
  make: (file: string) => Promise<unknown> | unknown;
  gives: Outcome;
}

const face = { size: [256, 256], faces: 1 } satisfies Outcome;
const photo = (): Sharp => sharp(PHOTO).resize(256, 256);
const small = (): Sharp => sharp(PHOTO).resize(96, 96);
const write = (content: string | Uint8Array) => (file: string) => writeFileSync(file, content);
type Format = 'jpeg' | 'png' | 'webp' | 'gif' | 'tiff' | 'avif';
const encode = (format: Format, picture = photo) => picture().toFormat(format).toBuffer();

/** Beginnings of a file, by tenths of its length. */
function beginnings(what: string, extension: string, make: () => Promise<Buffer> | Buffer, gives: Outcome): Row[] {
  let whole: Promise<Buffer> | Buffer | undefined;
  return TENTHS.map((tenths) => ({
    what: `${tenths}0% of a ${what}`,
    file: `cut-${tenths}.${extension}`,
    make: async (file) => {
      whole ??= make();
      const bytes = await whole;
      writeFileSync(file, bytes.subarray(0, Math.floor((bytes.length * tenths) / 10)));
    },
    gives,
  }));
}

/** Pixels as a camera stores them that is held in one of the eight ways of EXIF. */
async function turned(orientation: number): Promise<Buffer> {
  const angle = [0, 0, 180, 180, 90, 270, 90, 90][orientation - 1]!;
  const rotated = await photo().rotate(angle).png().toBuffer();
  const stored = sharp(rotated);
  if (orientation === 2 || orientation === 4 || orientation === 5) stored.flop();
  if (orientation === 7) stored.flip();
  return stored.withMetadata({ orientation }).jpeg({ quality: 95 }).toBuffer();
}

/** A PNG that says that it is huge, with next to no data. */
function hugePng(side: number): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  const parts = [chunk('IHDR', header), chunk('IDAT', deflateSync(Buffer.alloc(64))), chunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), ...parts]);
}

async function animated(format: 'gif' | 'webp'): Promise<Buffer> {
  const frames = await Promise.all([photo().png().toBuffer(), photo().negate().png().toBuffer()]);
  return sharp(frames, { join: { animated: true } })
    .toFormat(format)
    .toBuffer();
}

const PICTURES: Row[] = [
  { what: 'no bytes', file: 'empty.png', make: write(''), gives: { error: 'EMPTY_FILE' } },
  { what: 'one byte', file: 'byte.jpg', make: write('\xff'), gives: { error: 'NOT_AN_IMAGE' } },
  { what: 'text', file: 'text.jpg', make: write('no picture'), gives: { error: 'NOT_AN_IMAGE' } },
  {
    what: 'SVG',
    file: 'drawing.svg.png',
    make: write('<svg xmlns="http://www.w3.org/2000/svg"/>'),
    gives: { error: 'NOT_AN_IMAGE' },
  },
  ...beginnings('JPEG', 'jpg', () => encode('jpeg', small), { error: 'BROKEN_IMAGE' }),
  ...beginnings('PNG', 'png', () => encode('png', small), { error: 'BROKEN_IMAGE' }),
  ...beginnings('WebP', 'webp', () => encode('webp', small), { error: 'BROKEN_IMAGE' }),
  ...beginnings('GIF', 'gif', () => encode('gif', small), { error: 'BROKEN_IMAGE' }),
  ...beginnings('TIFF', 'tiff', () => encode('tiff', small), { error: 'BROKEN_IMAGE' }),
  ...beginnings('AVIF', 'avif', () => encode('avif', small), { error: 'BROKEN_IMAGE' }),
  {
    what: 'a JPEG called PNG',
    file: 'jpeg.png',
    make: async (file) => writeFileSync(file, await encode('jpeg')),
    gives: face,
  },
  {
    what: 'a JPEG called MP4',
    file: 'jpeg.mp4',
    make: async (file) => writeFileSync(file, await encode('jpeg')),
    gives: face,
  },
  {
    what: 'a single pixel',
    file: 'pixel.png',
    make: (file) => sharp(PHOTO).resize(1, 1).toFile(file),
    gives: { size: [1, 1], faces: 0 },
  },
  {
    what: 'a line of pixels',
    file: 'line.png',
    make: (file) => sharp(PHOTO).resize(500, 1, { fit: 'fill' }).toFile(file),
    gives: { size: [500, 1], faces: 0 },
  },
  {
    what: 'a header of 30,000 x 30,000',
    file: 'huge.png',
    make: write(hugePng(30_000)),
    gives: { error: 'IMAGE_TOO_LARGE' },
  },
  {
    what: 'CMYK',
    file: 'cmyk.jpg',
    make: (file) => photo().toColourspace('cmyk').jpeg({ quality: 95 }).toFile(file),
    gives: face,
  },
  {
    what: '16 bits a channel',
    file: 'deep.png',
    make: (file) => photo().toColourspace('rgb16').png().toFile(file),
    gives: face,
  },
  { what: 'greyscale', file: 'grey.png', make: (file) => photo().greyscale().png().toFile(file), gives: face },
  { what: 'transparency', file: 'alpha.png', make: (file) => photo().ensureAlpha(0.9).png().toFile(file), gives: face },
  {
    what: 'an animated GIF: its first frame',
    file: 'moving.gif',
    make: async (file) => writeFileSync(file, await animated('gif')),
    gives: face,
  },
  {
    what: 'an animated WebP: its first frame',
    file: 'moving.webp',
    make: async (file) => writeFileSync(file, await animated('webp')),
    gives: face,
  },
  ...[1, 2, 3, 4, 5, 6, 7, 8].map(
    (orientation): Row => ({
      what: `EXIF orientation ${orientation}`,
      file: `exif-${orientation}.jpg`,
      make: async (file) => writeFileSync(file, await turned(orientation)),
      gives: face,
    }),
  ),
  {
    what: 'a folder called like a picture',
    file: 'folder.png',
    make: (file) => mkdirSync(file),
    gives: { error: 'NO_INPUT' },
  },
];

const HEIC: Row[] = [
  {
    what: 'HEIC',
    file: 'photo.heic',
    make: (file) => writeFileSync(file, encodeHeic(PHOTO, 512, 512)),
    gives: { size: [512, 512], faces: 1 },
  },
  ...beginnings('HEIC', 'heic', () => encodeHeic(PHOTO, 512, 512), { error: 'BROKEN_IMAGE' }).filter(
    (_, i) => i % 4 === 0,
  ),
];

const clip = (file: string): Buffer => {
  writeClip(file, { seconds: 1, rate: 10, sound: true });
  return readFileSync(file);
};

const VIDEOS: Row[] = [
  { what: 'a video', file: 'whole.mkv', make: clip, gives: { frames: 10 } },
  {
    what: 'a video called JPEG',
    file: 'video.jpg',
    make: (file) => writeFileSync(file, clip(`${file}.mp4`)),
    gives: { frames: 10 },
  },
  {
    what: 'sound without pictures',
    file: 'sound.m4a.mp4',
    make: (file) => ffmpeg('-f', 'lavfi', '-i', 'sine=duration=1', file),
    gives: { error: 'NO_VIDEO' },
  },
  { what: 'a video of no bytes', file: 'empty.mp4', make: write(''), gives: { error: 'EMPTY_FILE' } },
  { what: 'text called MP4', file: 'text.mp4', make: write('no video'), gives: { error: 'BAD_VIDEO' } },
  ...beginnings('Matroska video', 'mkv', () => clip(join(folder, 'whole-1.mkv')), {
    error: 'TRUNCATED_VIDEO|BAD_VIDEO',
  }),
  // Its index stands at the end.
  ...beginnings('MP4 video', 'mp4', () => clip(join(folder, 'whole-2.mp4')), { frames: 0, error: 'BAD_VIDEO' }).filter(
    (_, i) => i % 4 === 0,
  ),
];

interface Line {
  path: string;
  width?: number;
  height?: number;
  frame?: number;
  faces?: unknown[];
  error?: { code: string; message: string };
}

let folder: string;
let model: string;
beforeAll(() => {
  ({ folder, model } = makeFolder());
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Makes all files, analyzes them in one run, and gives what came of each. */
async function analyze(
  rows: readonly Row[],
): Promise<{ lines: Map<string, Line[]>; code: number | null; stderr: string }> {
  for (const { file, make } of rows) await make(join(folder, file));
  const paths = rows.map(({ file }) => join(folder, file));
  const { stdout, ...rest } = await call(['analyze', ...paths, '--format', 'ndjson', '--model', model]);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line): Line => JSON.parse(line));
  return { lines: Map.groupBy(lines, ({ path }) => path.slice(folder.length + 1)), ...rest };
}

function outcomeOf(lines: readonly Line[], { frames, faces, size }: Outcome): Outcome {
  const error = lines.find((line) => line.error !== undefined)?.error?.code;
  const [first] = lines;
  return {
    ...(size !== undefined && { size: [first!.width!, first!.height!] }),
    ...(faces !== undefined && { faces: first!.faces!.length }),
    ...(frames !== undefined && { frames: lines.filter(({ frame }) => frame !== undefined).length }),
    ...(error !== undefined && { error }),
  };
}

function describeTable(title: string, rows: readonly Row[], skip = false): void {
  describe.skipIf(skip)(title, () => {
    let run: Awaited<ReturnType<typeof analyze>>;
    beforeAll(async () => {
      run = await analyze(rows);
    }, 300_000);

    it.each(rows)('$what gives $gives', ({ file, gives }) => {
      const outcome = outcomeOf(run.lines.get(file) ?? [], gives);
      const expected = gives.error === undefined ? {} : { error: expect.stringMatching(`^(${gives.error})$`) };
      expect(outcome).toEqual({ ...gives, ...expected });
    });

    it('goes on to the last, and lists what was broken at the end', () => {
      expect([...run.lines.keys()]).toEqual(rows.map(({ file }) => file));
      const broken = rows.filter(({ gives }) => gives.error !== undefined);
      const told = run.stderr.trim().split('\n');
      for (const [i, { file }] of broken.entries()) expect(told[i]).toContain(file);
      expect(told.at(-1)).toBe(`mememoji: ${broken.length} of ${rows.length} files could not be read`);
      expect(told).toHaveLength(broken.length + 1);
      expect(run.code).toBe(1);
    });
  });
}

describeTable('of pictures', PICTURES);
describeTable('of HEIC', HEIC, !canWriteHeic);
describeTable('of videos', VIDEOS, !hasFfmpeg);
