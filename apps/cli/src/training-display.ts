import type { EpochMetrics } from '@mememoji/train/checkpoint';
import type { TrainingProgress } from '@mememoji/train/trainer';
import type { Context } from './context.ts';

/** Shows on standard error how a training goes. */
export interface TrainingDisplay {
  /** Where a run begins with the weights of a model; see `TrainOptions.onStart`. */
  start: (variables: number, drawn: readonly string[]) => void;
  /** While teachers are asked. */
  teaching: (done: number, total: number) => void;
  progress: (progress: TrainingProgress) => void;
  epoch: (metrics: EpochMetrics, epochs: number) => void;
  stop: () => void;
}

/** A bar for each epoch on a terminal; elsewhere one line per epoch. */
export async function createTrainingDisplay({ stderr }: Pick<Context, 'stderr'>): Promise<TrainingDisplay> {
  const start = (variables: number, drawn: readonly string[]) => stderr.write(`${describeStart(variables, drawn)}\n`);
  if (!stderr.isTTY) {
    return {
      start,
      teaching: (done, total) => {
        if (done === total) stderr.write(`asked the teachers about ${total} pictures\n`);
      },
      progress: () => undefined,
      epoch: (metrics, epochs) => stderr.write(`${describeEpoch(metrics, epochs)}\n`),
      stop: () => undefined,
    };
  }
  const { SingleBar } = await import('cli-progress');
  const format = 'epoch {epoch}/{epochs} {bar} {value}/{total}  loss {loss}  {speed} images/s  {left} left';
  const bar = new SingleBar({ stream: stderr, format, clearOnComplete: true, gracefulExit: false, linewrap: true });
  let running = false;
  const stop = (): void => {
    if (running) bar.stop();
    running = false;
  };
  return {
    start,
    teaching: (done, total) => {
      stderr.write(`\rasking the teachers: ${Math.floor((100 * done) / total)}%${done === total ? '\n' : ''}`);
    },
    progress: (progress) => {
      const payload = barPayload(progress);
      if (!running) bar.start(progress.batches, progress.batch, payload);
      running = true;
      bar.update(progress.batch, payload);
    },
    epoch: (metrics, epochs) => {
      stop();
      stderr.write(`${describeEpoch(metrics, epochs)}\n`);
    },
    stop,
  };
}

/** Drawn variables that are named. */
const MOST_NAMED = 4;

function describeStart(variables: number, drawn: readonly string[]): string {
  const told = `begins with ${variables - drawn.length} of its ${variables} variables from the model`;
  if (drawn.length === 0) return told;
  const more = drawn.length > MOST_NAMED ? `, and ${drawn.length - MOST_NAMED} more` : '';
  return `${told}; drawn: ${drawn.slice(0, MOST_NAMED).join(', ')}${more}`;
}

function barPayload({
  epoch,
  epochs,
  loss,
  imagesPerSecond,
  secondsLeft,
}: TrainingProgress): Record<string, string | number> {
  return { epoch, epochs, loss: loss.toFixed(3), speed: imagesPerSecond.toFixed(0), left: formatSeconds(secondsLeft) };
}

function describeEpoch(
  { epoch, loss, validationAccuracy, validationLoss, imagesPerSecond, seconds }: EpochMetrics,
  epochs: number,
): string {
  const accuracy = `${(100 * validationAccuracy).toFixed(2)}%`;
  return `epoch ${epoch}/${epochs}: loss ${loss.toFixed(4)}, validation ${accuracy} (loss ${validationLoss.toFixed(4)}), ${imagesPerSecond.toFixed(0)} images/s, ${formatSeconds(seconds)}`;
}

/** 3:07, or 2:03:07. */
export function formatSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, i) => (i === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}
