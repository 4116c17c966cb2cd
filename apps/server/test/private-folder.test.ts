import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openJobFolder } from '../src/jobs/job-files.ts';
import { lockFolder } from '../src/store/folder-lock.ts';
import { openImageFolder } from '../src/store/image-files.ts';
import { temporaryFolder } from './temporary-folder.ts';

const ignored = (folder: string): boolean => readFileSync(join(folder, '.gitignore'), 'utf8').split('\n').includes('*');

it('keeps a folder that the server makes out of git, and what it makes inside of it', async () => {
  const folder = join(temporaryFolder(), 'deep', 'mememoji-data');
  const lock = await lockFolder(folder);
  await lock.release();
  await openImageFolder(join(folder, 'images')).write('ab/face.jpg', new Uint8Array(1));
  expect([folder, join(folder, 'images')].map(ignored)).toEqual([true, true]);
  expect(existsSync(join(folder, '..', '.gitignore'))).toBe(false);
});

it('does so where images and jobs lie in folders and the records elsewhere', async () => {
  const parent = temporaryFolder();
  const files = openJobFolder(join(parent, 'jobs'));
  const writes = ['aa/one.jpg', 'bb/two.jpg'].map((key) => files.write(key, new Uint8Array(1)));
  await Promise.all(writes);
  await files.writeFrom('cc/three.bin', join(parent, 'jobs', 'aa', 'one.jpg'));
  expect(ignored(join(parent, 'jobs'))).toBe(true);
});

it('leaves a folder alone that was there', async () => {
  const folder = join(temporaryFolder(), 'shared');
  mkdirSync(folder);
  const lock = await lockFolder(folder);
  await lock.release();
  await openImageFolder(folder).write('ab/face.jpg', new Uint8Array(1));
  expect(existsSync(join(folder, '.gitignore'))).toBe(false);
});
