import type { Expression } from '@mememoji/vision/expression';

/** One thing that the person is asked to do before the camera. */
export interface Task {
  expression: Expression;
  /** 0 is learned from, 1 is only checked with. */
  round: 0 | 1;
  /** Faces that are wanted. */
  frames: number;
}

/** Time to read what to do and to do it, in milliseconds. */
export const PREPARE = 1800;
/** At least between two faces, so that they differ; and at most for a task, whether there was a face or not. */
export const INTERVAL = 90;
export const LONGEST = 20_000;

const FRAMES = [20, 10] as const;

/** Every expression once to learn from, then every one again to check with: minutes apart, not neighbouring frames. */
export function planTasks(labels: readonly Expression[]): Task[] {
  return ([0, 1] as const).flatMap((round) =>
    labels.map((expression) => ({ expression, round, frames: FRAMES[round] })),
  );
}

/** How strongly the model holds on to what it knew; measured in docs/teach.md. */
export const MEMORY_WEIGHTS = { careful: 40, bold: 3 } as const;

export type Care = keyof typeof MEMORY_WEIGHTS;
