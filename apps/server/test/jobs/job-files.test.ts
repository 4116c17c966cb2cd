import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type JobFiles, openBucket, openJobFiles } from '../../src/jobs/job-files.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { type Bucket, startBucket } from './bucket.ts';

async function bucket(): Promise<Bucket> {
  const started = await startBucket();
  onTestFinished(started.close);
  return started;
}

const KEYS = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' };

const PLACES: [string, () => Promise<JobFiles>][] = [
  ['a folder', async () => openJobFiles(join(temporaryFolder(), 'files'), {})],
  ['a bucket', async () => openJobFiles('s3://pictures/of/jobs', { ...KEYS, AWS_ENDPOINT_URL: (await bucket()).url })],
];

describe.each(PLACES)('files in %s', (_place, open) => {
  it('are kept, replaced and removed', async () => {
    const files = await open();
    expect(await files.read('jobs/a/0.bin')).toBeUndefined();
    await files.write('jobs/a/0.bin', Uint8Array.of(1, 2, 3));
    await files.write('jobs/a/0.bin', Uint8Array.of(4, 5));
    expect([...(await files.read('jobs/a/0.bin'))!]).toEqual([4, 5]);
    await files.remove('jobs/a/0.bin');
    await files.remove('jobs/a/0.bin');
    expect(await files.read('jobs/a/0.bin')).toBeUndefined();
  });

  it('go from file to file', async () => {
    const [files, folder] = [await open(), temporaryFolder()];
    const content = Buffer.alloc(300_000, 'video ');
    await writeFile(join(folder, 'in'), content);
    await files.writeFrom('jobs/a/1.bin', join(folder, 'in'));
    expect(await files.readTo('jobs/a/1.bin', join(folder, 'out'))).toBe(true);
    expect((await readFile(join(folder, 'out'))).equals(content)).toBe(true);
    expect(await files.readTo('jobs/a/2.bin', join(folder, 'none'))).toBe(false);
  });

  it.each(['../a.bin', '/a.bin', 'a/../b.bin', 'A.bin', 'a'])('have no key %s', async (key) => {
    const files = await open();
    await expect(files.write(key, Uint8Array.of(1))).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await expect(files.readTo(key, '/dev/null')).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  });
});

describe('a bucket', () => {
  it('is addressed by path, below the prefix, with signed requests of known length', async () => {
    const { url, objects, faults } = await bucket();
    const files = openJobFiles('s3://pictures/of/jobs/', { ...KEYS, AWS_ENDPOINT_URL: `${url}/` });
    await files.write('jobs/a/0.bin', Uint8Array.of(7));
    expect([...objects.keys()]).toEqual(['/pictures/of/jobs/jobs/a/0.bin']);
    expect(faults).toEqual([]);
  });

  it('that refuses is told of with its reason', async () => {
    const { url } = await bucket();
    const options = { bucket: 'b', prefix: '', region: 'r', accessKeyId: 'other', secretAccessKey: 'x' };
    const denied = openBucket({ endpoint: url, ...options });
    await expect(denied.write('a.bin', Uint8Array.of(1))).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      message: 'PUT a.bin was answered with 403 AccessDenied',
    });
    const gone = openBucket({ endpoint: 'http://127.0.0.1:1', ...options });
    await expect(gone.read('a.bin')).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
  });

  it('needs a name and keys', () => {
    expect(() => openJobFiles('s3://', KEYS)).toThrow(expect.objectContaining({ code: 'BAD_CONFIG' }));
    expect(() => openJobFiles('s3://b', {})).toThrow(expect.objectContaining({ code: 'BAD_CONFIG' }));
  });
});
