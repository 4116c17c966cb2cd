import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import tar from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { type ArchiveLimits, readArchive } from '../../src/jobs/archive.ts';
import { kindOf, kindOfFile } from '../../src/jobs/upload-kind.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { zipOf } from './zip.ts';

const LIMITS: ArchiveLimits = { items: 10, itemBytes: 4 * 2 ** 20, totalBytes: 8 * 2 ** 20 };

type Entries = readonly (readonly [name: string, bytes: Buffer, header?: Partial<tar.Header>])[];

async function zipFile(entries: Parameters<typeof zipOf>[0]): Promise<string> {
  const path = join(temporaryFolder(), 'a.zip');
  await writeFile(path, zipOf(entries));
  return path;
}

const plainZip = (entries: Entries): Promise<string> => zipFile(entries.map(([name, bytes]) => ({ name, bytes })));

async function tarOf(entries: Entries, gzip: boolean): Promise<string> {
  const pack = tar.pack();
  for (const [name, bytes, header] of entries) pack.entry({ name, ...header }, bytes);
  pack.finalize();
  const bytes = await buffer(pack.pipe(new PassThrough()));
  const path = join(temporaryFolder(), 'a.tar');
  await writeFile(path, gzip ? gzipSync(bytes) : bytes);
  return path;
}

async function namesIn(path: string, limits: ArchiveLimits = LIMITS): Promise<{ names: string[]; skipped: string[] }> {
  const [names, skipped]: [string[], string[]] = [[], []];
  const kind = await kindOfFile(path);
  if (kind === 'image' || kind === 'video') throw new Error(`taken for ${kind}`);
  for await (const { name, bytes } of readArchive(path, kind, { limits, onSkipped: (one) => skipped.push(one) })) {
    names.push(`${name} ${bytes.length}`);
  }
  return { names, skipped };
}

const PLAIN: Entries = [
  ['a.jpg', Buffer.from('one')],
  ['folder/b.PNG', Buffer.from('three')],
  ['notes.txt', Buffer.from('no picture')],
  ['__MACOSX/._a.jpg', Buffer.from('a shadow')],
];

const FORMS: [string, (entries: Entries) => Promise<string>][] = [
  ['zip', plainZip],
  ['tar', (entries) => tarOf(entries, false)],
  ['tar.gz', (entries) => tarOf(entries, true)],
];

describe.each(FORMS)('an archive of the form %s', (_form, archiveOf) => {
  it('gives its pictures in order and tells what it passes over', async () => {
    expect(await namesIn(await archiveOf(PLAIN))).toEqual({
      names: ['a.jpg 3', 'folder/b.PNG 5'],
      skipped: ['notes.txt', '__MACOSX/._a.jpg'],
    });
  });

  it('is refused beyond the number of pictures, but not for other files', async () => {
    const many = await archiveOf(Array.from({ length: 4 }, (_, i) => [`${i}.jpg`, Buffer.from('x')]));
    await expect(namesIn(many, { ...LIMITS, items: 3 })).rejects.toMatchObject({
      code: 'BAD_ARCHIVE',
      message: 'the archive is refused: it has more than 3 pictures',
    });
    expect((await namesIn(many, { ...LIMITS, items: 4 })).names).toHaveLength(4);
  });

  it('is refused for a large picture, and for many that are large together', async () => {
    const two = await archiveOf([
      ['a.jpg', randomBytes(1000, 1)],
      ['b.jpg', randomBytes(1000, 2)],
    ]);
    await expect(namesIn(two, { ...LIMITS, itemBytes: 999 })).rejects.toMatchObject({ code: 'BAD_ARCHIVE' });
    await expect(namesIn(two, { ...LIMITS, totalBytes: 1999 })).rejects.toMatchObject({ code: 'BAD_ARCHIVE' });
    expect((await namesIn(two, { ...LIMITS, itemBytes: 1000, totalBytes: 2000 })).names).toHaveLength(2);
  });

  it('is refused where it is cut off', async () => {
    const path = await archiveOf([['a.jpg', randomBytes(5000, 3)]]);
    await writeFile(path, (await readFile(path)).subarray(0, 3000));
    await expect(namesIn(path)).rejects.toMatchObject({ code: 'BAD_ARCHIVE' });
  });
});

describe.each([
  ['zip', plainZip],
  ['tar.gz', (entries: Entries) => tarOf(entries, true)],
] as const)('a bomb of the form %s', (_form, archiveOf) => {
  it('is refused, be it a picture or not', async () => {
    const limits = { ...LIMITS, itemBytes: 2 ** 30, totalBytes: 2 ** 30 };
    const bomb = await archiveOf([['zeros.png', Buffer.alloc(32 * 2 ** 20)]]);
    await expect(namesIn(bomb, limits)).rejects.toMatchObject({
      code: 'BAD_ARCHIVE',
      message: expect.stringContaining('times as large'),
    });
  });
});

describe('a name that leads out of an archive', () => {
  it.each(['../a.jpg', 'x/../../a.jpg', '/etc/a.jpg', '..\\a.jpg', 'C:/a.jpg', `${'x'.repeat(1100)}.jpg`])(
    '%s is refused in a tar',
    async (name) => {
      await expect(namesIn(await tarOf([[name, Buffer.from('x')]], false))).rejects.toMatchObject({
        code: 'BAD_ARCHIVE',
      });
    },
  );

  it.each(['../a.jpg', 'x/../../a.jpg', '/etc/a.jpg', '..\\a.jpg', 'C:/a.jpg'])(
    '%s is refused in a zip',
    async (name) => {
      const path = await zipFile([{ name, bytes: Buffer.from('x') }]);
      await expect(namesIn(path)).rejects.toMatchObject({ code: 'BAD_ARCHIVE' });
    },
  );

  it.each(['symlink', 'link'] as const)('as a %s does not get in', async (type) => {
    const path = await tarOf([['a.jpg', Buffer.alloc(0), { type, linkname: '/etc/passwd' }]], false);
    await expect(namesIn(path)).rejects.toMatchObject({ message: "the archive is refused: 'a.jpg' is a link" });
  });

  it('as a symbolic link of a zip does not get in', async () => {
    const path = await zipFile([{ name: 'a.jpg', bytes: Buffer.from('/etc/passwd'), mode: 0o120777 }]);
    await expect(namesIn(path)).rejects.toMatchObject({ message: "the archive is refused: 'a.jpg' is a link" });
  });
});

describe('a zip that lies about the size of a file', () => {
  it('is refused', async () => {
    const path = await zipFile([{ name: 'a.png', bytes: Buffer.alloc(2 ** 20), claimed: 10 }]);
    await expect(namesIn(path)).rejects.toMatchObject({ code: 'BAD_ARCHIVE' });
  });
});

describe('kindOf', () => {
  const KINDS: [string, string, string][] = [
    ['a JPEG', 'ffd8ffe000104a46', 'image'],
    ['a zip', '504b030414000000', 'zip'],
    ['gzip', '1f8b0800', 'gzip'],
    ['MP4', '000000206674797069736f6d', 'video'],
    ['QuickTime', '00000014667479707174202000', 'video'],
    ['AVIF', '0000002066747970617669660000', 'image'],
    ['HEIC', '0000002066747970686569630000', 'image'],
    ['WebM', '1a45dfa301000000', 'video'],
    ['WebP', '52494646100000005745425056503820', 'image'],
    ['AVI', '524946461000000041564920', 'video'],
    ['nothing', '', 'image'],
    ['text', '68656c6c6f', 'image'],
  ];
  it.each(KINDS)('takes %s for what it is', (_name, hex, kind) => {
    expect(kindOf(Buffer.from(hex, 'hex'))).toBe(kind);
  });
});

/** Bytes that do not shrink. */
function randomBytes(length: number, seed: number): Buffer {
  let state = seed;
  return Buffer.from(
    Array.from({ length }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state >>> 24;
    }),
  );
}
