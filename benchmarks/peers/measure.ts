/** What is measured of each library, the same in Node and in the browser. */
import type { Side } from './side.ts';

/** Milliseconds, medians. */
export interface Times {
  /** One picture from decoded pixels to expressions. */
  analyze: number;
  /** Faces that were found in it. */
  faces: number;
  /** The expression net alone, for one face, by the size of the batch. */
  perFace: Record<string, number>;
}

export const BATCHES = [1, 32] as const;

const WARMUP = 5;

/**
 * @param runs calls that are measured, fewer for large batches; a few come before
 * @param now clock in milliseconds
 */
export async function measureSide<Picture>(
  side: Side<Picture>,
  picture: Picture,
  runs: number,
  now: () => number,
): Promise<Times> {
  const faces = (await side.analyze(picture)).length;
  const analyze = await medianTime(() => side.analyze(picture), runs, now);
  const perFace: Record<string, number> = {};
  for (const batch of BATCHES) {
    await side.prepare(batch);
    perFace[batch] = (await medianTime(() => side.classify(), Math.ceil(runs / Math.sqrt(batch)), now)) / batch;
  }
  return { analyze, faces, perFace };
}

async function medianTime(call: () => Promise<unknown>, runs: number, now: () => number): Promise<number> {
  for (let i = 0; i < WARMUP; i++) await call();
  const times: number[] = [];
  for (let i = 0; i < runs; i++) {
    const start = now();
    await call();
    times.push(now() - start);
  }
  return median(times);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
