import type { Context } from './context.ts';

/** The first Ctrl-C or SIGTERM; a second Ctrl-C ends the process at once. */
export function untilStopped({ interrupt }: Pick<Context, 'interrupt'>): Promise<void> {
  const signal = interrupt.signal();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
    process.once('SIGTERM', () => resolve());
  });
}
