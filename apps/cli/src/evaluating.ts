/** What the commands that show a data set to models have in common. */
import { parseSplit, type Split } from '@mememoji/train/dataset';
import { VIEWS } from '@mememoji/train/views';
import { InvalidArgumentError, Option } from 'commander';
import type { Context } from './context.ts';
import { createProgress } from './progress.ts';

/** Parser of `--split`. */
export function splitName(text: string): Split {
  const found = parseSplit(text);
  if (found !== undefined) return found;
  throw new InvalidArgumentError('It must be Training, PublicTest or PrivateTest.');
}

/** `--view`, what a model is shown of each picture. */
export function viewOption(): Option {
  const text = 'what the model is shown of each picture: its middle, that and its mirror image, or ten crops';
  return new Option('--view <view>', text).choices(VIEWS).default('single');
}

/** Does `work` with a bar on a terminal; `total` counts inputs of the net. */
export async function withProgress<T>(
  context: Context,
  total: number,
  work: (onProgress: (done: number) => void) => Promise<T>,
): Promise<T> {
  const progress = await createProgress(context, total, false);
  let shown = 0;
  const onProgress = (done: number): void => {
    progress.advance(done - shown);
    shown = done;
  };
  return work(onProgress).finally(progress.stop);
}
