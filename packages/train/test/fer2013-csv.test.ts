import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { imageAt, SPLITS, splitIndices } from '../src/dataset.ts';
import { readFer2013 } from '../src/fer2013-csv.ts';
import { ferLikeCsv, ferLikeRows, temporaryFile, temporaryFolder } from './helpers/fer-like.ts';

const SIZE = 4;
const ROWS = ferLikeRows({ rows: 20, size: SIZE });
const CSV = ferLikeCsv(ROWS);

function readText(text: string | Uint8Array, name = 'faces.csv') {
  return readFer2013(temporaryFile(name, text), { size: SIZE });
}

/** The table with one row written anew; rows count from 1. */
function withRow(row: number, text: string): string {
  const lines = CSV.split('\n');
  lines[row] = text;
  return lines.join('\n');
}

const GOOD_PIXELS = ROWS[4]!.pixels.join(' ');

describe('readFer2013', () => {
  it('reads pixels, labels, splits and the hash of the content', async () => {
    const dataset = await readText(CSV);
    expect(dataset).toMatchObject({ count: 20, width: SIZE, height: SIZE });
    expect([...dataset.pixels]).toEqual(ROWS.flatMap((row) => row.pixels));
    expect([...dataset.targets]).toEqual(ROWS.map((row) => row.emotion));
    expect([...dataset.splits]).toEqual(ROWS.map((row) => SPLITS.indexOf(row.usage)));
    expect([...splitIndices(dataset, 'PublicTest')]).toEqual([12, 13, 14, 15]);
    expect([...imageAt(dataset, 7)]).toEqual(ROWS[7]!.pixels);
    expect(dataset.source.sha256).toBe(createHash('sha256').update(CSV).digest('hex'));
    expect(dataset.pixels.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it('reads gzip by its content, whatever the name, with the hash of the unpacked content', async () => {
    const [plain, packed] = [await readText(CSV), await readText(gzipSync(CSV), 'faces.dat')];
    expect(packed.pixels).toEqual(plain.pixels);
    expect(packed.source.sha256).toBe(plain.source.sha256);
  });

  it('takes columns in the order of the header, quotes, CRLF, a byte-order mark and a last line without an end', async () => {
    const lines = ROWS.map(({ emotion, pixels, usage }) => `${usage},${emotion},"${pixels.join(' ')}"`);
    const dataset = await readText(`\uFEFF Usage, emotion, "pixels"\r\n${lines.join('\r\n')}`);
    expect([...dataset.pixels]).toEqual(ROWS.flatMap((row) => row.pixels));
    expect([...dataset.targets]).toEqual(ROWS.map((row) => row.emotion));
  });

  it('reads tables larger than a chunk and a block of pixels', async () => {
    const rows = ferLikeRows({ rows: 2600, size: 8 });
    const dataset = await readFer2013(temporaryFile('faces.csv', ferLikeCsv(rows)), { size: 8 });
    expect(dataset.count).toBe(2600);
    expect([...dataset.pixels]).toEqual(rows.flatMap((row) => row.pixels));
  });

  it.each([
    ['too few pixels', `4,${GOOD_PIXELS.split(' ').slice(1).join(' ')},Training`, '15 pixels instead of 16'],
    ['too many pixels', `4,${GOOD_PIXELS} 7,Training`, '17 pixels instead of 16'],
    ['a pixel above 255', `4,${GOOD_PIXELS.replace(/^\d+/, '256')},Training`, 'pixel 1 is above 255'],
    [
      'a negative pixel',
      `4,${GOOD_PIXELS.replace(/^\d+/, '-1')},Training`,
      'pixel 1 is not a whole number ("-" found)',
    ],
    ['a fraction', `4,${GOOD_PIXELS.replace(/\d+$/, '1.5')},Training`, 'pixel 16 is not a whole number ("." found)'],
    ['letters', `4,${GOOD_PIXELS.replace(/^\d+/, 'abc')},Training`, 'pixel 1 is not a whole number ("a" found)'],
    ['a label above 6', `7,${GOOD_PIXELS},Training`, 'the label "7" is not in 0 to 6'],
    ['a label that is no number', `happy,${GOOD_PIXELS},Training`, 'the label "happy" is not in 0 to 6'],
    ['no label', `,${GOOD_PIXELS},Training`, 'the label "" is not in 0 to 6'],
    ['an unknown Usage', `4,${GOOD_PIXELS},Test`, 'the Usage "Test" is none of Training, PublicTest, PrivateTest'],
    ['a missing column', `4,${GOOD_PIXELS}`, '2 columns instead of 3'],
    ['a column too many', `4,${GOOD_PIXELS},Training,1`, '4 columns instead of 3'],
  ])('names the row with %s', async (_, text, fault) => {
    await expect(readText(withRow(5, text))).rejects.toMatchObject({
      code: 'BAD_ROW',
      message: `faces.csv, row 5 (line 6): ${fault}`,
    });
  });

  it.each([
    ['in the pixels', 80],
    ['in the Usage', 3],
  ])('tells that the file is cut off %s', async (_, bytes) => {
    const text = CSV.slice(0, -1).slice(0, -bytes);
    await expect(readText(text)).rejects.toMatchObject({
      code: 'TRUNCATED_FILE',
      message: expect.stringMatching(/row \d+ \(line \d+\): the file ends in the middle of the row/),
    });
  });

  it('tells that gzip data are cut off or damaged', async () => {
    const packed = gzipSync(CSV);
    await expect(readText(packed.subarray(0, packed.length - 20))).rejects.toMatchObject({ code: 'TRUNCATED_FILE' });
    packed.fill(0x55, 40, 80);
    await expect(readText(packed)).rejects.toMatchObject({ code: 'UNREADABLE_FILE' });
  });

  it.each([
    ['text', 'Dear diary,\ntoday I was happy.\n', 'emotion, pixels, usage'],
    ['a table without Usage', 'emotion,pixels\n0,1 2 3\n', 'usage'],
    ['no header', CSV.split('\n').slice(1).join('\n'), 'emotion, pixels, usage'],
    ['binary', Uint8Array.from({ length: 3000 }, (_, i) => (i * 37) % 256), 'emotion, pixels, usage'],
  ])('refuses %s', async (_, content, missing) => {
    await expect(readText(content)).rejects.toMatchObject({
      code: 'BAD_HEADER',
      message: expect.stringMatching(new RegExp(`its first line lacks the columns? ${missing}$`)),
    });
  });

  it('refuses an empty file, a header alone, a missing file, a folder and a line without end', async () => {
    await expect(readText('')).rejects.toMatchObject({ code: 'EMPTY_FILE' });
    await expect(readText('emotion,pixels,Usage\n')).rejects.toMatchObject({ code: 'EMPTY_FILE' });
    const folder = temporaryFolder();
    await expect(readFer2013(`${folder}/none.csv`)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    await expect(readFer2013(folder)).rejects.toMatchObject({ code: 'UNREADABLE_FILE' });
    await expect(readText('x'.repeat(3 << 20))).rejects.toMatchObject({ code: 'BAD_ROW' });
  });

  it('refuses a size that the pixels do not have, and one that cannot be', async () => {
    const path = temporaryFile('faces.csv', CSV);
    await expect(readFer2013(path)).rejects.toMatchObject({
      message: expect.stringContaining('16 pixels instead of 2304'),
    });
    await expect(readFer2013(path, { size: 0 })).rejects.toMatchObject({ code: 'BAD_OPTION' });
  });
});
