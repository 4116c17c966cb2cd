import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { EpochMetrics } from './checkpoint.ts';
import type { Dataset } from './dataset.ts';
import { TrainError } from './error.ts';
import { writeWhole } from './files.ts';
import { writeJson } from './run-folder.ts';
import type { Sweep } from './sweep-file.ts';
import { rungs, survivors } from './sweep-halving.ts';
import {
  rankResults,
  readResult,
  sweepCsv,
  type TrialFailure,
  type TrialResult,
  trialFolder,
} from './sweep-results.ts';
import { expandTrials, type Trial } from './sweep-trials.ts';
import { type TrainingProgress, type TrainOptions, train } from './trainer.ts';

/** How a single trial is trained. */
export interface TrialOptions extends Pick<TrainOptions, 'createSession' | 'signal' | 'checkpointSeconds'> {
  onProgress?: (progress: TrainingProgress) => void;
  onEpoch?: (metrics: EpochMetrics, epochs: number) => void;
}

/**
 * Brings trials to the end of an epoch, or to their own end, in whatever order and wherever; gives each when that is done. What
 * came out lies in their folders.
 */
export type TrialRunner = (trials: readonly Trial[], until: number) => AsyncIterable<Trial>;

export interface SweepOptions extends TrialOptions {
  /** Gets `sweep.json`, `sweep.csv`, `sweep.svg`, `sweep.png` and a run folder for each trial. */
  folder: string;
  /** Go on with the folder's sweep; without it a folder with one is refused. */
  resume?: boolean;
  /** Told before a trial is trained, and to the end of which epoch. */
  onBegin?: (trial: Trial, until: number) => void;
  /** Trains the trials elsewhere; left out, they are trained here, one after the other. */
  runTrials?: TrialRunner;
}

export interface SweepReport {
  status: 'finished' | 'interrupted';
  name: string;
  /** Best first. */
  trials: TrialResult[];
}

/**
 * Trains every trial of a sweep, here one after the other, or wherever `runTrials` does it. What is known of a trial lies in its run folder alone, so that a sweep that
 * was stopped in any way goes on where it was, and chooses among its trials as if it had not been stopped. A trial that fails
 * (its loss diverges, its combination makes no net) is noted and the others go on; one that failed for a reason that is no fault
 * of its recipe is tried again when the sweep is resumed.
 * @throws TrainError `BAD_SWEEP`, `RUN_EXISTS`, `BAD_CHECKPOINT`, and what the system throws, such as a full disk
 */
export async function runSweep(sweep: Sweep, dataset: Dataset, options: SweepOptions): Promise<SweepReport> {
  const trials = expandTrials(sweep);
  await claimFolder(sweep, dataset, options);
  return new SweepRun(trials, dataset, options).run(sweep);
}

/** Notes what the sweep is, or sees that it is the one that the folder was begun with. */
async function claimFolder(sweep: Sweep, dataset: Dataset, { folder, resume = false }: SweepOptions): Promise<void> {
  const path = join(folder, 'sweep.json');
  const plan = { dataHash: dataset.source.sha256, sweep };
  await mkdir(folder, { recursive: true });
  const known = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (known === undefined) return writeJson(path, plan);
  if (!resume) {
    const hint = 'go on with it by --resume, or choose another folder';
    throw new TrainError('RUN_EXISTS', `${folder} holds a sweep already`, hint);
  }
  if (known.trim() === JSON.stringify(plan, null, 2)) return;
  const message = `the sweep in ${folder} was started with another file or other data`;
  throw new TrainError('BAD_CHECKPOINT', message, 'resume with the same, or choose another folder');
}

/** A trial with how it stands. */
interface Entrant {
  trial: Trial;
  result: TrialResult;
}

/** A sweep under way. */
class SweepRun {
  readonly #trials: readonly Trial[];
  readonly #dataset: Dataset;
  readonly #options: SweepOptions;
  readonly #results = new Map<string, TrialResult>();

  constructor(trials: readonly Trial[], dataset: Dataset, options: SweepOptions) {
    this.#trials = trials;
    this.#dataset = dataset;
    this.#options = options;
  }

  async run({ name, halving }: Sweep): Promise<SweepReport> {
    for (const trial of this.#trials) await this.#prepare(trial);
    const finished = await this.#race(halving);
    const trials = rankResults([...this.#results.values()]);
    await this.#writeTable();
    const { sweepPng, sweepSvg } = await import('./plots/sweep.ts');
    const report: SweepReport = { status: finished ? 'finished' : 'interrupted', name, trials };
    await writeWhole(join(this.#options.folder, 'sweep.svg'), [Buffer.from(sweepSvg(report))]);
    await writeWhole(join(this.#options.folder, 'sweep.png'), [await sweepPng(report)]);
    return report;
  }

  async #prepare(trial: Trial): Promise<void> {
    const result = await this.#read(trial);
    if (result.error?.code !== UNEXPECTED) return;
    await rm(trialFolder(this.#options.folder, trial).failure);
    await this.#read(trial);
  }

  async #read(trial: Trial): Promise<TrialResult> {
    const result = await readResult(this.#options.folder, trial, this.#dataset);
    this.#results.set(trial.id, result);
    return result;
  }

  /** Trains all trials as far as they shall go; false if it was told to stop. */
  async #race(halving: Sweep['halving']): Promise<boolean> {
    const longest = Math.max(...this.#trials.map(({ recipe }) => (recipe instanceof TrainError ? 0 : recipe.epochs)));
    const stages = halving === undefined ? [] : rungs(halving, longest);
    let racing = this.#trials;
    for (const stage of [...stages, Number.POSITIVE_INFINITY]) {
      const due = racing.filter((trial) => !(trial.recipe instanceof TrainError) && !this.#hasReached(trial, stage));
      const run = this.#options.runTrials ?? ((trials, until) => this.#runHere(trials, until));
      for await (const trial of run(due, stage)) {
        await this.#read(trial);
        await this.#writeTable();
      }
      if (!racing.every((trial) => this.#hasReached(trial, stage))) return false;
      if (halving !== undefined && Number.isFinite(stage)) racing = this.#choose(racing, stage, halving.factor);
    }
    return true;
  }

  #hasReached({ id }: Trial, epoch: number): boolean {
    return hasReached(this.#results.get(id)!, epoch);
  }

  async *#runHere(trials: readonly Trial[], until: number): AsyncGenerator<Trial> {
    for (const trial of trials) {
      if (this.#options.signal?.aborted) return;
      this.#options.onBegin?.(trial, trial.recipe instanceof TrainError ? 0 : Math.min(until, trial.recipe.epochs));
      await trainTrial(this.#options.folder, trial, this.#dataset, until, this.#options);
      yield trial;
    }
  }

  #choose(racing: readonly Trial[], rung: number, factor: number): Trial[] {
    const entrants = racing.map((trial): Entrant & { history: readonly EpochMetrics[]; finished: boolean } => {
      const result = this.#results.get(trial.id)!;
      return { trial, result, history: result.history, finished: result.status === 'finished' };
    });
    const chosen = survivors(entrants, rung, factor);
    for (const { trial, result } of entrants) {
      const stops = result.status === 'under way' && !chosen.some((each) => each.trial === trial);
      if (stops) this.#results.set(trial.id, { ...result, status: 'stopped' });
    }
    return chosen.map(({ trial }) => trial);
  }

  #writeTable(): Promise<void> {
    return writeWhole(join(this.#options.folder, 'sweep.csv'), [Buffer.from(sweepCsv([...this.#results.values()]))]);
  }
}

/**
 * Trains one trial of a sweep from where it stands to the end of an epoch, or to its own end. A failure that is the trial's own is
 * noted in its folder.
 * @throws TrainError `BAD_CHECKPOINT`, `WORKER_FAILED`, and what the system throws
 */
export async function trainTrial(
  folder: string,
  trial: Trial,
  dataset: Dataset,
  until: number,
  options: TrialOptions,
): Promise<void> {
  if (trial.recipe instanceof TrainError) return;
  const paths = trialFolder(folder, trial);
  try {
    await train(trial.recipe, dataset, { ...stoppingAt(until, options), folder: paths.folder });
  } catch (error) {
    await writeJson(paths.failure, failureOf(error));
  }
}

/** Training is stopped at a rung as Ctrl-C would stop it, with a checkpoint. */
function stoppingAt(until: number, options: TrialOptions): Omit<TrainOptions, 'folder'> {
  const { createSession, signal, checkpointSeconds, onProgress, onEpoch } = options;
  const rung = new AbortController();
  return {
    createSession,
    resume: true,
    signal: signal === undefined ? rung.signal : AbortSignal.any([signal, rung.signal]),
    ...(checkpointSeconds !== undefined && { checkpointSeconds }),
    ...(onProgress && { onProgress }),
    onEpoch: (metrics, epochs) => {
      onEpoch?.(metrics, epochs);
      if (metrics.epoch >= until) rung.abort();
    },
  };
}

/** Whether a trial has come to the end of an epoch, or to its own end. */
export function hasReached({ status, epochs }: TrialResult, epoch: number): boolean {
  return status === 'finished' || status === 'failed' || epochs >= epoch;
}

/** Code of a failure that may not happen again. */
const UNEXPECTED = 'UNEXPECTED';
/** Codes that mean that no trial can go on. */
const FATAL: ReadonlySet<unknown> = new Set(['BAD_CHECKPOINT', 'WORKER_FAILED']);

/** What is noted of a trial's error. @throws the error itself if the sweep cannot go on */
function failureOf(error: unknown): TrialFailure {
  if (!(error instanceof Error) || 'errno' in error) throw error;
  const code = 'code' in error && 'hint' in error ? String(error.code) : UNEXPECTED;
  if (FATAL.has(code)) throw error;
  return { code, message: error.message };
}
