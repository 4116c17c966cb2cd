import { readdir, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { glob, isDynamicPattern } from 'tinyglobby';
import type { Context } from './context.ts';
import { CliError } from './errors.ts';
import { isAddress, kindByName, type MediaKind } from './media.ts';

/** What `-` stands for. */
export const STANDARD_INPUT = '-';

/**
 * One picture or video to read, or an argument that leads to none. `path` is as the user would write it; `kind` is known
 * beforehand of a folder that is a video.
 */
export type Input = { path: string; kind?: MediaKind; error?: never } | { path: string; kind?: never; error: CliError };

/** What folders are searched for. A file that is named itself may be called as it likes. */
export interface FolderSearch {
  kinds: readonly MediaKind[];
  /** Whether a folder is itself one video, whose frames are the pictures in it. */
  frames?: boolean;
}

interface Search extends FolderSearch {
  /** Whether in the folders of folders too. */
  recursive: boolean;
}

/**
 * The pictures that the arguments of a command mean, in their order: a file is itself, a folder its pictures by name
 * (those of its folders too if `recursive`), `-` standard input, an address itself, and what is no file may be a pattern
 * such as `photos/*.jpg`. Whether a file can be read is found out by who reads it.
 */
export async function findInputs(
  paths: readonly string[],
  recursive: boolean,
  folders: FolderSearch = { kinds: ['picture'] },
): Promise<Input[]> {
  const found = await Promise.all(paths.map((path) => findInput(path, { recursive, ...folders })));
  return found.flat();
}

/** What the library takes for a picture: the path, or of standard input all that comes. @throws CliError `NO_INPUT` */
export async function readInput(path: string, { stdin }: Context): Promise<string | Uint8Array> {
  if (path !== STANDARD_INPUT) return path;
  if ('isTTY' in stdin && stdin.isTTY === true) {
    throw new CliError('NO_INPUT', 'standard input is a terminal', 'pipe a picture into it');
  }
  return buffer(stdin);
}

async function findInput(path: string, search: Search): Promise<Input[]> {
  if (path === STANDARD_INPUT || isAddress(path)) return [{ path }];
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) return search.frames ? [{ path, kind: 'video' }] : findInFolder(path, search);
  return found === undefined && isDynamicPattern(path) ? findByPattern(path) : [{ path }];
}

async function findInFolder(folder: string, { recursive, kinds }: Search): Promise<Input[]> {
  const isWanted = (name: string): boolean => kinds.some((kind) => kind === kindByName(name));
  const names = (await readdir(folder, { recursive })).filter(isWanted).sort(byName);
  if (names.length > 0) return names.map((name) => ({ path: join(folder, name) }));
  const hint = recursive
    ? `name a folder with ${kinds.includes('video') ? 'pictures or videos' : 'JPEG, PNG, WebP, AVIF, GIF, TIFF or HEIC files'}`
    : 'add --recursive to look deeper';
  return [missing(folder, `no ${kinds.join(' or ')} in the folder '${folder}'`, hint)];
}

async function findByPattern(pattern: string): Promise<Input[]> {
  const paths = (await glob(pattern, { absolute: isAbsolute(pattern), expandDirectories: false })).sort(byName);
  if (paths.length > 0) return paths.map((path) => ({ path }));
  return [missing(pattern, `no file matches '${pattern}'`, 'check the pattern')];
}

function missing(path: string, what: string, hint: string): Input {
  return { path, error: new CliError('NO_INPUT', what, hint) };
}

/** img2 before img10, whatever the system's language. */
function byName(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
