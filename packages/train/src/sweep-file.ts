import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { TrainError } from './error.ts';

/** An entry of a recipe, such as `model.widths`. */
const entry = z.string().regex(/^[a-z][a-z0-9]*(\.[a-z0-9]+)*$/i);
const range = z.tuple([z.number(), z.number()]).refine(([low, high]) => low < high, 'it must be [low, high]');

const distribution = z.union(
  [
    /** Even between two numbers. */
    z.strictObject({ uniform: range }),
    /** Its logarithm even between two numbers above 0. */
    z.strictObject({ log: range.refine(([low]) => low > 0, 'it must lie above 0') }),
    /** A whole number, both ends included. */
    z.strictObject({ integer: range.refine((ends) => ends.every(Number.isInteger), 'it must be whole numbers') }),
    z.strictObject({ choice: z.array(z.json()).min(1) }),
  ],
  { error: 'it must be one of uniform [low, high], log [low, high], integer [low, high] and choice [...]' },
);

export type Distribution = z.infer<typeof distribution>;

const sweepSchema = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9._-]*$/i),
    description: z.string().default(''),
    /** The recipe that every trial changes, or the path of its file, from the sweep's own folder. */
    base: z.union([z.string(), z.record(z.string(), z.json())], { error: 'it must be a recipe or the path of one' }),
    /** Instead of the recipe's. */
    epochs: z.int().min(1).optional(),
    /** Every combination of these values, the last entry changing first. */
    grid: z.record(entry, z.array(z.json()).min(1)).optional(),
    /** So many draws. A larger count adds trials and leaves the others as they are. */
    random: z
      .strictObject({ count: z.int().min(1), seed: z.int().min(0).default(1), space: z.record(entry, distribution) })
      .optional(),
    /** Stop hopeless trials early, see `rungs`; without it every trial goes to its end. */
    halving: z.strictObject({ firstEpochs: z.int().min(1), factor: z.number().min(1.5).default(3) }).optional(),
  })
  .refine(({ grid, random }) => (grid === undefined) !== (random === undefined), 'it must have one of grid and random');

/** What to try: a recipe and what to change in it. */
export type Sweep = Omit<z.infer<typeof sweepSchema>, 'base'> & {
  /** Defaults are not filled in. */
  base: Record<string, unknown>;
};

/**
 * Reads a sweep file and the recipe that it changes.
 * @throws TrainError `FILE_NOT_FOUND`, `UNREADABLE_FILE`, `BAD_SWEEP` naming the first wrong entry
 */
export async function readSweep(path: string): Promise<Sweep> {
  const { base, ...sweep } = parseSweepFile(await readJson(path), path);
  if (typeof base !== 'string') return { ...sweep, base };
  const recipe = resolve(dirname(path), base);
  const value = z.record(z.string(), z.json()).safeParse(await readJson(recipe));
  if (value.success) return { ...sweep, base: value.data };
  throw new TrainError('BAD_SWEEP', `${path}: base: ${recipe} is no recipe`);
}

/** The same from a value whose base is not a path. @throws TrainError `BAD_SWEEP` */
export function parseSweep(value: unknown, source = 'the sweep'): Sweep {
  const { base, ...sweep } = parseSweepFile(value, source);
  if (typeof base !== 'string') return { ...sweep, base };
  throw new TrainError('BAD_SWEEP', `${source}: base: a path has no meaning here`, 'pass the recipe itself');
}

function parseSweepFile(value: unknown, source: string): z.infer<typeof sweepSchema> {
  const result = sweepSchema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new TrainError('BAD_SWEEP', `${source}: ${issue?.path.join('.') || 'sweep'}: ${issue?.message}`);
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw new TrainError('UNREADABLE_FILE', `cannot read ${path}`, undefined, { cause });
    throw new TrainError('FILE_NOT_FOUND', `there is no file ${path}`, 'check the path', { cause });
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TrainError('BAD_SWEEP', `${path} is not JSON`, undefined, { cause });
  }
}
