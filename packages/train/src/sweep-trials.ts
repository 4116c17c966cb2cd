import { TrainError } from './error.ts';
import { Random } from './random.ts';
import { parseRecipe, type Recipe } from './recipe.ts';
import type { Distribution, Sweep } from './sweep-file.ts';

const SWEEP_STREAM = 6;

/** What a trial changes in the recipe: values by entry, such as `model.dropout`. */
export type Changes = Readonly<Record<string, unknown>>;

/** One training of a sweep. */
export interface Trial {
  /** `001` and so on, in the order of the sweep. */
  id: string;
  changes: Changes;
  /** The recipe with the changes, or why there is none. */
  recipe: Recipe | TrainError;
}

/**
 * All trials of a sweep. A combination that makes no recipe is a trial too, one that fails.
 * @throws TrainError `BAD_SWEEP` if no combination makes a recipe: then an entry is misspelt, or the base is wrong
 */
export function expandTrials(sweep: Sweep): Trial[] {
  const combinations = sweep.grid === undefined ? draw(sweep) : combine(sweep.grid);
  const base = completeBase(sweep);
  const digits = Math.max(3, String(combinations.length).length);
  const trials = combinations.map((changes, i): Trial => {
    const id = String(i + 1).padStart(digits, '0');
    return {
      id,
      changes,
      recipe: tryRecipe({ ...changed(base, changes), name: `${sweep.name}-${id}` }, `trial ${id}`),
    };
  });
  const [first] = trials.map(({ recipe }) => recipe);
  if (first instanceof TrainError && trials.every(({ recipe }) => recipe instanceof TrainError)) {
    throw new TrainError('BAD_SWEEP', first.message, 'no combination makes a recipe');
  }
  return trials;
}

/** Every combination of the values, the last entry changing first. */
function combine(grid: Readonly<Record<string, readonly unknown[]>>): Changes[] {
  return Object.entries(grid).reduce<Changes[]>(
    (combinations, [entry, values]) =>
      combinations.flatMap((before) => values.map((value) => ({ ...before, [entry]: value }))),
    [{}],
  );
}

/** Draws depend on the seed and the number of the trial alone. */
function draw({ random }: Sweep): Changes[] {
  const { count = 0, seed = 0, space = {} } = random ?? {};
  return Array.from({ length: count }, (_, trial) => {
    const source = new Random(seed, trial, 0, SWEEP_STREAM);
    return Object.fromEntries(Object.entries(space).map(([entry, each]) => [entry, drawFrom(each, source)]));
  });
}

function drawFrom(distribution: Distribution, random: Random): unknown {
  if ('choice' in distribution) return distribution.choice[random.int(distribution.choice.length)];
  if ('integer' in distribution) {
    const [low, high] = distribution.integer;
    return low + random.int(high - low + 1);
  }
  if ('uniform' in distribution) return rounded(random.uniform(...distribution.uniform), distribution.uniform);
  const [low, high] = distribution.log;
  return rounded(Math.exp(random.uniform(Math.log(low), Math.log(high))), distribution.log);
}

/** Four digits say enough, and can be read. */
function rounded(value: number, [low, high]: readonly [number, number]): number {
  return Math.min(high, Math.max(low, Number(value.toPrecision(4))));
}

/** The base with its defaults, so that each can be changed; as it is where it is a recipe by the changes only. */
function completeBase({ base, epochs }: Sweep): Record<string, unknown> {
  const value = { ...base, ...(epochs !== undefined && { epochs }) };
  const recipe = tryRecipe(value, 'base');
  return recipe instanceof TrainError ? value : { ...recipe };
}

function tryRecipe(value: Record<string, unknown>, source: string): Recipe | TrainError {
  try {
    return parseRecipe(value, source);
  } catch (error) {
    if (error instanceof TrainError) return error;
    throw error;
  }
}

function changed(base: Readonly<Record<string, unknown>>, changes: Changes): Record<string, unknown> {
  const value = structuredClone(base);
  for (const [entry, change] of Object.entries(changes)) setEntry(value, entry.split('.'), structuredClone(change));
  return value;
}

/** Sets an entry deep in a value; objects on the way are made. Whether it makes sense is for the recipe's schema to say. */
function setEntry(value: Record<string, unknown>, [first = '', ...rest]: readonly string[], change: unknown): void {
  if (rest.length === 0) {
    value[first] = change;
    return;
  }
  if (!isObject(value[first])) value[first] = {};
  const inner = value[first];
  if (isObject(inner)) setEntry(inner, rest, change);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
