import { MememojiError } from './error.ts';

/** What the system said of a file that could not be opened or read, as `FILE_NOT_FOUND` or `UNREADABLE_FILE`. */
export function fileError(cause: unknown, path: string): MememojiError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new MememojiError('FILE_NOT_FOUND', `${path} does not exist`, 'check the path', { cause });
  }
  return new MememojiError('UNREADABLE_FILE', `${path} cannot be read (${code})`, 'check its permissions', { cause });
}
