import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, rename, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { CliError, describeSystemError } from './errors.ts';

/** The content of a file, one after the other; text is written as UTF-8. */
export type Pieces = AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>;

/**
 * Writes a file beside its place and renames it, so that it is there whole or not at all, also after Ctrl-C.
 * @throws CliError `BAD_OUTPUT`; whatever `pieces` throws
 */
export async function writeFileWhole(file: string, pieces: Pieces): Promise<void> {
  if (await isDevice(file)) return writePieces(file, pieces, file);
  return putInPlace(file, async (folder) => {
    const beside = join(folder, basename(file));
    await writePieces(beside, pieces, file);
    await rename(beside, file).catch((cause: unknown) => refuseOutput(file, cause));
  });
}

/** Such as /dev/null or a named pipe, which a file must not replace. */
export async function isDevice(file: string): Promise<boolean> {
  const kind = await stat(file).catch(() => undefined);
  return kind !== undefined && !kind.isFile() && !kind.isDirectory();
}

/** @param name for messages */
async function writePieces(file: string, pieces: Pieces, name: string): Promise<void> {
  const handle = await open(file, 'w').catch((cause: unknown) => refuseOutput(name, cause));
  try {
    for await (const piece of pieces)
      await handle.appendFile(piece).catch((cause: unknown) => refuseOutput(name, cause));
  } finally {
    await handle.close();
  }
}

/**
 * Makes a folder with what `fill` puts into it; it appears only when it is whole.
 * @throws CliError `BAD_OUTPUT` if it is there already and not empty, or cannot be made; whatever `fill` throws
 */
export async function writeFolderWhole<T>(path: string, fill: (folder: string) => Promise<T>): Promise<T> {
  await clearPlace(path);
  return putInPlace(path, async (folder) => {
    const beside = join(folder, basename(resolve(path)));
    await mkdir(beside).catch((cause: unknown) => refuseOutput(path, cause));
    const result = await fill(beside);
    await rename(beside, path).catch((cause: unknown) => refuseOutput(path, cause));
    return result;
  });
}

/** Works in a temporary folder on the same disk, which is gone afterwards whatever happens. */
async function putInPlace<T>(path: string, work: (folder: string) => Promise<T>): Promise<T> {
  const parent = dirname(resolve(path));
  await mkdir(parent, { recursive: true }).catch((cause: unknown) => refuseOutput(path, cause));
  const folder = await mkdtemp(join(parent, '.mememoji-')).catch((cause: unknown) => refuseOutput(path, cause));
  const discard = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', discard);
  try {
    return await work(folder);
  } finally {
    discard();
    process.off('exit', discard);
  }
}

/** An empty folder makes way; anything else that is there stays, and is told of. */
async function clearPlace(path: string): Promise<void> {
  const names = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    return error.code === 'ENOENT' ? undefined : refuseOutput(path, error);
  });
  if (names === undefined) return;
  if (names.length > 0) {
    throw new CliError('BAD_OUTPUT', `the folder '${path}' is not empty`, 'choose another --output, or empty it');
  }
  await rmdir(path).catch((cause: unknown) => refuseOutput(path, cause));
}

/** @throws CliError `BAD_OUTPUT` that says why a place cannot be written to */
export function refuseOutput(path: string, cause: unknown): never {
  const why = describeSystemError(cause) ?? String(cause);
  throw new CliError('BAD_OUTPUT', `cannot write '${path}': ${why.replace(/^.*: /, '')}`, 'choose another place', {
    cause,
  });
}
