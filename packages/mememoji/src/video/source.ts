import { type FileHandle, open, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { MememojiError } from '../error.ts';
import { fileError } from '../file-error.ts';

/** Something that ffmpeg can open again and again, and jump around in. */
export interface Input {
  /** As the user named it, for messages. */
  name: string;
  /** Arguments of ffmpeg and ffprobe that stand before and with `-i`. */
  args: readonly string[];
}

/** Microseconds after which a server that sends nothing is given up. */
const NETWORK_TIMEOUT = 30_000_000;

/** What a video may lead to, as a playlist does: a file only to files, a page of the web only to the web. */
const FILE_PROTOCOLS = 'file';
const WEB_PROTOCOLS = 'http,https,tls,tcp,crypto';

/** Standard input leads nowhere. */
export const PIPE_INPUT: Input = { name: 'the video', args: ['-protocol_whitelist', 'pipe', '-i', 'pipe:0'] };

const SCHEME = /^([a-z][a-z0-9+.-]+):\/\//i;

export function urlInput(url: string): Input | undefined {
  const scheme = SCHEME.exec(url)?.[1]?.toLowerCase();
  if (scheme === undefined) return undefined;
  if (scheme !== 'http' && scheme !== 'https') {
    throw new MememojiError('BAD_OPTION', `${url} is not read`, 'of addresses, http and https are; or pass a path');
  }
  const args = ['-rw_timeout', String(NETWORK_TIMEOUT), '-protocol_whitelist', WEB_PROTOCOLS, '-i', url];
  return { name: url, args };
}

/** @throws MememojiError FILE_NOT_FOUND, NOT_A_FILE, UNREADABLE_FILE, EMPTY_FILE */
export async function fileInput(path: string): Promise<Input> {
  const bytes = await checkReadable(path);
  if (bytes === 0) throw new MememojiError('EMPTY_FILE', `${path} is empty`, 'it has no bytes at all');
  return { name: path, args: ['-protocol_whitelist', FILE_PROTOCOLS, '-i', `file:${resolve(path)}`] };
}

export async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
}

async function checkReadable(path: string): Promise<number> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    const entry = await file.stat();
    if (!entry.isFile()) throw new MememojiError('NOT_A_FILE', `${path} is not a file`, 'pass the path of a video');
    return entry.size;
  } catch (cause) {
    if (cause instanceof MememojiError) throw cause;
    throw fileError(cause, path);
  } finally {
    await file?.close();
  }
}
