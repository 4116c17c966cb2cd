import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Makes a folder of private pictures and records, with those above it, unless it is there. A new one keeps itself out of git: who
 * starts a server inside a repository would otherwise publish faces with the next `git add`.
 */
export async function makePrivateFolder(folder: string): Promise<void> {
  const made = await mkdir(folder, { recursive: true });
  if (made !== undefined) await writeFile(join(folder, '.gitignore'), '# Private pictures and records.\n*\n');
}
