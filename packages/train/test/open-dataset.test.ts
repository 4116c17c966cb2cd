import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { imageAt, SPLITS } from '../src/dataset.ts';
import { readImageFolder } from '../src/image-folder.ts';
import { writeNpyFolder } from '../src/npy-folder.ts';
import { openDataset } from '../src/open-dataset.ts';
import { datasetOf, ferLikeCsv, ferLikeRows, ferPlusLikeCsv, temporaryFolder } from './helpers/fer-like.ts';

const SIZE = 5;
const ROWS = ferLikeRows({ rows: 14, size: SIZE });

async function writePng(path: string, pixels: readonly number[], side = SIZE): Promise<void> {
  mkdirSync(join(path, '..'), { recursive: true });
  await sharp(Uint8Array.from(pixels), { raw: { width: side, height: side, channels: 1 } }).toFile(path);
}

function collectWarnings(): { warnings: string[]; onWarning: (message: string) => void } {
  const warnings: string[] = [];
  return { warnings, onWarning: (message) => warnings.push(message) };
}

describe('readImageFolder', () => {
  it('reads split and class folders by any of their names, grey values exactly', async () => {
    const folder = temporaryFolder();
    await writePng(join(folder, 'train/Anger/b.png'), ROWS[0]!.pixels);
    await writePng(join(folder, 'train/Anger/a.png'), ROWS[1]!.pixels);
    await writePng(join(folder, 'Test/happiness/1.PNG'), ROWS[2]!.pixels);
    await writePng(join(folder, 'validation/sad/1.png'), ROWS[3]!.pixels);
    writeFileSync(join(folder, 'train/Anger/notes.txt'), 'not a picture');
    const { warnings, onWarning } = collectWarnings();
    const dataset = await readImageFolder(folder, { size: SIZE, onWarning });
    expect(dataset.labels).toEqual(['angry', 'happy', 'sad']);
    const rows = Array.from({ length: dataset.count }, (_, i) => [SPLITS[dataset.splits[i]!], dataset.targets[i]]);
    expect(rows).toEqual([
      ['PrivateTest', 1],
      ['Training', 0],
      ['Training', 0],
      ['PublicTest', 2],
    ]);
    expect([0, 1, 2, 3].map((i) => [...imageAt(dataset, i)])).toEqual([2, 1, 0, 3].map((row) => ROWS[row]!.pixels));
    expect(warnings).toEqual([]);
  });

  it('takes colour, turns by EXIF, cuts to the middle square and resizes', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'happy'));
    // 20 x 10, left half black, right half red, to be turned by a quarter clockwise: black above, red below.
    const pixels = Uint8Array.from({ length: 20 * 10 * 3 }, (_, i) =>
      i % 3 === 0 && Math.floor(i / 3) % 20 >= 10 ? 255 : 0,
    );
    const picture = sharp(pixels, { raw: { width: 20, height: 10, channels: 3 } });
    await picture.withMetadata({ orientation: 6 }).png().toFile(join(folder, 'happy/1.png'));
    const dataset = await readImageFolder(folder, { size: 10 });
    const column = Array.from({ length: 10 }, (_, y) => dataset.pixels[y * 10 + 5]!);
    expect(column.slice(0, 4)).toEqual([0, 0, 0, 0]);
    expect(Math.min(...column.slice(6))).toBeGreaterThan(50);
    expect(new Set(column.slice(6)).size).toBe(1);
  });

  it('reports broken files and strange folders, and reads the rest', async () => {
    const folder = temporaryFolder();
    await writePng(join(folder, 'angry/1.png'), ROWS[0]!.pixels);
    await writePng(join(folder, 'happy/2.png'), ROWS[1]!.pixels);
    await writePng(join(folder, 'contempt/3.png'), ROWS[2]!.pixels);
    writeFileSync(join(folder, 'happy/1.jpg'), 'this is no JPEG');
    writeFileSync(join(folder, 'happy/3.png'), '');
    const { warnings, onWarning } = collectWarnings();
    const dataset = await readImageFolder(folder, { size: SIZE, onWarning });
    expect([...dataset.targets]).toEqual([0, 1]);
    expect([...dataset.rows]).toEqual([0, 2]);
    expect([...imageAt(dataset, 1)]).toEqual(ROWS[1]!.pixels);
    expect(warnings).toEqual([
      expect.stringContaining('contempt is left out: its name is no expression and no split'),
      expect.stringContaining('happy/1.jpg is left out: '),
      expect.stringContaining('happy/3.png is left out: '),
      expect.stringContaining('2 of 4 pictures'),
    ]);
  });

  it('gives the hash of what was read', async () => {
    const hashes = [];
    for (const first of [0, 0, 1]) {
      const folder = temporaryFolder();
      await writePng(join(folder, 'angry/1.png'), ROWS[first]!.pixels);
      hashes.push((await readImageFolder(folder, { size: SIZE })).source.sha256);
    }
    expect(hashes[0]).toBe(hashes[1]);
    expect(hashes[2]).not.toBe(hashes[0]);
  });

  it('fails where there is nothing to read', async () => {
    const folder = temporaryFolder();
    const fault = (message: string) => ({ code: 'BAD_IMAGE_FOLDER', message: expect.stringContaining(message) });
    await expect(readImageFolder(folder)).rejects.toMatchObject(fault('no folder named after an expression'));
    mkdirSync(join(folder, 'happy'));
    await expect(readImageFolder(folder)).rejects.toMatchObject(fault('no pictures'));
    writeFileSync(join(folder, 'happy/1.png'), 'broken');
    await expect(readImageFolder(folder)).rejects.toMatchObject(fault('none of the 1 pictures'));
    await expect(readImageFolder(folder, { size: 1.5 })).rejects.toMatchObject({ code: 'BAD_OPTION' });
  });
});

describe('openDataset', () => {
  it('opens a table with the votes beside it, by file or by folder, or without, or with others', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'fer2013.csv'), ferLikeCsv(ROWS));
    writeFileSync(join(folder, 'ferplus.csv'), ferPlusLikeCsv(ROWS));
    writeFileSync(join(folder, 'other.csv'), ferPlusLikeCsv(ROWS).replaceAll(',8', ',7'));
    const byFolder = await openDataset(folder, { size: SIZE });
    expect(byFolder.votes?.[1 * 10 + 5]).toBe(8);
    expect(await openDataset(join(folder, 'fer2013.csv'), { size: SIZE })).toEqual(byFolder);
    expect(await openDataset(folder, { size: SIZE, votes: false })).not.toHaveProperty('votes');
    const other = await openDataset(folder, { size: SIZE, votes: join(folder, 'other.csv') });
    expect(other.votes?.[1 * 10 + 5]).toBe(7);
  });

  it('warns of votes that do not fit, and fails if they were asked for', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'faces.csv'), ferLikeCsv(ROWS));
    writeFileSync(join(folder, 'fer2013new.csv'), ferPlusLikeCsv(ROWS.slice(1)));
    const { warnings, onWarning } = collectWarnings();
    const dataset = await openDataset(join(folder, 'faces.csv'), { size: SIZE, onWarning });
    expect(dataset).not.toHaveProperty('votes');
    expect(warnings).toEqual([expect.stringContaining('votes are left out: fer2013new.csv has 13 rows')]);
    const votes = join(folder, 'fer2013new.csv');
    await expect(openDataset(join(folder, 'faces.csv'), { size: SIZE, votes })).rejects.toMatchObject({
      code: 'BAD_VOTES',
    });
  });

  it('opens a folder of arrays and a folder of pictures', async () => {
    const [arrays, pictures] = [temporaryFolder(), temporaryFolder()];
    await writeNpyFolder(datasetOf(ROWS), arrays);
    expect(await openDataset(arrays)).toMatchObject({ count: 14, width: SIZE });
    await writePng(join(pictures, 'train/happy/1.png'), ROWS[0]!.pixels);
    expect(await openDataset(pictures, { size: SIZE })).toMatchObject({ count: 1, labels: ['happy'] });
  });

  it('tells what it looks for where there is nothing', async () => {
    const folder = temporaryFolder();
    await expect(openDataset(join(folder, 'no.csv'))).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    await expect(openDataset(folder)).rejects.toMatchObject({
      code: 'BAD_IMAGE_FOLDER',
      hint: expect.stringContaining('fer2013.csv'),
    });
    writeFileSync(join(folder, 'X_train.npy'), '');
    await expect(openDataset(join(folder, 'X_train.npy'))).rejects.toMatchObject({
      hint: 'name the folder it lies in',
    });
  });
});
