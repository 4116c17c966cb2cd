import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { ServerError } from '../error.ts';
import { makePrivateFolder } from './private-folder.ts';

/** Held while a process works in a folder. */
export interface FolderLock {
  release(): Promise<void>;
}

/**
 * Makes a folder this process's own: two processes that write into one PGlite folder destroy it. On Linux the lock is an
 * abstract socket named after the folder, which the kernel frees when the process ends, however it ends. Windows has the
 * same with a named pipe. On other systems there is no lock, and the operator must see to it (docs/deploy.md).
 * Containers with network namespaces of their own do not see each other's locks.
 * @throws ServerError `STORE_LOCKED`, `BAD_STORE` if the folder cannot be made
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const name = lockName(await makeFolder(folder));
  if (name === undefined) return { release: async () => {} };
  const server = createServer((socket) => socket.destroy());
  try {
    await listen(server, name);
  } catch (cause) {
    const hint = 'stop the other one, or give each its own folder; with PostgreSQL they can share a store';
    throw new ServerError('STORE_LOCKED', `another process works in the folder ${folder}`, hint, { cause });
  }
  server.unref();
  return { release: () => new Promise((resolve) => server.close(() => resolve())) };
}

/** @returns its one true path, whatever links led there */
async function makeFolder(folder: string): Promise<string> {
  try {
    await makePrivateFolder(folder);
    return await realpath(folder);
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? cause.code : String(cause);
    throw new ServerError('BAD_STORE', `the folder ${folder} cannot be made (${reason})`, 'name another', { cause });
  }
}

function lockName(folder: string): string | undefined {
  const hash = createHash('sha256').update(folder).digest('hex').slice(0, 32);
  if (process.platform === 'linux') return `\0mememoji-${hash}`;
  return process.platform === 'win32' ? `\\\\.\\pipe\\mememoji-${hash}` : undefined;
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path }, () => resolve());
  });
}
