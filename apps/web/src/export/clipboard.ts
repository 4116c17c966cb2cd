import { AppError } from '../app-error.ts';

/** Puts text on the clipboard, also where the browser has no `navigator.clipboard`: on pages that came over plain HTTP. */
export async function copyText(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) {
    await navigator.clipboard.writeText(text).catch((cause: unknown) => {
      throw new AppError('copy.failed', { cause });
    });
  } else if (!copyBySelection(text)) throw new AppError('copy.failed');
}

function copyBySelection(text: string): boolean {
  const field = document.createElement('textarea');
  field.value = text;
  document.body.append(field);
  field.select();
  const copied = document.execCommand('copy');
  field.remove();
  return copied;
}
