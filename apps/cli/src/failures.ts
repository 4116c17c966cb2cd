import type { FailedEntry } from './entry.ts';
import { CliError, describe } from './errors.ts';
import { STANDARD_INPUT } from './inputs.ts';

/** What to tell of a failure; it names the picture. */
export function faultOf({ path, error }: FailedEntry): FailedEntry['error'] {
  if (path !== STANDARD_INPUT && error.message.includes(path)) return error;
  const name = path === STANDARD_INPUT ? 'standard input' : path;
  return { ...error, message: `${name}: ${error.message}` };
}

/**
 * Of a single picture the fault itself is told, of many how many have failed.
 * @param noun what they are
 * @throws CliError `SOME_FAILED`
 */
export function conclude(failed: readonly FailedEntry[], total: number, noun = 'pictures'): void {
  const [first] = failed;
  if (first === undefined) return;
  if (total === 1) {
    const { message, hint } = faultOf(first);
    throw new CliError('SOME_FAILED', message, hint);
  }
  throw new CliError('SOME_FAILED', `${failed.length} of ${total} ${noun} could not be read`);
}

/**
 * The same, and before it of many the fault of each.
 * @throws CliError `SOME_FAILED`
 */
export function listFailures(failed: readonly FailedEntry[], total: number, log: (line: string) => void): void {
  if (total > 1) for (const entry of failed) log(`mememoji: ${describe(faultOf(entry))}`);
  conclude(failed, total, 'files');
}
