import { constants } from 'node:fs';
import { copyFile, type FileHandle, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { TrackerState } from '@mememoji/vision/tracker';
import * as z from 'zod';
import type { Position, VideoState } from './analysis/analyze-media.ts';
import { CliError } from './errors.ts';
import { refuseOutput } from './whole-files.ts';

/** What shapes an output, by the names of the options; a run that goes on with it must agree. */
export type Settings = Record<string, string | number | boolean | null>;

/** What lies beside an output that is not whole yet. */
const savedSchema = z.object({
  format: z.literal(1),
  settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  /** All inputs of the run, in their order. */
  inputs: z.array(z.string()),
  /** Bytes of the output that belong to `position`; what lies beyond them was written later and is done again. */
  bytes: z.int().nonnegative(),
  position: z.object({
    done: z.int().nonnegative(),
    video: z
      .object({
        at: z.object({ frame: z.int(), timestamp: z.number() }),
        tracker: z.custom<TrackerState>((value) => typeof value === 'object' && value !== null && 'tracks' in value),
      })
      .optional(),
  }),
});
type Saved = z.infer<typeof savedSchema>;

/** Where an output that was begun earlier stands. */
export interface Begun {
  /** Inputs that need not be done again. */
  done: string[];
  /** The video in the midst of which it was stopped. */
  video?: VideoState & { path: string };
}

/**
 * A text file that grows line by line, and that another run can continue after a crash: while it grows it is called
 * `FILE.part`, and `FILE.resume.json` says how far it can be trusted. It gets its name when it is whole.
 */
export class ResumableFile {
  readonly #file: string;
  readonly #handle: FileHandle;
  readonly #settings: Settings;
  #inputs: readonly string[] = [];
  #offset = 0;
  #bytes: number;
  #mark: Pick<Saved, 'bytes' | 'position'> | undefined;

  private constructor(file: string, handle: FileHandle, settings: Settings, bytes: number) {
    this.#file = file;
    this.#handle = handle;
    this.#settings = settings;
    this.#bytes = bytes;
  }

  /** Begins anew; what an earlier run left unfinished is gone. @throws CliError `BAD_OUTPUT` */
  static async begin(file: string, settings: Settings): Promise<ResumableFile> {
    await checkPlace(file);
    await rm(stateOf(file), { force: true });
    const handle = await open(partOf(file), 'w').catch((cause: unknown) => refuseOutput(file, cause));
    return new ResumableFile(file, handle, settings, 0);
  }

  /**
   * Goes on with what an earlier run left, finished or not; begins where there is nothing.
   * @param readDone the inputs that a finished file tells of
   * @throws CliError `BAD_RESUME` if that run had other settings, `BAD_OUTPUT`
   */
  static async resume(
    file: string,
    settings: Settings,
    readDone: (file: string) => Promise<string[]>,
  ): Promise<{ output: ResumableFile; begun: Begun }> {
    const saved = await readSaved(file);
    if (saved !== undefined) return reopen(file, settings, saved, (...parts) => new ResumableFile(...parts));
    if (!(await exists(file))) return { output: await ResumableFile.begin(file, settings), begun: { done: [] } };
    await checkPlace(file);
    const done = await readDone(file);
    await copyFile(file, partOf(file), constants.COPYFILE_FICLONE);
    const handle = await open(partOf(file), 'a').catch((cause: unknown) => refuseOutput(file, cause));
    return { output: new ResumableFile(file, handle, settings, (await handle.stat()).size), begun: { done } };
  }

  /** @param done those that an earlier run has done @param inputs those that come now */
  plan(done: readonly string[], inputs: readonly string[]): void {
    this.#inputs = [...done, ...inputs];
    this.#offset = done.length;
  }

  /** Where it lies while it grows. */
  get path(): string {
    return partOf(this.#file);
  }

  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  async write(text: string): Promise<void> {
    const bytes = Buffer.from(text);
    await this.#handle.appendFile(bytes).catch((cause: unknown) => refuseOutput(this.#file, cause));
    this.#bytes += bytes.length;
  }

  /** All that was written belongs to this position, counted from the inputs that come now. */
  mark({ done, video }: Position): void {
    this.#mark = { bytes: this.#bytes, position: { done: this.#offset + done, ...(video && { video }) } };
  }

  /** Notes the last mark, so that a later run goes on from there. */
  async save(): Promise<void> {
    if (this.#mark === undefined) return;
    await this.#handle.datasync();
    const saved: Saved = { format: 1, settings: this.#settings, inputs: [...this.#inputs], ...this.#mark };
    const beside = `${stateOf(this.#file)}.tmp`;
    const handle = await open(beside, 'w').catch((cause: unknown) => refuseOutput(this.#file, cause));
    try {
      await handle.writeFile(JSON.stringify(saved));
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await rename(beside, stateOf(this.#file));
    this.#mark = undefined;
  }

  /** Gives the file its name. */
  async finish(): Promise<void> {
    await this.#handle.datasync();
    await this.#handle.close();
    await rename(partOf(this.#file), this.#file).catch((cause: unknown) => refuseOutput(this.#file, cause));
    await rm(stateOf(this.#file), { force: true });
  }

  /** Leaves it to a later run. */
  async close(): Promise<void> {
    await this.#handle.close();
  }
}

type Create = (file: string, handle: FileHandle, settings: Settings, bytes: number) => ResumableFile;

async function reopen(
  file: string,
  settings: Settings,
  { settings: earlier, inputs, bytes, position }: Saved,
  create: Create,
): Promise<{ output: ResumableFile; begun: Begun }> {
  checkSettings(file, earlier, settings);
  const handle = await open(partOf(file), 'a').catch((cause: unknown) => refuseOutput(file, cause));
  if ((await handle.stat()).size < bytes) {
    await handle.close();
    throw new CliError(
      'BAD_RESUME',
      `'${basename(partOf(file))}' is shorter than it was`,
      'begin anew without --resume',
    );
  }
  await handle.truncate(bytes);
  const { done, video } = position;
  const path = inputs[done] ?? '';
  const begun: Begun = { done: inputs.slice(0, done), ...(video && { video: { ...video, path } }) };
  return { output: create(file, handle, settings, bytes), begun };
}

function checkSettings(file: string, earlier: Settings, now: Settings): void {
  const names = [...new Set([...Object.keys(earlier), ...Object.keys(now)])];
  const other = names.filter((name) => !isDeepStrictEqual(earlier[name] ?? null, now[name] ?? null));
  if (other.length === 0) return;
  const told = other.map((name) => `${name} ${earlier[name] ?? 'not given'}`).join(', ');
  const hint = 'give the same options again, or begin anew without --resume';
  throw new CliError('BAD_RESUME', `'${file}' was begun with other options (${told})`, hint);
}

/** Undefined where no unfinished output lies. */
async function readSaved(file: string): Promise<Saved | undefined> {
  if (!(await exists(partOf(file)))) return undefined;
  const text = await readFile(stateOf(file), 'utf8').catch((error: NodeJS.ErrnoException) => {
    return error.code === 'ENOENT' ? undefined : refuseOutput(file, error);
  });
  if (text === undefined) return undefined; // it ended before anything was noted
  const { data, error } = savedSchema.safeParse(parseJson(text));
  if (data !== undefined) return data;
  const hint = 'begin anew without --resume';
  throw new CliError('BAD_RESUME', `'${stateOf(file)}' is not what this program writes`, hint, { cause: error });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function checkPlace(file: string): Promise<void> {
  await mkdir(dirname(resolve(file)), { recursive: true }).catch((cause: unknown) => refuseOutput(file, cause));
  const found = await stat(file).catch(() => undefined);
  if (found?.isDirectory()) refuseOutput(file, Object.assign(new Error('EISDIR'), { code: 'EISDIR' }));
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

function partOf(file: string): string {
  return `${file}.part`;
}

function stateOf(file: string): string {
  return `${file}.resume.json`;
}
