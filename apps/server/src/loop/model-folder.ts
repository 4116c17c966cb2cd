import { randomUUID } from 'node:crypto';
import { link, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { writeWhole } from '@mememoji/train/files';
import { type ClassifierSpec, parseClassifierSpec } from '@mememoji/vision/classifier-spec';
import { readOnnxMetadata } from '@mememoji/vision/onnx-metadata';
import { z } from 'zod';
import { ServerError } from '../error.ts';
import { POINTER, SHIPPED } from './models-place.ts';

/** A model that was installed beside the shipped one. */
export interface InstalledModel {
  /** `NAME-VERSION`, what `mememoji models use` takes. */
  name: string;
  /** Path of the ONNX file. */
  file: string;
  bytes: number;
  spec: ClassifierSpec;
}

/** `current` and what was current before it, the newest last; names of installed models, or `shipped`. */
const pointerSchema = z.object({ current: z.string(), before: z.array(z.string()) });

type Pointer = z.infer<typeof pointerSchema>;

/** How many steps `rollbackModel` can go back. */
const MOST_STEPS = 50;

/** All installed models, by name; none where there is no folder. @throws VisionError `BAD_METADATA` */
export async function listInstalled(folder: string): Promise<InstalledModel[]> {
  return Promise.all((await installedNames(folder)).map((name) => readInstalled(fileOf(folder, name))));
}

/** Their names alone, read off the files' names. */
export async function installedNames(folder: string): Promise<string[]> {
  const files = (await readdir(folder).catch(emptyIfMissing)).filter((name) => name.endsWith('.onnx'));
  const names = files.map((name) => basename(name, '.onnx'));
  return names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/** The file of an installed model, or undefined where none has that name. */
export async function installedFile(folder: string, name: string): Promise<string | undefined> {
  return (await installedNames(folder)).includes(name) ? fileOf(folder, name) : undefined;
}

/**
 * The model to use, or undefined for the shipped one.
 * @throws ServerError `BAD_MODELS_FOLDER` if the pointer is broken or points to a model that is gone; VisionError `BAD_METADATA`
 */
export async function currentModel(folder: string): Promise<InstalledModel | undefined> {
  const { current } = await readPointer(folder);
  if (current === SHIPPED) return undefined;
  return readInstalled(fileOf(folder, current)).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw cause;
    throw badFolder(folder, `the model '${current}', which is to be used, is not there`, cause);
  });
}

/** Name of the model to use, {@link SHIPPED} by default. @throws ServerError `BAD_MODELS_FOLDER` */
export async function currentName(folder: string): Promise<string> {
  return (await readPointer(folder)).current;
}

/**
 * Adds a model as the next version of `name` and uses it from now on. A server that watches the folder takes it.
 * @param bytes of an ONNX file that describes itself
 * @param name without a version, such as `mememoji-feedback`
 */
export async function installModel(folder: string, bytes: Uint8Array, name: string): Promise<InstalledModel> {
  const added = await addModel(folder, bytes, name);
  await pointTo(folder, added.name);
  return added;
}

/** Adds a model as the next version of `name`, by default its own, but does not use it. */
export async function addModel(
  folder: string,
  bytes: Uint8Array,
  name: string = plainName(parseClassifierSpec(readOnnxMetadata(bytes)).name),
): Promise<InstalledModel> {
  await mkdir(folder, { recursive: true });
  const versions = (await readdir(folder)).map((file) => versionOf(file, name));
  // Loaded where it is needed: whoever only reads faces does not load the training code.
  const { describeAnew } = await import('@mememoji/train/model-edit');
  for (let version = Math.max(0, ...versions) + 1; ; version++) {
    const file = fileOf(folder, `${name}-${version}`);
    const named = describeAnew(bytes, (spec) => ({ ...spec, name, version: String(version) }));
    if (await placeNew(file, named)) return readInstalled(file);
  }
}

/** As a file may be called. */
function plainName(name: string): string {
  return name.replace(/[^\w.-]+/g, '-').replace(/^[.-]+/, '') || 'model';
}

function versionOf(file: string, name: string): number {
  const version = file.startsWith(`${name}-`) ? Number(file.slice(name.length + 1, -'.onnx'.length)) : 0;
  return Number.isInteger(version) ? version : 0;
}

/** False if another process has taken the place meanwhile. */
async function placeNew(file: string, bytes: Uint8Array): Promise<boolean> {
  const beside = `${file}.${randomUUID()}.new`;
  await writeWhole(beside, [bytes]);
  try {
    await link(beside, file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(beside, { force: true });
  }
}

/**
 * Uses an installed model, or the shipped one, from now on.
 * @param name of an installed model, or `shipped`
 * @throws ServerError `UNKNOWN_MODEL`; VisionError `BAD_METADATA` if its file is damaged
 */
export async function useModel(folder: string, name: string): Promise<void> {
  const names = [...(await installedNames(folder)), SHIPPED];
  if (!names.includes(name)) {
    throw new ServerError('UNKNOWN_MODEL', `no model '${name}' is installed`, `use one of ${names.join(', ')}`);
  }
  if (name !== SHIPPED) await readInstalled(fileOf(folder, name));
  await pointTo(folder, name);
}

/**
 * Goes back to what was used before the last change.
 * @returns its name, `shipped` for the shipped model
 * @throws ServerError `UNKNOWN_MODEL` if there is no step to take back
 */
export async function rollbackModel(folder: string): Promise<string> {
  const { before } = await readPointer(folder);
  const previous = before.at(-1);
  if (previous === undefined) {
    throw new ServerError('UNKNOWN_MODEL', 'there is no earlier model to go back to', 'see `mememoji models list`');
  }
  await writePointer(folder, { current: previous, before: before.slice(0, -1) });
  return previous;
}

async function pointTo(folder: string, name: string): Promise<void> {
  const { current, before } = await readPointer(folder);
  if (current === name) return;
  await writePointer(folder, { current: name, before: [...before, current].slice(-MOST_STEPS) });
}

async function readPointer(folder: string): Promise<Pointer> {
  const text = await readFile(join(folder, POINTER), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (text === undefined) return { current: SHIPPED, before: [] };
  try {
    return pointerSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw badFolder(folder, `${POINTER} is damaged`, cause);
  }
}

async function writePointer(folder: string, pointer: Pointer): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeWhole(join(folder, POINTER), [Buffer.from(`${JSON.stringify(pointer, null, 2)}\n`)]);
}

async function readInstalled(file: string): Promise<InstalledModel> {
  const bytes = await readFile(file);
  const spec = parseClassifierSpec(readOnnxMetadata(bytes));
  return { name: basename(file, '.onnx'), file, bytes: bytes.length, spec };
}

/** No name of the pointer leads out of the folder. */
function fileOf(folder: string, name: string): string {
  return join(folder, `${basename(name)}.onnx`);
}

function emptyIfMissing(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}

function badFolder(folder: string, what: string, cause: unknown): ServerError {
  const hint = '`mememoji models use shipped` goes back to the shipped model';
  return new ServerError('BAD_MODELS_FOLDER', `${folder}: ${what}`, hint, { cause });
}
