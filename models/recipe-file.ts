import { existsSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../examples/recipes');

/** Name in examples/recipes of the recipe that trained a version of a model: with the version in it where a newer one has the plain name. */
export function recipeFile(name: string, version: string): string {
  const own = `${name}-${version}.json`;
  return existsSync(join(FOLDER, own)) ? own : `${name}.json`;
}
