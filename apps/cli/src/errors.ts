import { CommanderError } from 'commander';

export const EXIT_OK = 0;
export const EXIT_FAILURE = 1;
export const EXIT_WRONG_USE = 2;
export const EXIT_INTERRUPTED = 130;

export type CliErrorCode =
  | 'WRONG_USE'
  | 'NO_INPUT'
  | 'SOME_FAILED'
  | 'UNKNOWN_MODEL'
  | 'BAD_OUTPUT'
  | 'BAD_RESUME'
  | 'NO_ENCODER';

/** What `cli` throws: a stable code, one line of what is wrong, and a hint how to mend it. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: CliErrorCode;
  readonly hint: string | undefined;

  constructor(code: CliErrorCode, message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }
}

/** What every package of this project throws, recognised by its form so that no package need be loaded for it. */
export interface CodedError extends Error {
  code: string;
  hint: string | undefined;
}

/** Codes, of any package, that mean that the command was not called rightly. All others mean that it failed. */
const WRONG_USE: ReadonlySet<string> = new Set([
  'WRONG_USE',
  'UNKNOWN_MODEL',
  'BAD_OPTION',
  'BAD_CLASSES',
  'BAD_RECIPE',
  'BAD_SWEEP',
  'RUN_EXISTS',
  'BAD_RESUME',
  'BAD_CONFIG',
]);

const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'no permission',
  EPERM: 'not permitted',
  EISDIR: 'is a folder, not a file',
  ENOTDIR: 'a part of the path is not a folder',
  EEXIST: 'exists already',
  ENOSPC: 'no space left on the disk',
  EMFILE: 'too many open files',
  EROFS: 'the disk is read-only',
};

/** What is told of an error: its exit code, and one line, or none where nothing is wrong (help was asked for). */
export interface Verdict {
  exitCode: number;
  line: string | undefined;
}

export function isCodedError(error: unknown): error is CodedError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && 'hint' in error;
}

/**
 * Translates whatever a command threw.
 * The parser's own errors come here only after it has shown a help or the version, which tells all.
 * @returns exit code 0 where help or version was asked for, 2 for wrong use, 130 for Ctrl-C, 1 for all else.
 */
export function judge(error: unknown): Verdict {
  if (error instanceof CommanderError)
    return { exitCode: error.exitCode === 0 ? EXIT_OK : EXIT_WRONG_USE, line: undefined };
  if (error instanceof Error && error.name === 'AbortError') {
    const hint = 'hint' in error && typeof error.hint === 'string' ? error.hint : undefined;
    return { exitCode: EXIT_INTERRUPTED, line: describe({ message: 'stopped', hint }) };
  }
  if (isCodedError(error)) {
    return { exitCode: WRONG_USE.has(error.code) ? EXIT_WRONG_USE : EXIT_FAILURE, line: describe(error) };
  }
  const system = describeSystemError(error);
  if (system !== undefined) return { exitCode: EXIT_FAILURE, line: system };
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { exitCode: EXIT_FAILURE, line: oneLine(`unexpected ${message}. Run with --debug for the stack`) };
}

/** "what. hint" in one line. */
export function describe(error: { message: string; hint?: string | undefined }): string {
  const what = oneLine(error.message).replace(/[.\s]+$/, '');
  return error.hint === undefined ? what : `${what}. ${capitalise(oneLine(error.hint))}`;
}

/** The `message` of an error of the system, such as ENOENT, in words; undefined for any other error. */
export function describeSystemError(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  const words = SYSTEM_ERRORS[error.code];
  if (words === undefined) return undefined;
  const path = 'path' in error && typeof error.path === 'string' ? `${error.path}: ` : '';
  return `${path}${words}`;
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').trim();
}

/** Only a plain word: a quoted name or a path keeps its letters. */
function capitalise(text: string): string {
  return /^[a-z]+[ ,]/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}
