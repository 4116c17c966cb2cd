import type { TextKey, Translate } from './i18n/language.ts';
import { ServerFault } from './server/server-fault.ts';

/** What the app itself finds wrong, by the text that tells of it. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly key: TextKey;

  constructor(key: TextKey, options?: ErrorOptions) {
    super(key, options);
    this.key = key;
  }
}

/** The codes of the libraries below that a person can cause, and their texts. */
const TEXTS: Readonly<Record<string, TextKey>> = {
  NOT_AN_IMAGE: 'error.notAnImage',
  BROKEN_IMAGE: 'error.notAnImage',
  EMPTY_FILE: 'error.notAnImage',
  IMAGE_TOO_LARGE: 'error.tooLarge',
  MODEL_NOT_FOUND: 'error.models',
  BAD_MODEL: 'error.models',
};

/** An error in a sentence of the person's language; what the app did not foresee is told as the library says it. */
export function explainError(error: unknown, t: Translate): string {
  if (error instanceof AppError) return t(error.key);
  if (error instanceof ServerFault) return t('error.server', { message: error.message });
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const known = TEXTS[code];
  if (known !== undefined) return t(known);
  return t('error.other', { message: error instanceof Error ? error.message : String(error) });
}
