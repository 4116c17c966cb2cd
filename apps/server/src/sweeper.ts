import type { ImageStore } from './store/kept-images.ts';
import { type Swept, sweep } from './store/retention.ts';

export interface SweeperOptions {
  /** Milliseconds between two sweeps; the first is at once. */
  every: number;
  recordDays: number;
  /** Told when something was deleted. */
  onSwept: (swept: Swept) => void;
  onError: (error: unknown) => void;
  clock?: () => Date;
}

/** Deletes on a timer what is over. @returns call it to stop; it waits for a sweep that is under way */
export function startSweeper(images: ImageStore, options: SweeperOptions): () => Promise<void> {
  const { every, recordDays, onSwept, onError, clock = () => new Date() } = options;
  let sweeping: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    const swept = await sweep(images, { now: clock(), recordDays });
    if (swept.images + swept.predictions > 0) onSwept(swept);
  };
  const tick = (): void => {
    sweeping ??= run()
      .catch(onError)
      .finally(() => {
        sweeping = undefined;
      });
  };
  tick();
  const timer = setInterval(tick, every);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await sweeping;
  };
}
