import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ServerError } from '../error.ts';
import { makePrivateFolder } from './private-folder.ts';

/** Where images lie. A key is `ab/abcdef....jpg`: lower-case letters, digits, hyphens, dots and slashes, made by this program. */
export interface ImageFiles {
  /** Stores a file, or replaces it. When the promise is kept, the file outlives a crash. */
  write(key: string, content: Uint8Array): Promise<void>;
  /** The content, or undefined if there is no such file. */
  read(key: string): Promise<Uint8Array | undefined>;
  /** Removes a file; one that is not there is removed already. */
  remove(key: string): Promise<void>;
  close(): Promise<void>;
}

/** The key under which the image of a prediction lies. @param id UUID */
export function imageKey(id: string): string {
  return `${id.slice(0, 2)}/${id}.jpg`;
}

/** Images in a folder on this machine, spread over 256 folders so that none grows too long. */
export function openImageFolder(folder: string): ImageFiles {
  return {
    write: async (key, content) => {
      const path = pathOf(folder, key);
      await makePrivateFolder(folder);
      await writeDurably(path, content);
    },
    read: async (key) => readIfThere(pathOf(folder, key)),
    remove: (key) => rm(pathOf(folder, key), { force: true }),
    close: async () => {},
  };
}

/** No key comes from a user; that one leads out of the folder is refused all the same. */
function pathOf(folder: string, key: string): string {
  if (!/^[a-z0-9-]+(\/[a-z0-9-]+)*\.[a-z0-9]+$/.test(key)) {
    throw new ServerError('BAD_REQUEST', `'${key}' is no key of a file`);
  }
  return join(folder, key);
}

async function writeDurably(path: string, content: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const beside = `${path}.${randomUUID()}.tmp`;
  const file = await open(beside, 'wx');
  try {
    await file.writeFile(content);
    await file.sync();
    await file.close();
    await rename(beside, path);
  } catch (error) {
    await file.close();
    await rm(beside, { force: true });
    throw error;
  }
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
