import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';

/**
 * Writes a file piece by piece beside its place and renames it, so that it is there whole or not at all.
 * @throws whatever the file system throws
 */
export async function writeWhole(path: string, pieces: readonly Uint8Array[]): Promise<void> {
  const beside = `${path}.${randomUUID()}.tmp`;
  const file = await open(beside, 'wx');
  try {
    for (const piece of pieces) await file.writev([piece]);
    await file.sync();
    await file.close();
    await rename(beside, path);
  } catch (error) {
    await file.close();
    await rm(beside, { force: true });
    throw error;
  }
}

/** Whether a file is one that {@link writeWhole} was writing when its process ended. */
export function isUnfinished(name: string): boolean {
  return /\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/.test(name);
}
